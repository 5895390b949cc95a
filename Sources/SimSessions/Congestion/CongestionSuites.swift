public import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes

/// The suites of cases that come with the program.
public enum CongestionSuites {
  public struct Suite: Sendable {
    public let name: String
    public let summary: String
    public let cases: [CongestionCase]
    /// Those that it is run with unless told otherwise.
    public let controllers: [CongestionControllers.Entry]
    public let seeds: Int

    init(name: String, summary: String, cases: [CongestionCase], controllers: [String] = ["gcc"], seeds: Int = 1) {
      self.name = name
      self.summary = summary
      self.cases = cases
      self.controllers = CongestionControllers.all.filter { controllers.contains($0.name) }
      self.seeds = seeds
    }

    /// The cases of a file.
    public init(file: String, cases: [CongestionCase]) {
      self.init(name: file, summary: cases.map(\.name).joined(separator: ", "), cases: cases)
    }
  }

  /// Adding one is a file and a line here.
  public static let all = [
    Suite(
      name: "rfc8867", summary: "wired cases of RFC 8867 with bands of ours", cases: CongestionCase.rfc8867,
      controllers: ["gcc", "nada"]),
    Suite(name: "libwebrtc", summary: "what libwebrtc's own tests expect", cases: CongestionCase.libwebrtc, seeds: 20),
  ]

  public static func named(_ name: String) -> Suite? { all.first { $0.name == name } }
}
