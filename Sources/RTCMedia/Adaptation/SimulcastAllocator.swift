public import RTCPrimitives

/// Divides what video may have among the layers of a simulcast.
///
/// From the smallest up each gets its target, as long as there is its minimum; what is left goes to the highest of them, up
/// to its maximum. A layer that was off comes back only with a fifth more than its minimum, so that it does not flicker.
///
/// Where there is too little for the smallest of those that are wanted, a smaller one stands in for it.
///
/// - SeeAlso: libwebrtc `modules/video_coding/utility/simulcast_rate_allocator.cc`; the factor is
///   `StableTargetRateExperiment`'s `video_hysteresis_factor`.
/// - Note: libwebrtc decides on layers by a steadier rate than the target only in an experiment (`WebRTC-StableTargetRate`),
///   which is left out. Its `enabled` is off by default, but not the factor. That a layer stands in is ours: libwebrtc sends
///   the smallest active one with its minimum, whatever there is.
public struct SimulcastAllocator: Hashable, Sendable {
  /// The layers, the smallest first.
  public let layers: [SimulcastFormat]
  /// Which of them are wanted, as by `active` of an `RTCRtpEncodingParameters`; others get nothing.
  public var isWanted: [Bool]
  /// Which layers can be sent at all; only these stand in for one that is wanted.
  public var isTaken: [Bool]
  /// Which of them were sent after the last allocation; `nil` before it.
  private var wereSent: [Bool]?

  private static let hysteresis = 1.2

  /// - Precondition: there is a layer.
  public init(layers: [SimulcastFormat]) {
    precondition(!layers.isEmpty, "one layer at least")
    self.layers = layers
    isWanted = Array(repeating: true, count: layers.count)
    isTaken = isWanted
  }

  /// The bitrate of each layer, zero for one that is not sent.
  ///
  /// The smallest that is sent always has its minimum: to send nothing is not decided here.
  /// - Parameter total: the payload of all layers together.
  public mutating func allocate(_ total: DataRate) -> [DataRate] {
    var rates = Array(repeating: DataRate.zero, count: layers.count)
    let sent = standIn(with: total).map { [$0] } ?? wanted
    guard let lowest = sent.first else {
      wereSent = rates.map { _ in false }
      return rates
    }
    var left = max(total, layers[lowest].minimum)
    var highest = lowest
    for index in sent {
      guard left >= threshold(of: index) || index == lowest else { break }
      rates[index] = min(left, layers[index].target)
      left = left - rates[index]
      highest = index
    }
    rates[highest] = rates[highest] + min(left, max(.zero, layers[highest].maximum - rates[highest]))
    wereSent = rates.map { $0 > .zero }
    return rates
  }

  private var wanted: [Int] { layers.indices.filter { isWanted[$0] } }

  /// The layer that is sent in place of those that are wanted; `nil` where there is enough for one of them.
  private func standIn(with total: DataRate) -> Int? {
    guard let lowest = wanted.first, lowest > 0, total < threshold(of: lowest) else { return nil }
    let smaller = (0..<lowest).filter { isTaken[$0] }
    return smaller.last { total >= threshold(of: $0) } ?? smaller.first
  }

  /// The most that can be used.
  public var highest: DataRate {
    let wanted = wanted
    guard let top = wanted.last else { return .zero }
    return wanted.dropLast().reduce(layers[top].maximum) { $0 + layers[$1].target }
  }

  /// Up to which rate padding fills up what media leaves, so that the estimate can reach what the highest layer takes to be
  /// sent; zero for one layer, unless another stands in for it.
  ///
  /// - SeeAlso: libwebrtc `video/video_send_stream_impl.cc`: `CalculateMaxPadBitrateBps`, without probing while limited by
  ///   the application
  public var padding: DataRate {
    let wanted = wanted
    guard let top = wanted.last, wanted.count > 1 || (top > 0 && wereSent?[top] == false) else { return .zero }
    let needed = min(layers[top].minimum.scaled(by: Self.hysteresis), layers[top].target)
    return wanted.dropLast().reduce(needed) { $0 + layers[$1].target }
  }

  private func threshold(of index: Int) -> DataRate {
    let (layer, minimum) = (layers[index], layers[index].minimum)
    guard let wereSent, !wereSent[index] else { return minimum }
    return min(minimum.scaled(by: Self.hysteresis), layer.target)
  }
}
