import RTCPrimitives

/// The loss-based rate of the draft.
///
/// - SeeAlso: draft-ietf-rmcat-gcc-02 §6
enum LossBasedRate {
  private static let low = 0.02
  private static let high = 0.1
  private static let growth = 1.05

  /// The rate after a report of the share `loss` lost.
  static func next(after rate: DataRate, loss: Double) -> DataRate {
    if loss > high { return rate * (1 - 0.5 * min(loss, 1)) }
    return loss < low ? rate * growth : rate
  }

  /// What TCP would get: the least that loss leaves.
  ///
  /// - Parameter packet: the mean size of a packet.
  /// - SeeAlso: RFC 5348 §3.1, with b = 1 and t_RTO = 4 R
  static func tcpFriendly(loss: Double, roundTripTime: Duration, packet: DataSize) -> DataRate {
    let p = min(loss, 1)
    let time = max(roundTripTime.inSeconds, 0.001)
    guard p > 0 else { return .unlimited }
    let retransmission = 4 * time * 3 * (3 * p / 8).squareRoot() * p * (1 + 32 * p * p)
    return DataRate(saturating: Double(packet.bits) / (time * (2 * p / 3).squareRoot() + retransmission))
  }
}
