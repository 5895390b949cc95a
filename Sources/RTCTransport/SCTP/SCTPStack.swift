import CUsrsctp
import Glibc
import RTCPrimitives

/// The SCTP of one host: its own copy of usrsctp, loaded with the first association, and the timers that all share.
///
/// Belongs to one isolation domain; hosts, runs and threads never share one. With a simulation's `SCTPHost` the same
/// seed gives the same packets, whatever happens on other hosts.
///
/// usrsctp does not say when its next timer is due; it is told how much time has passed. As long as an association may
/// have a timer running (see `UsrsctpAssociation.nextTimeout`) it is told every 10 ms; otherwise not at all.
public final class SCTPStack {
  /// How often usrsctp's timers are looked after while one may run: what the library's own timer thread does.
  static let tick = Duration.milliseconds(10)
  /// The most that the timers are told at once. After more there was nothing to time, or the process did not run; the
  /// acknowledgements of that time wait to be read then, and what they are about is not late.
  static let longestStep = Duration.milliseconds(100)

  /// The private copy; `nil` before the first association.
  private(set) var library: SCTPLibrary?
  private let host: SCTPHost
  private var dice: UInt64
  /// Up to when the timers have run.
  private var tickedAt = Instant.start
  /// Where messages are read into, part by part.
  let readingSpace = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
  /// By address; usrsctp calls back with the address.
  private var sockets: [Unmanaged<UsrsctpSocket>?] = []

  /// - Parameter name: names the dice of this host's SCTP; unique in the simulation.
  public init(host: SCTPHost = .system, name: String) {
    self.host = host
    var generator = SeededGenerator(seed: host.seed, stream: "sctp/\(name)")
    dice = generator.next()
  }

  deinit {
    defer { readingSpace.deallocate() }
    guard let library else { return }
    // What was closed is freed by timers; the thread of the copy must have ended before its code goes.
    perform(at: tickedAt) {
      for _ in 0..<1000 where library.functions.finish() != 0 { library.functions.handle_timers(10) }
    }
  }

  /// When the timers are to run next, if any may be due.
  var nextTick: Instant { tickedAt + Self.tick }

  /// Loads the library when it is not there, and gives a socket an address: small numbers, because addresses travel in
  /// cookies.
  ///
  /// - Throws: `SCTPError.library`.
  func register(_ socket: UsrsctpSocket, at now: Instant) throws(SCTPError) -> Int {
    if library == nil {
      let library = try SCTPLibrary()
      self.library = library
      tickedAt = now
      perform(at: now) { Self.setUp(library.functions) }
    }
    sockets.append(.passUnretained(socket))
    return sockets.count
  }

  func deregister(_ address: Int) { sockets[address - 1] = nil }

  /// Lets all timers run that are due, in steps of whole ticks.
  func advance(to now: Instant) {
    let ticks = (now - tickedAt).nanoseconds / Self.tick.nanoseconds
    guard ticks > 0, let library else { return }
    tickedAt += .nanoseconds(ticks * Self.tick.nanoseconds)
    let step = min(.nanoseconds(ticks * Self.tick.nanoseconds), Self.longestStep)
    perform(at: now) { library.functions.handle_timers(UInt32(step.milliseconds)) }
  }

  /// Runs `body`, which calls usrsctp, with the clock at `now`.
  func perform<Result>(at now: Instant, _ body: () -> Result) -> Result {
    host.enter(now, dice)
    let previous = pthread_getspecific(Self.current)
    pthread_setspecific(Self.current, Unmanaged.passUnretained(self).toOpaque())
    defer {
      pthread_setspecific(Self.current, previous)
      dice = host.leave()
    }
    return body()
  }

  /// Where a thread notes which stack it is in: usrsctp's output function is given an address and nothing else.
  private static let current: pthread_key_t = {
    var key = pthread_key_t()
    precondition(pthread_key_create(&key, nil) == 0, "a process has room for one more key")
    return key
  }()

  private func send(_ packet: UnsafeRawBufferPointer, from address: Int) {
    guard sockets.indices.contains(address - 1), let socket = sockets[address - 1] else { return }
    socket.takeUnretainedValue().transmit(packet)
  }

  private static func setUp(_ functions: rtcsim_usrsctp) {
    functions.init_nothreads(
      0,
      { address, bytes, count, _, _ in
        guard let stack = pthread_getspecific(SCTPStack.current), let bytes else { return -1 }
        Unmanaged<SCTPStack>.fromOpaque(stack).takeUnretainedValue()
          .send(UnsafeRawBufferPointer(start: bytes, count: count), from: Int(bitPattern: address))
        return 0
      }, nil)
    // The path is one DTLS connection: no congestion marks, no other addresses, no keys (RFC 8831 §5, RFC 8261 §6.1).
    _ = functions.sysctl_set_sctp_ecn_enable(0)
    _ = functions.sysctl_set_sctp_asconf_enable(0)
    _ = functions.sysctl_set_sctp_auto_asconf(0)
    _ = functions.sysctl_set_sctp_auth_enable(0)
    _ = functions.sysctl_set_sctp_nrsack_enable(0)
    _ = functions.sysctl_set_sctp_pktdrop_enable(0)
    // What belongs to no association is not answered.
    _ = functions.sysctl_set_sctp_blackhole(2)
    _ = functions.sysctl_set_sctp_sendspace(UInt32(UsrsctpSocket.sendSpace))
    _ = functions.sysctl_set_sctp_recvspace(UInt32(UsrsctpSocket.receiveSpace))
    _ = functions.sysctl_set_sctp_max_chunks_on_queue(8192)
    // libwebrtc's (dcsctp_options.h and its transport): 500 ms, 400 ms, back off to 3 s, never give up; ICE does that.
    _ = functions.sysctl_set_sctp_rto_initial_default(500)
    // RTO.Min of RFC 9260 §16. libwebrtc's 400 ms let usrsctp's timer, which acknowledgements do not always restart, run out in
    // the middle of slow start on paths without jitter.
    _ = functions.sysctl_set_sctp_rto_min_default(1000)
    _ = functions.sysctl_set_sctp_rto_max_default(3000)
    _ = functions.sysctl_set_sctp_init_rto_max_default(3000)
    _ = functions.sysctl_set_sctp_init_rtx_max_default(65_535)
    _ = functions.sysctl_set_sctp_assoc_rtx_max_default(65_535)
    _ = functions.sysctl_set_sctp_path_rtx_max_default(65_535)
    _ = functions.sysctl_set_sctp_delayed_sack_time_default(UInt32(UsrsctpSocket.delayedAcknowledgement.milliseconds))
    _ = functions.sysctl_set_sctp_initial_cwnd(10)
    // A limit of bursts that cuts the congestion window to what is on its way and the burst, as is usrsctp's default, lets
    // the window sink without any loss. Packets are counted instead, as many as the initial window has.
    _ = functions.sysctl_set_sctp_use_cwnd_based_maxburst(0)
    _ = functions.sysctl_set_sctp_max_burst_default(10)
    // In fast recovery usrsctp takes whatever is still missing for lost again with every third SACK. Two retransmissions
    // (one more than this) for each SACK, which stands for two packets that have left, send no more than the path takes.
    _ = functions.sysctl_set_sctp_fr_max_burst_default(1)
  }
}
