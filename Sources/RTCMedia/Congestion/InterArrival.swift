import RTCPrimitives

/// Groups packets that left together, and tells how much further apart groups arrived than they left.
///
/// Times are milliseconds, each on its own clock.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §5.2; libwebrtc inter_arrival_delta.cc
struct InterArrival: Hashable, Sendable {
  /// Between two groups that are complete.
  struct Delta: Hashable, Sendable {
    var send: Double
    var arrival: Double
    /// Bytes of the later less bytes of the earlier group.
    var size: Int
  }

  private struct Group: Hashable {
    var firstSend: Double
    var lastSend: Double
    var firstArrival: Double
    var lastArrival: Double
    var heardAt: Instant
    var bytes = 0
  }

  private var current: Group?
  private var previous: Group?
  private var backwards = 0

  /// draft Table 1, burst_time; libwebrtc kSendTimeGroupLength
  private static let groupLength = 5.0
  /// Packets that come on each other's heels although they left apart were held up together: libwebrtc
  /// kBurstDeltaThreshold and kMaxBurstDuration.
  private static let burstGap = 5.0
  private static let longestBurst = 100.0
  /// The receiver's clock jumped: libwebrtc kArrivalTimeOffsetThreshold.
  private static let clockJump = 3000.0
  /// libwebrtc kReorderedResetThreshold
  private static let backwardsLimit = 3

  init() {}

  /// - Parameter heardAt: when the feedback came, which shows a jump of the receiver's clock.
  /// - Returns: the distance of the two groups before this packet, when it begins a new one.
  mutating func insert(send: Double, arrival: Double, bytes: Int, heardAt: Instant) -> Delta? {
    guard var group = current else {
      current = Group(
        firstSend: send, lastSend: send, firstArrival: arrival, lastArrival: arrival, heardAt: heardAt, bytes: bytes)
      return nil
    }
    // One that was overtaken says nothing of the queue.
    guard send >= group.firstSend else { return nil }
    guard startsGroup(send, arrival, after: group) else {
      group.lastSend = max(group.lastSend, send)
      group.lastArrival = arrival
      group.heardAt = heardAt
      group.bytes += bytes
      current = group
      return nil
    }
    var delta: Delta?
    if let previous {
      delta = distance(from: previous, to: group)
      guard delta != nil else { return nil }
    }
    previous = group
    current = Group(
      firstSend: send, lastSend: send, firstArrival: arrival, lastArrival: arrival, heardAt: heardAt, bytes: bytes)
    return delta
  }

  /// `nil`, and all forgotten where need be, when the receiver's clock went back or jumped.
  private mutating func distance(from earlier: Group, to later: Group) -> Delta? {
    let arrival = later.lastArrival - earlier.lastArrival
    guard arrival - (later.heardAt - earlier.heardAt).safeMilliseconds < Self.clockJump else {
      self = InterArrival()
      return nil
    }
    guard arrival >= 0 else {
      backwards += 1
      if backwards >= Self.backwardsLimit { self = InterArrival() }
      return nil
    }
    backwards = 0
    return Delta(send: later.lastSend - earlier.lastSend, arrival: arrival, size: later.bytes - earlier.bytes)
  }

  private func startsGroup(_ send: Double, _ arrival: Double, after group: Group) -> Bool {
    let sendGap = send - group.lastSend
    let arrivalGap = arrival - group.lastArrival
    if sendGap == 0 { return false }
    let caughtUp = arrivalGap < sendGap && arrivalGap <= Self.burstGap
    if caughtUp && arrival - group.firstArrival < Self.longestBurst { return false }
    return send - group.firstSend > Self.groupLength
  }
}
