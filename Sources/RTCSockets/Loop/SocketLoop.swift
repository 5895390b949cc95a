import CEpoll
import Glibc
public import RTCPrimitives

/// What wants to be called at certain times by a loop.
public protocol TimedParticipant: AnyObject {
  /// When `handleTimeout` wants to be called; `nil` when nothing is pending. It is asked once in each turn.
  var nextTimeout: Instant? { get }

  /// Does everything that is due.
  func handleTimeout(at now: Instant)
}

/// One thread's sockets, timers and messages from other threads.
///
/// Everything that is given to a loop is called on the thread that runs it, one thing after the other; no core needs a
/// lock. Make the loop on that thread, too.
/// ```swift
/// let loop = try SocketLoop()
/// let connection = try SocketConnection(.init(), on: loop, …)
/// loop.run { !isFinished }
/// ```
public final class SocketLoop {
  /// Why a descriptor is looked at.
  struct Readiness: OptionSet, Sendable {
    let rawValue: UInt32

    static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// Told without being asked for.
    static let failed = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
  }

  /// A descriptor that is watched: its place, and how many stood there before it.
  struct Watch: Hashable, Sendable {
    fileprivate let place: Int
    fileprivate let generation: UInt32
  }

  private struct Place {
    var descriptor: Int32 = -1
    var generation: UInt32 = 0
    var handler: ((Readiness) -> Void)?
  }

  private struct WeakParticipant {
    weak var value: (any TimedParticipant)?
  }

  /// What a UDP datagram cannot exceed.
  private static let largestDatagram = 65_535

  public let clock = SystemClock()
  private let epoll: FileDescriptor
  private let bell: Bell
  private var places: [Place] = []
  private var freePlaces: [Int] = []
  private var participants: [WeakParticipant] = []
  private var mailboxes: [() -> Void] = []
  private var receiveBuffer = [UInt8](repeating: 0, count: largestDatagram)
  private var events = [epoll_event](repeating: epoll_event(), count: 64)

  /// - Throws: `SocketError.system`.
  public init() throws(SocketError) {
    epoll = try FileDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), "epoll_create1")
    bell = try Bell()
    _ = try watch(bell.number, for: .readable) { [unowned self] _ in
      bell.silence()
      for empty in mailboxes { empty() }
    }
  }

  /// Lets `participant` be called in time, for as long as it exists.
  public func add(_ participant: any TimedParticipant) { participants.append(WeakParticipant(value: participant)) }

  /// A way for other threads to reach this one.
  ///
  /// - Parameters:
  ///   - limit: how many messages may wait.
  ///   - handler: is called on the loop's thread.
  public func makeMailbox<Message: Sendable>(
    limit: Int = 1024, handler: @escaping (Message) -> Void
  ) -> Mailbox<Message> {
    let mailbox = Mailbox<Message>(limit: limit, bell: bell)
    mailboxes.append { mailbox.takeAll().forEach(handler) }
    return mailbox
  }

  /// Serves as long as `condition` holds, which is asked after each turn.
  ///
  /// - Parameter patience: the longest time between two questions.
  public func run(asking patience: Duration = .seconds(1), while condition: () -> Bool) {
    while condition() { turn(waitingAtMost: patience) }
  }

  /// Waits for something to happen and handles it: sockets first, then what is due.
  public func turn(waitingAtMost patience: Duration) {
    participants.removeAll { $0.value == nil }
    let now = clock.now
    var due = now + patience
    for participant in participants { if let next = participant.value?.nextTimeout { due = min(due, next) } }
    // Rounded up: waking early would only mean to wait again.
    let milliseconds = max(0, (due - now).nanoseconds + 999_999) / 1_000_000
    let count = epoll_wait(epoll.number, &events, Int32(events.count), Int32(clamping: milliseconds))
    for index in 0..<max(0, Int(count)) { dispatch(events[index]) }
    let later = clock.now
    // What is added meanwhile has its turn in the next one.
    for participant in participants {
      guard let value = participant.value, let next = value.nextTimeout, next <= later else { continue }
      value.handleTimeout(at: later)
    }
  }

  /// Lends `body` room for the largest datagram; one buffer serves all sockets, for they are read one after the other.
  func withReceiveBuffer(_ body: (inout [UInt8]) -> Void) {
    // A local variable, because `body` leads to handlers that come back to the loop.
    var buffer: [UInt8] = []
    swap(&buffer, &receiveBuffer)
    body(&buffer)
    swap(&buffer, &receiveBuffer)
  }

  /// Calls `handler` when a descriptor is ready.
  ///
  /// - Throws: `SocketError.system`.
  func watch(
    _ descriptor: Int32, for readiness: Readiness, handler: @escaping (Readiness) -> Void
  ) throws(SocketError) -> Watch {
    let place = freePlaces.popLast() ?? places.count
    if place == places.count { places.append(Place()) }
    places[place].descriptor = descriptor
    places[place].generation &+= 1
    places[place].handler = handler
    let watch = Watch(place: place, generation: places[place].generation)
    guard control(EPOLL_CTL_ADD, watch, readiness) else {
      let error = SocketError.last("epoll_ctl")
      free(watch)
      throw error
    }
    return watch
  }

  /// Waits for something else from now on.
  func change(_ watch: Watch, to readiness: Readiness) {
    let isChanged = control(EPOLL_CTL_MOD, watch, readiness)
    precondition(isChanged, "a descriptor that is watched can be watched for something else")
  }

  /// Forgets a descriptor, which is still open.
  func end(_ watch: Watch) {
    _ = control(EPOLL_CTL_DEL, watch, [])
    free(watch)
  }

  private func free(_ watch: Watch) {
    places[watch.place].handler = nil
    places[watch.place].descriptor = -1
    freePlaces.append(watch.place)
  }

  private func control(_ operation: Int32, _ watch: Watch, _ readiness: Readiness) -> Bool {
    var event = epoll_event()
    event.events = readiness.rawValue
    event.data.u64 = UInt64(watch.generation) << 32 | UInt64(watch.place)
    return epoll_ctl(epoll.number, operation, places[watch.place].descriptor, &event) == 0
  }

  private func dispatch(_ event: epoll_event) {
    let place = Int(event.data.u64 & 0xFFFF_FFFF)
    // An earlier event of the same turn may have closed it, and another may stand there already.
    guard places[place].generation == UInt32(event.data.u64 >> 32), let handler = places[place].handler else { return }
    handler(Readiness(rawValue: event.events))
  }
}
