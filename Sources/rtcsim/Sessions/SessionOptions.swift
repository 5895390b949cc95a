import Foundation
import RTCMedia
import RTCPrimitives
import SimSessions

/// What `compare` and `run` can change in a scenario.
struct SessionOptions: ParsableArguments {
  @Option(help: "Virtual time after the last join, such as 30s.") var duration: Duration?
  @Option(help: "Decides everything that is random.") var seed: UInt64?
  @Option(help: "wire (every byte), model (payload only counted) or auto.") var fidelity: Fidelity?
  @Option(help: "modelled (measured sizes) or real (libvpx and libopus).") var media: MediaFidelity?
  @OptionGroup var congestion: CongestionOptions
  @Option(
    help: """
      on or off: whether clients send an SFU each picture in several sizes; on with congestion control, which it needs. Other \
      topologies of a comparison stay as they are.
      """)
  var simulcast: Switch?
  @Option(
    help: """
      Of how many people an SFU forwards pictures: of those who had the floor last; 25 with congestion control, which it needs. \
      Other topologies of a comparison stay as they are.
      """)
  var lastN: Int?
  @Option(help: "Rate of every client's uplink, such as 2M, or unlimited.") var uplink: LinkRate?
  @Option(help: "Rate of every client's downlink.") var downlink: LinkRate?
  @Option(help: "Round trip between client and server, such as 40ms.") var rtt: Duration?
  @Option(help: "A cost file: a name in Models/Costs or a path.") var costs: String?

  /// The overrides that these options mean.
  func overrides(_ library: ScenarioLibrary) throws -> ScenarioOverrides {
    var overrides = ScenarioOverrides()
    overrides.duration = duration
    overrides.seed = seed
    overrides.fidelity = fidelity
    overrides.media = media
    congestion.apply(to: &overrides)
    overrides.simulcast = simulcast.map { $0 == .on }
    overrides.lastN = lastN
    overrides.uplink = uplink
    overrides.downlink = downlink
    overrides.rtt = rtt
    overrides.costs = try costs.map { name in
      do throws(ScenarioError) { return try library.costs(name) } catch { throw error.naming(option: "--costs") }
    }
    return overrides
  }
}

/// Something that is on or off.
enum Switch: String, CaseIterable, ExpressibleByArgument {
  case on, off
}

/// Which congestion control there is, and what pictures make of it.
struct CongestionOptions: ParsableArguments {
  @Option(
    help: """
      Whose rates encoders follow: \(SessionScenario.congestionControls.joined(separator: ", ")); none for fixed rates. With \
      one that estimates, an SFU selects what each receiver gets.
      """)
  var congestionControl: String?
  @Option(
    help: """
      How pictures follow congestion control. \
      \(VideoAdaptations.all.map { "\($0.name): \($0.summary)" }.joined(separator: "; ")).
      """)
  var adaptation: String?

  func apply(to overrides: inout ScenarioOverrides) {
    overrides.congestionControl = congestionControl
    overrides.adaptation = adaptation
  }
}

extension SessionRun.Options {
  /// Reads the media files that a scenario names, which has checked them.
  mutating func readMedia(of session: SessionScenario) throws {
    if let file = session.video?.file { videoFile = try Y4MFile(parsing: Self.content(of: file, "video.file")) }
    if let file = session.audio?.file { audioFile = try WAVFile(parsing: Self.content(of: file, "audio.file")) }
  }

  private static func content(of file: MediaFile, _ field: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: file.path) else {
      throw CommandLineError.badValue(name: field, found: file.path, allowed: "a file that can be read", nearest: nil)
    }
    return [UInt8](data)
  }
}

extension Fidelity: ExpressibleByArgument {}
extension MediaFidelity: ExpressibleByArgument {}
