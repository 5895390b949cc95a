public import RTCPrimitives

/// The share of a video stream's rate that repair takes, which its encoder does not get.
///
/// What was retransmitted in the last second is taken from the rate, and at most half of it, as libwebrtc does
/// (`FecControllerDefault::UpdateFecRates`). A sender that protects with FEC keeps a share for that instead while packets have been
/// lost in the last eleven seconds; what is sent twice in its place is no retransmission to be counted again.
public struct RepairReserve: Sendable {
  private static let window = Duration.seconds(1)
  /// libwebrtc's `VCMLossProtectionLogic` takes the largest of ten windows of a second and the one that is not over.
  private static let memory = Duration.seconds(11)
  /// Seconds. Fitted to how the encoders' targets came back in both recordings of `cc_rfc8867_5_1`.
  private static let fading = 1.1
  /// Less counts as none.
  private static let leastLoss = 0.0005
  private static let largestShare = 0.5
  /// Fitted to `cc_metrics.csv` and `cc_rfc8867_5_1.csv`: at 2.5 % loss Chromium kept 36 to 37 % of the rate, at 10 % half. Not fitted
  /// to `cc_loss2_owd25`, which says little of it, because its encoder has all that it can use.
  private static let lossScale = 0.02

  /// Whether FEC is reserved for.
  public let reservesProtection: Bool
  private var retransmitted: [(time: Instant, bytes: Int)] = []
  private var sent: [(time: Instant, bytes: Int)] = []
  private var filteredLoss = 0.0
  private var lastLossNote = Instant.start
  private var losses: [(time: Instant, loss: Double)] = []

  public init(reservesProtection: Bool) { self.reservesProtection = reservesProtection }

  /// Notes what was sent since the last call: all bytes, and those of them that were retransmissions.
  public mutating func note(sent bytes: Int, retransmitted repeated: Int, at now: Instant) {
    sent.append((now, bytes))
    if repeated > 0 { retransmitted.append((now, repeated)) }
    sent.removeAll { now - $0.time > Self.window }
    retransmitted.removeAll { now - $0.time > Self.window }
  }

  /// Notes the share of packets that is lost now.
  public mutating func note(loss: Double, at now: Instant) {
    losses.removeAll { now - $0.time > Self.memory }
    // Only the largest matter, of those from then on.
    while let last = losses.last, last.loss <= loss { losses.removeLast() }
    losses.append((now, loss))
    let kept = filteredLoss * (1 - min(1, (now - lastLossNote).inSeconds / Self.fading))
    filteredLoss = max(losses.first?.loss ?? 0, kept)
    lastLossNote = now
  }

  /// The share of the rate that FEC takes.
  public var protectionShare: Double {
    guard reservesProtection, filteredLoss > Self.leastLoss else { return 0 }
    return Self.largestShare * (1 - exponential(-filteredLoss / Self.lossScale))
  }

  /// The share of the rate that repair takes, FEC and retransmissions.
  public var share: Double {
    let all = sent.reduce(0) { $0 + $1.bytes }
    let repeated = retransmitted.reduce(0) { $0 + $1.bytes }
    let repair = all > 0 && !reservesProtection ? Double(repeated) / Double(all) : 0
    return min(repair + protectionShare, Self.largestShare)
  }
}
