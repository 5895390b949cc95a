import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import rtcsim

/// `rtcsim cc` as it is typed.
struct CongestionCommandTests {
  private func file(_ text: String, named name: String) throws -> URL {
    let folder = URL.temporaryDirectory.appending(path: "cc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: name)
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  private static let short = """
    { name: 'short', duration: '3s', link: { rate: '1M', delay: '20ms' },
      flows: [{ name: 'video1', video: { maximum: '2M' } }], phases: [{ judgedFrom: '2s', utilisation: [0.3, 1.0] }] }
    """

  @Test func `a case of one's own is judged, and its JSON has what the table has`() throws {
    let path = try file(Self.short, named: "short.json5").path
    let table = try Program.run(["cc", "--suite", path])
    #expect(table.status == 0 && table.output.contains("1 of 1 phases within their bands"), "\(table.output)")
    let result = try Program.run(["cc", "--suite", path, "--controller", "all", "--format", "json"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let rows = try #require(json["rows"] as? [[String: Any]])
    #expect(rows.compactMap { $0["controller"] as? String } == ["fixed", "gcc", "gcc-draft", "nada"])
    for name in [
      "case", "phase", "controller", "seed", "capacityBps", "meanTargetBps", "meanRateBps", "p95QueueMs", "lossPercent",
      "jain", "timeTo80Seconds", "pass",
    ] {
      #expect(rows.allSatisfy { $0[name] != nil }, "\(name)")
    }
  }

  @Test func `a band that does not hold is status 1 and said in words`() throws {
    let path = try file(Self.short.replacing("[0.3, 1.0]", with: "[1.5, 2]"), named: "missed.json5").path
    let result = try Program.run(["cc", "--suite", path])
    #expect(result.status == 1 && result.output.contains("is not 150 % to 200 %"), "\(result.output)")
  }

  @Test func `the picture and the series are written whole`() throws {
    let path = try file(Self.short, named: "short.json5")
    let (picture, series) = (path.appendingPathExtension("svg"), path.appendingPathExtension("csv"))
    let result = try Program.run(["cc", "--suite", path.path, "--plot", picture.path, "--csv", series.path])
    #expect(result.status == 0)
    let svg = try String(contentsOf: picture, encoding: .utf8)
    #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n") && svg.contains("queueing delay, ms"))
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    let lines = try String(contentsOf: series, encoding: .utf8).split(whereSeparator: \.isNewline)
    #expect(lines.count == 31 && lines[0].hasPrefix("time_s,capacity_bps_ip,link_bps_ip,queue_max_ms"))
  }

  @Test(arguments: [
    (["--suite", "rfc"], "rfc8867, libwebrtc, or the path of a JSON5 file"),
    (["--controller", "bbr"], "fixed, gcc, gcc-draft, nada, all"),
    (["--seeds", "0"], "1 to 10000"),
    (["--suite", "libwebrtc", "--case", "5.1"], "capacity-steps, first-probe-3000, first-probe-500"),
    (["--suite", "/nowhere.json5"], "/nowhere.json5"),
    (["--against", "/nowhere"], "cc_metrics.csv"),
    (["--against", "/nowhere", "--suite", "rfc8867"], "one of the two"),
  ]) func `bad options end with status 2 and what is allowed`(arguments: [String], allowed: String) throws {
    let result = try Program.run(["cc"] + arguments)
    #expect(result.status == 2 && result.error.contains(allowed), "\(result.error)")
  }

  @Test func `help lists every suite and controller`() throws {
    let help = try Program.run(["cc", "--help"]).output
    for name in ["rfc8867: ", "libwebrtc: ", "fixed: ", "gcc: ", "gcc-draft: ", "nada: "] {
      #expect(help.contains("\n  \(name)"), "\(name)")
    }
  }
}
