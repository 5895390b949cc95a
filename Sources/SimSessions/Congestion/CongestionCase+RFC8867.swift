import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes

/// The wired cases of RFC 8867 that have media alone; the bands are ours, because the RFC names no numbers.
///
/// From ten seconds after each step the link is used to 70 to 100 %, and in 5.4 the flows share it with an index of 0.8.
extension CongestionCase {
  static let rfc8867 = [variableCapacity, congestedFeedback, competingFlows]

  private static let settling = Duration.seconds(10)
  private static let queue = Link.QueueLimit.time(.milliseconds(300))
  private static let delay = Duration.milliseconds(50)

  /// Video of 150 kbit/s to 1.5 Mbit/s and sound of 20 kbit/s (§4.3), each pair in one connection.
  ///
  /// - Note: The highest rate of the video is more than the RFC's, so that it can use what §5.1 offers.
  private static func media(upTo maximum: DataRate) -> FlowPeer.Media {
    FlowPeer.Media(
      video: VP8Settings(width: 640, height: 360, bitrate: maximum), audio: .kilobitsPerSecond(20))
  }

  private static let limits = RateLimits(
    minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(10))

  private static func link(_ steps: [(seconds: Int, kilobits: Int64)]) -> Link.Configuration {
    Link.Configuration(
      rate: .kilobitsPerSecond(steps[0].kilobits), propagationDelay: delay, queueLimit: queue,
      changes: steps.dropFirst().map {
        LinkChange(at: .seconds($0.seconds), rate: .kilobitsPerSecond($0.kilobits))
      })
  }

  private static func phases(at seconds: [Int], end: Int, bands: Bands) -> [Phase] {
    zip(seconds, seconds.dropFirst() + [end]).map { start, end in
      Phase(
        "\(start)-\(end) s", from: .seconds(start), to: .seconds(end), judgedFrom: .seconds(start) + settling,
        bands: bands)
    }
  }

  /// §5.1: variable available capacity, a single flow.
  private static let variableCapacity = CongestionCase(
    name: "5.1", source: "RFC 8867 §5.1, bands of ours", duration: .seconds(100),
    forward: link([(0, 1000), (40, 2500), (60, 600), (80, 1000)]),
    backward: Link.Configuration(propagationDelay: delay),
    flows: [Flow("video1", media(upTo: .megabitsPerSecond(5)), end: .seconds(100), limits: limits)],
    phases: phases(
      at: [0, 40, 60, 80], end: 100,
      bands: Bands(utilisation: 0.7...1.0, largestQueue: .milliseconds(200))))

  /// §5.3: media both ways, and feedback through the other's congestion.
  private static let congestedFeedback = CongestionCase(
    name: "5.3", source: "RFC 8867 §5.3, bands of ours", duration: .seconds(100),
    forward: link([(0, 2000), (20, 1000), (40, 500), (60, 2000)]),
    backward: link([(0, 2000), (35, 800), (70, 2000)]),
    flows: [
      Flow("video1", media(upTo: .megabitsPerSecond(5)), end: .seconds(100), limits: limits),
      Flow("video2", media(upTo: .megabitsPerSecond(5)), direction: .backward, end: .seconds(100), limits: limits),
    ],
    phases: phases(at: [0, 20, 40, 60], end: 100, bands: Bands(utilisation: 0.7...1.0)))

  /// §5.4: three flows of the same controller.
  private static let competingFlows = CongestionCase(
    name: "5.4", source: "RFC 8867 §5.4, bands of ours", duration: .seconds(120), forward: link([(0, 3500)]),
    backward: Link.Configuration(propagationDelay: delay),
    flows: [0, 20, 40].enumerated().map { number, start in
      Flow(
        "video\(number + 1)", media(upTo: .megabitsPerSecond(5)), start: .seconds(start), end: .seconds(120),
        limits: limits)
    },
    phases: phases(at: [0, 20], end: 40, bands: Bands(utilisation: 0.7...1.0, largestQueue: .milliseconds(200)))
      + [
        Phase(
          "40-120 s", from: .seconds(40), to: .seconds(120), judgedFrom: .seconds(80),
          bands: Bands(utilisation: 0.7...1.0, largestQueue: .milliseconds(200), smallestJain: 0.8))
      ])
}
