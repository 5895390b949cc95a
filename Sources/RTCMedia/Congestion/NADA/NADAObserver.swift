import RTCPrimitives

/// What RFC 8698 lets the receiver compute, here at the sender from transport-wide feedback: delays, losses and the rate.
///
/// - SeeAlso: RFC 8698 §4.2, §5.1, Figure 3
struct NADAObserver: Sendable {
  /// What one update of the rate is based on.
  struct Signal: Hashable, Sendable {
    /// x_curr, the congestion signal, in milliseconds.
    var congestion: Double
    /// Neither loss nor a queue within LOGWIN.
    var isUncongested: Bool
    var receiveRate: DataRate?
    /// p_loss
    var loss: Double
  }

  private var received = ReceiveRate()
  private var history = LossHistory()
  /// d_base
  private var baseDelay: Double?
  /// The last delays, for the minimum filter.
  private var delays: [Double] = []
  private var next = 0
  private var lastDelay: Double?
  private var loss = 0.0
  private var results: [Outcome] = []
  private var congestedAt: Instant?
  /// When a packet was lost or d_queue was not small last.
  private var queuedAt: Instant?

  private struct Outcome {
    var heardAt: Instant
    var isLost: Bool
  }

  /// LOGWIN
  private static let window = Duration.milliseconds(500)
  /// QEPS, QTH, DLOSS: milliseconds
  private static let queueEpsilon = 10.0
  private static let warpThreshold = 50.0
  private static let lossPenalty = 10.0
  /// NADA_PARAM_XMAX of the authors' ns3-rmcat, as long as TAU: the RFC sets no bound, and without one the end of a burst of
  /// losses multiplies the rate by 10.
  private static let strongestSignal = 500.0
  /// LAMBDA
  private static let warp = 0.5
  /// PLRREF
  private static let referenceLoss = 0.01
  /// ALPHA
  private static let smoothing = 0.1
  /// §5.1.1: the minimum of 15 samples
  private static let taps = 15
  /// The receiver's clock jumped: ours, as libwebrtc's kArrivalTimeOffsetThreshold.
  private static let clockJump = 3000.0
  private static let resultLimit = 8192

  init() {}

  mutating func insert(_ result: PacketResult, roundTripTime: Duration, at now: Instant) {
    results.append(Outcome(heardAt: now, isLost: result.receivedAt == nil))
    history.insert(lost: result.receivedAt == nil, sentAt: result.packet.sentAt, roundTripTime: roundTripTime)
    guard let receivedAt = result.receivedAt else {
      (congestedAt, queuedAt) = (now, now)
      return
    }
    let arrival = receivedAt.safeMilliseconds
    received.insert(result.packet.size, at: arrival)
    let delay = arrival - Double(result.packet.sentAt.nanoseconds) / 1e6
    if let lastDelay, abs(delay - lastDelay) > Self.clockJump {
      baseDelay = nil
      delays.removeAll(keepingCapacity: true)
      next = 0
    }
    lastDelay = delay
    let base = min(baseDelay ?? delay, delay)
    baseDelay = base
    if delays.count < Self.taps {
      delays.append(delay)
    } else {
      delays[next] = delay
      next = (next + 1) % Self.taps
    }
    // Every sample, not their minimum.
    if delay - base >= Self.queueEpsilon { congestedAt = now }
    if queueDelay >= Self.queueEpsilon { queuedAt = now }
  }

  /// d_queue
  private var queueDelay: Double { max(0, (delays.min() ?? 0) - (baseDelay ?? 0)) }

  /// Once every DELTA.
  mutating func signal(at now: Instant) -> Signal {
    if results.count > Self.resultLimit { results.removeFirst(results.count - Self.resultLimit) }
    results.removeAll { now - $0.heardAt > Self.window }
    let lost = results.count { $0.isLost }
    let instant = results.isEmpty ? 0 : Double(lost) / Double(results.count)
    loss += Self.smoothing * (instant - loss)
    // Ours: flows that go by losses do not let a queue drain. One that stays empty was this flow's own, and going by losses
    // it would fill it again and lose again, for ever.
    if isOver(queuedAt, at: now) { history = LossHistory() }
    let ratio = loss / Self.referenceLoss
    return Signal(
      congestion: min(warpedDelay + Self.lossPenalty * ratio * ratio, Self.strongestSignal),
      isUncongested: isOver(congestedAt, at: now), receiveRate: received.rate, loss: loss)
  }

  private func isOver(_ time: Instant?, at now: Instant) -> Bool { time.map { now - $0 > Self.window } ?? true }

  /// Beside flows that fill queues a long delay counts less, as soon as there are losses to go by.
  private var warpedDelay: Double {
    let delay = queueDelay
    guard delay > Self.warpThreshold, history.isRecent else { return delay }
    return Self.warpThreshold * exponential(-Self.warp * (delay - Self.warpThreshold) / Self.warpThreshold)
  }
}
