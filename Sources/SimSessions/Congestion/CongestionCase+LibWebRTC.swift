import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes

/// What libwebrtc's own tests of its congestion controller expect (`goog_cc_network_control_unittest.cc`), there as here of
/// the target that the controller gives, all headers included.
extension CongestionCase {
  static let libwebrtc = [capacitySteps, probe(kilobits: 3000, atLeast: 2500), probe(kilobits: 500, atLeast: 400)]

  /// A picture that can use whatever the link carries.
  private static let media = FlowPeer.Media(
    video: VP8Settings(width: 640, height: 360, bitrate: .megabitsPerSecond(5)))

  /// What the link is for a while, and what the target is to be at the end of it.
  private struct Step {
    let kilobits: Int64
    let delay: Int
    let seconds: Int
    let around: Int64
    let tolerance: Int64
  }

  /// 500, then 800, then 100 kbit/s, with 100, 100 and 200 ms each way: `UpdatesTargetRateBasedOnLinkCapacity`.
  private static let capacitySteps: CongestionCase = {
    let steps = [
      Step(kilobits: 500, delay: 100, seconds: 25, around: 450, tolerance: 100),
      Step(kilobits: 800, delay: 100, seconds: 20, around: 750, tolerance: 150),
      Step(kilobits: 100, delay: 200, seconds: 50, around: 90, tolerance: 25),
    ]
    var changes: [LinkChange] = []
    var delays: [LinkChange] = []
    var phases: [Phase] = []
    var time = Duration.zero
    for step in steps {
      let (rate, delay) = (DataRate.kilobitsPerSecond(step.kilobits), Duration.milliseconds(step.delay))
      if time > .zero {
        changes.append(LinkChange(at: time, rate: rate, propagationDelay: delay))
        delays.append(LinkChange(at: time, propagationDelay: delay))
      }
      let end = time + .seconds(step.seconds)
      let band =
        DataRate.kilobitsPerSecond(
          step.around - step.tolerance)...DataRate.kilobitsPerSecond(
          step.around + step.tolerance)
      phases.append(
        Phase(
          "\(step.kilobits) kbit/s", from: time, to: end, judgedFrom: end - .seconds(1), bands: Bands(estimate: band)))
      time = end
    }
    let delay = Duration.milliseconds(100)
    return CongestionCase(
      name: "capacity-steps", source: "libwebrtc, UpdatesTargetRateBasedOnLinkCapacity", duration: time,
      forward: Link.Configuration(rate: .kilobitsPerSecond(500), propagationDelay: delay, changes: changes),
      backward: Link.Configuration(propagationDelay: delay, changes: delays),
      flows: [Flow("video1", media, end: time)], phases: phases)
  }()

  /// The first probes find the capacity within a second.
  private static func probe(kilobits: Int64, atLeast least: Int64) -> CongestionCase {
    let delay = Duration.milliseconds(50)
    let band = DataRate.kilobitsPerSecond(least)...DataRate.kilobitsPerSecond(2 * kilobits)
    return CongestionCase(
      name: "first-probe-\(kilobits)", source: "libwebrtc, InitialProbing", duration: .milliseconds(1100),
      forward: Link.Configuration(rate: .kilobitsPerSecond(kilobits), propagationDelay: delay),
      backward: Link.Configuration(propagationDelay: delay),
      flows: [Flow("video1", media, end: .seconds(2))],
      phases: [
        Phase(
          "after 1 s", from: .zero, to: .milliseconds(1100), judgedFrom: .seconds(1), bands: Bands(estimate: band))
      ])
  }
}
