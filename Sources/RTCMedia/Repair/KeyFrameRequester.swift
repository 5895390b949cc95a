public import RTCPrimitives

/// Asks for a key frame, and again when none has come, but not more often than the sender can answer.
///
/// A forwarding unit keeps one per incoming stream, so that the requests of many receivers become one.
///
/// - SeeAlso: RFC 4585 §6.3.1 (Picture Loss Indication)
public struct KeyFrameRequester: Sendable {
  /// The shortest time between two requests.
  public let interval: Duration
  /// Whether a key frame was asked for and has not arrived.
  public private(set) var isWaiting = false
  /// Requests that were allowed.
  public private(set) var requestCount = 0
  private var lastRequest: Instant?

  public init(interval: Duration = .milliseconds(300)) { self.interval = interval }

  /// Notes that a key frame is needed.
  ///
  /// - Returns: whether to send a request now.
  public mutating func request(at now: Instant) -> Bool {
    isWaiting = true
    if let lastRequest, now - lastRequest < interval { return false }
    lastRequest = now
    requestCount += 1
    return true
  }

  /// Ends the waiting.
  public mutating func keyFrameArrived() { isWaiting = false }

  /// When to ask again; `nil` while nothing is awaited.
  public var nextTimeout: Instant? {
    guard isWaiting else { return nil }
    return lastRequest.map { $0 + interval }
  }

  /// - Returns: whether to send the request again now; false when called early.
  public mutating func handleTimeout(at now: Instant) -> Bool {
    guard let nextTimeout, nextTimeout <= now else { return false }
    return request(at: now)
  }
}
