import CEpoll
import Glibc

/// Notes that somebody wants the program to stop: Control-C (`SIGINT`) or `SIGTERM`.
///
/// Make it before the program has other threads, for the signals are kept from this one and those that it starts.
public final class StopSignals {
  /// Whether one has come.
  public private(set) var haveCome = false
  private let descriptor: FileDescriptor
  private let loop: SocketLoop
  private var watch: SocketLoop.Watch?

  /// - Throws: `SocketError.system`.
  public init(on loop: SocketLoop) throws(SocketError) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    guard pthread_sigmask(SIG_BLOCK, &signals, nil) == 0 else { throw .last("pthread_sigmask") }
    descriptor = try FileDescriptor(signalfd(-1, &signals, Int32(SFD_NONBLOCK | SFD_CLOEXEC)), "signalfd")
    self.loop = loop
    watch = try loop.watch(descriptor.number, for: .readable) { [unowned self] _ in take() }
  }

  deinit { if let watch { loop.end(watch) } }

  private func take() {
    var signal = signalfd_siginfo()
    haveCome = read(descriptor.number, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 || haveCome
  }
}
