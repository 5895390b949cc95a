/// How likely a channel makes the losses that were observed, with a preference for more bandwidth.
///
/// - SeeAlso: libwebrtc loss_based_bwe_v2.cc, whose constants these are
struct LossLikelihood {
  private let observations: [LossObservations.Observation]
  /// Per kbit/s and per its logarithm.
  private let preference: (linear: Double, logarithmic: Double)

  /// HigherBwBiasFactor, HigherLogBwBiasFactor
  private static let linearPreference = 0.0002
  private static let logarithmicPreference = 0.02
  /// LossThresholdOfHighBandwidthPreference, BandwidthPreferenceSmoothingFactor
  private static let preferenceThreshold = 0.2
  private static let preferenceSmoothing = 0.002
  /// InherentLossLowerBound, InherentLossUpperBoundOffset, InherentLossUpperBoundBwBalance (bit/s)
  private static let leastInherentLoss = 0.001
  private static let inherentLossOffset = 0.05
  private static let inherentLossBalance = 100_000.0
  /// NewtonStepSize; one iteration (NewtonIterations)
  private static let step = 0.75

  init(_ observations: LossObservations) {
    self.observations = observations.all
    let distance = Self.preferenceThreshold - observations.averageLoss
    let weight = distance / (Self.preferenceSmoothing + abs(distance))
    preference = (Self.linearPreference * weight, Self.logarithmicPreference * weight)
  }

  /// One step of Newton's method towards the likeliest inherent loss.
  func fitInherentLoss(of channel: inout LossBasedEstimator.Channel) {
    channel.inherentLoss = Self.feasible(channel.inherentLoss, channel.bandwidth)
    var (slope, curvature, weight) = (0.0, 0.0, 1.0)
    for observation in observations {
      let loss = Self.loss(of: channel, at: observation.sendRate)
      let (lost, received) = (observation.lostKilobytes, observation.receivedKilobytes)
      slope += weight * (lost / loss - received / (1 - loss))
      curvature -= weight * (lost / (loss * loss) + received / ((1 - loss) * (1 - loss)))
      weight *= LossObservations.ageing
    }
    if curvature >= 0 { curvature = -1e-6 }
    channel.inherentLoss = Self.feasible(channel.inherentLoss - Self.step * slope / curvature, channel.bandwidth)
  }

  func objective(of channel: LossBasedEstimator.Channel) -> Double {
    let kilobits = channel.bandwidth / 1000
    let bias = preference.linear * kilobits + preference.logarithmic * naturalLogarithm(1 + kilobits)
    var (sum, weight) = (0.0, 1.0)
    for observation in observations {
      let loss = Self.loss(of: channel, at: observation.sendRate)
      sum +=
        weight
        * (observation.lostKilobytes * naturalLogarithm(loss)
          + observation.receivedKilobytes * naturalLogarithm(1 - loss) + bias * observation.kilobytes)
      weight *= LossObservations.ageing
    }
    return sum
  }

  /// What is sent beyond the bandwidth is lost, and the inherent share of the rest.
  private static func loss(of channel: LossBasedEstimator.Channel, at sendRate: Double) -> Double {
    var loss = channel.inherentLoss
    if sendRate > channel.bandwidth { loss += (1 - loss) * (sendRate - channel.bandwidth) / sendRate }
    return max(1e-6, min(loss, 1 - 1e-6))
  }

  /// Much inherent loss is credible only of a slow channel.
  private static func feasible(_ loss: Double, _ bandwidth: Double) -> Double {
    let most = bandwidth > 0 ? min(inherentLossOffset + inherentLossBalance / bandwidth, 1) : 1
    return min(max(loss, leastInherentLoss), most)
  }
}
