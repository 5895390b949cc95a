import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes

/// The suites of cases that come with the program.
public enum CongestionSuites {
  public struct Suite: Sendable {
    public let name: String
    public let summary: String
    public let cases: [CongestionCase]
  }

  /// Adding one is a file and a line here.
  public static let all = [
    Suite(
      name: "rfc8867", summary: "wired cases of RFC 8867 with bands of ours", cases: CongestionCase.rfc8867),
    Suite(name: "libwebrtc", summary: "what libwebrtc's own tests expect", cases: CongestionCase.libwebrtc),
  ]

  public static func named(_ name: String) -> Suite? { all.first { $0.name == name } }
}
