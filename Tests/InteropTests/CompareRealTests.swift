import Foundation
import Testing

/// The simulator beside the operating system's sockets: the same call has to come out.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CompareRealTests {
  private struct Comparison: Decodable {
    struct Row: Decodable {
      let name: String
      let unit: String
      let layer: String
      let simulated: Double?
      let real: Double?
      let ratio: Double?
      let tolerance: String?
      let allowed: Double?
      let verdict: String?
    }

    let media: String
    let seconds: Int
    let costs: String
    let rows: [Row]
  }

  @Test func `a call over sockets sends what the simulation says`() throws {
    let end = try RunningProgram(Installed.rtcsim) { _ in
      ["compare-real", "--media", "modelled", "--seconds", "4", "--format", "json"]
    }.finish()
    try #require(end.status == 0, "\(end.output)")
    let comparison = try JSONDecoder().decode(Comparison.self, from: Data(end.output.utf8))
    #expect(comparison.media == "modelled" && comparison.seconds == 4 && comparison.costs == "debian12-x86-2core")
    let rows = comparison.rows
    #expect(rows.allSatisfy { !$0.unit.isEmpty && !$0.layer.isEmpty && $0.simulated != nil && $0.real != nil })
    #expect(
      rows.allSatisfy { ($0.tolerance == nil) == ($0.allowed == nil) && ($0.allowed == nil) == ($0.verdict == nil) })
    let media = rows.filter { $0.tolerance == "share" && $0.allowed == 0.1 }
    // Two bitrates and a packet rate of each medium, pictures, and three sizes of each.
    #expect(media.count == 13)
    for row in media { #expect(row.verdict == "agrees" && abs((row.ratio ?? 0) - 1) <= 0.1, "\(row)") }
    #expect(rows.filter { $0.unit == "ms" }.count == 5)
    let work = rows.filter { $0.name.hasPrefix("CPU") }
    #expect(work.map(\.name) == ["CPU without codecs"] && work[0].simulated ?? 0 > 0 && work[0].real ?? 0 > 0)
  }

  @Test(arguments: [
    (["--seconds", "0"], "--seconds: found '0', allowed: a whole number from 1 to 300"),
    (["--seconds", "301"], "--seconds: found '301', allowed: a whole number from 1 to 300"),
    (["--media", "film"], "--media: found 'film', allowed: modelled, real"),
    (["--costs", "nope"], "--costs: found 'nope', allowed: debian12-x86-2core, a path"),
    (["--duration", "3s"], "unknown option --duration"),
  ])
  func `bad options end with one message and status 2`(arguments: [String], message: String) throws {
    let end = try RunningProgram(Installed.rtcsim) { _ in ["compare-real"] + arguments }.finish()
    #expect(end.status == 2)
    #expect(end.output.contains(message) && end.output.split(separator: "\n").count == 1, "\(end.output)")
  }
}
