import RTCPrimitives

/// What a source can be forwarded as in one tile, from the least useful to the most useful, each for more than the one before.
///
/// What costs as much as something better is left out: the quarter of the frames of a large picture where a smaller one has all
/// of them for less, and a small picture that takes more than a larger one.
package struct ForwardingSteps: Hashable, Sendable {
  /// One of the streams, and what it takes with all headers.
  package struct Step: Hashable, Sendable {
    package var layer: ForwardedLayer
    package var rate: DataRate
    /// What it is worth to who sees it, in no unit.
    package var utility: Double

    package init(_ layer: ForwardedLayer, _ rate: DataRate, utility: Double) {
      self.layer = layer
      self.rate = rate
      self.utility = utility
    }
  }

  private let all: [Step]
  /// Those that are worth their rate.
  package let useful: [Step]

  /// - Parameter steps: in any order.
  package init(_ steps: [Step]) {
    all = steps
    var useful: [Step] = []
    for step in steps.sorted(by: { ($0.utility, $1.rate) > ($1.utility, $0.rate) }) {
      if let better = useful.last, step.rate >= better.rate { continue }
      useful.append(step)
    }
    self.useful = useful.reversed()
  }

  /// Whether `step` is worth no more than what is forwarded now.
  func isKept(_ step: Step, beside current: ForwardedLayer) -> Bool {
    guard let now = all.first(where: { $0.layer == current }) else { return step.layer <= current }
    return step.utility <= now.utility
  }

  /// What a picture of so many lines is worth with a share of its frames.
  ///
  /// With both on a logarithmic scale, frames count one and a half times as much as pixels: twice the width and height make up
  /// for half of the frames, but not for three quarters of them. The exponent is ours; any between 1 and 2 says so.
  ///
  /// - Note: Jitsi's `BandwidthAllocator`, too, prefers frames up to a point; LiveKit and mediasoup take any larger picture
  ///   for better.
  package static func utility(height: Int, frameShare: Double) -> Double {
    let pixels = Double(height * height)
    return pixels * pixels * frameShare * frameShare * frameShare
  }
}
