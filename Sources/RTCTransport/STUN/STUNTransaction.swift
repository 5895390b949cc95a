import RTCPrimitives
import RTCWire

/// One request over UDP until its response arrives: says when to send it again and when to give up.
///
/// The request is sent by the owner at creation and whenever `handleTimeout` says so. With the default schedule it is
/// sent at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s and fails at 39.5 s.
/// - SeeAlso: RFC 8489 §6.2.1
public struct STUNTransaction: Hashable, Sendable {
  /// How often a request is sent, and how far apart.
  public struct Schedule: Hashable, Sendable {
    /// The first retransmission timeout, doubled after every request (RTO).
    public var initialTimeout: Duration
    /// How many times the request is sent (Rc).
    public var requestCount: Int
    /// After the last request the response is waited for this many initial timeouts (Rm).
    public var finalMultiple: Int

    public init(initialTimeout: Duration = .milliseconds(500), requestCount: Int = 7, finalMultiple: Int = 16) {
      precondition(requestCount > 0, "a request is sent at least once")
      self.initialTimeout = initialTimeout
      self.requestCount = requestCount
      self.finalMultiple = finalMultiple
    }

    /// Over TCP and TLS a request is sent once and waited for as long as over UDP: 39.5 s (RFC 8489 §6.2.2).
    public static let reliable = Schedule(requestCount: 1, finalMultiple: 79)
  }

  /// What the owner does after `handleTimeout`.
  public enum Action: Hashable, Sendable {
    case wait
    /// Send `request` again.
    case retransmit
    case fail
  }

  public let id: TransactionID
  /// The bytes of the request, the same at every transmission.
  public let request: [UInt8]
  /// When the request was sent first.
  public let firstSent: Instant
  /// When it was sent last; a round-trip time is only certain while `requestsSent` is 1.
  public private(set) var lastSent: Instant
  public private(set) var requestsSent = 1
  /// When `handleTimeout` has something to do.
  public private(set) var nextTimeout: Instant

  private let schedule: Schedule
  private var timeout: Duration

  /// A transaction whose request is sent at `now`.
  public init(_ id: TransactionID, request: [UInt8], at now: Instant, schedule: Schedule = Schedule()) {
    self.id = id
    self.request = request
    self.schedule = schedule
    (firstSent, lastSent) = (now, now)
    timeout = schedule.initialTimeout
    nextTimeout = now
    nextTimeout = now + waitingTime
  }

  /// Says what is due at `now`; harmless when called early.
  public mutating func handleTimeout(at now: Instant) -> Action {
    guard now >= nextTimeout else { return .wait }
    guard requestsSent < schedule.requestCount else { return .fail }
    requestsSent += 1
    timeout += timeout
    lastSent = now
    nextTimeout = now + waitingTime
    return .retransmit
  }

  private var waitingTime: Duration {
    requestsSent < schedule.requestCount ? timeout : schedule.initialTimeout * schedule.finalMultiple
  }
}
