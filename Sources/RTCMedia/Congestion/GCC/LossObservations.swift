import RTCPrimitives

/// What was lost lately, in observations of about a quarter of a second.
///
/// - SeeAlso: libwebrtc loss_based_bwe_v2.cc, whose constants these are
struct LossObservations: Sendable {
  struct Observation: Hashable, Sendable {
    var kilobytes: Double
    var lostKilobytes: Double
    /// In bit/s.
    var sendRate: Double

    var receivedKilobytes: Double { kilobytes - lostKilobytes }
    var loss: Double { kilobytes > 0 ? lostKilobytes / kilobytes : 0 }
  }

  /// Newest first.
  private(set) var all: [Observation] = []
  /// When the last packet of the newest one left, in milliseconds.
  private(set) var newestSent: Double?
  /// The share of bytes lost; a single spike does not count.
  private(set) var averageLoss = 0.0

  private var partial = DataSize.zero
  private var lost: [(number: Int64, size: DataSize)] = []

  /// ObservationDurationLowerBound, milliseconds
  private static let duration = 250.0
  /// ObservationWindowSize
  private static let window = 15
  /// TemporalWeightFactor, InstantUpperBoundTemporalWeightFactor
  static let ageing = 0.9
  /// MinNumObservations; how many it takes to leave out the extremes.
  static let required = 3
  /// MedianSendingRateFactor
  private static let suddenRate = 2.0
  /// Of lost packets that may still come; a peer cannot make it grow.
  private static let lostLimit = 4096

  init() { all.reserveCapacity(Self.window + 1) }

  var isReady: Bool { all.count >= Self.required }

  /// - Returns: whether an observation was completed.
  mutating func insert(_ results: [PacketResult]) -> Bool {
    guard !results.isEmpty else { return false }
    var (first, last) = (Double.infinity, -Double.infinity)
    for result in results {
      let sent = Double(result.packet.sentAt.nanoseconds) / 1e6
      (first, last) = (min(first, sent), max(last, sent))
      partial += result.packet.size
      note(result)
    }
    let begin = newestSent ?? first
    newestSent = begin
    guard last - begin >= Self.duration else { return false }
    newestSent = last
    let lostSize = lost.reduce(DataSize.zero) { $0 + $1.size }
    let kilobytes = Double(partial.bytes) / 1000
    all.insert(
      Observation(
        kilobytes: kilobytes, lostKilobytes: min(Double(lostSize.bytes) / 1000, kilobytes),
        sendRate: Double(partial.bits) * 1000 / (last - begin)), at: 0)
    if all.count > Self.window { all.removeLast() }
    partial = .zero
    lost.removeAll(keepingCapacity: true)
    averageLoss = average()
    return true
  }

  private mutating func note(_ result: PacketResult) {
    let number = result.packet.number
    let known = lost.lastIndex { $0.number == number }
    if result.receivedAt != nil {
      if let known { lost.remove(at: known) }
    } else if known == nil, lost.count < Self.lostLimit {
      lost.append((number, result.packet.size))
    }
  }

  private func average() -> Double {
    var (total, lost, weight) = (0.0, 0.0, 1.0)
    var lowest = (loss: 1.0, total: 0.0, lost: 0.0)
    var highest = (loss: 0.0, total: 0.0, lost: 0.0, sendRate: 0.0)
    for observation in all {
      let (weighted, weightedLost) = (observation.kilobytes * weight, observation.lostKilobytes * weight)
      total += weighted
      lost += weightedLost
      if all.count > Self.required {
        if observation.loss < lowest.loss { lowest = (observation.loss, weighted, weightedLost) }
        if observation.loss > highest.loss {
          highest = (observation.loss, weighted, weightedLost, observation.sendRate)
        }
      }
      weight *= Self.ageing
    }
    guard total > 0 else { return 0 }
    let rest = total - lowest.total - highest.total
    // What suddenly was sent at a much higher rate explains its losses.
    if medianSendRate * Self.suddenRate <= highest.sendRate || rest <= 0 { return lost / total }
    return max(0, lost - lowest.lost - highest.lost) / rest
  }

  private var medianSendRate: Double {
    let rates = all.map(\.sendRate).sorted()
    guard !rates.isEmpty else { return 0 }
    let middle = rates.count / 2
    return rates.count.isMultiple(of: 2) ? (rates[middle - 1] + rates[middle]) / 2 : rates[middle]
  }
}
