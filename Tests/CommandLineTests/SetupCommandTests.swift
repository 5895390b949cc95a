import Foundation
import TestSupport
import Testing

@testable import rtcsim

struct SetupCommandTests {
  @Test func `setup prints the ladder, and as JSON what it counted`() throws {
    let table = try Program.run(["setup", "--rtt", "100ms", "--profile", "today", "--runs", "3"])
    #expect(table.status == 0)
    for line in ["ClientHello leaves  2.50  250.0", "answerer ready      3.50", "offerer ready       4.00"] {
      #expect(table.output.contains(line), "\(table.output)")
    }
    let result = try Program.run(["setup", "--loss", "10%", "--runs", "20", "--profile", "warp", "--format", "json"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(json["basis"] as? String == "modelled" && json["runs"] as? Int == 20)
    #expect(json["lossPercent"] as? Double == 10 && json["offererNat"] as? String == "eim-apdf")
    let media = try #require(json["media"] as? [String: Double])
    #expect(
      media == ["clientHelloRtts": 0.5, "answererRtts": 2.5, "offererRtts": 2, "answererCompleteRtts": 2.5])
    #expect(Set(try #require(json["bothDtlsMs"] as? [String: Any]).keys) == ["p10", "p50", "mean", "p95"])
    #expect(Set(try #require(json["mediaMs"] as? [String: Any]).keys) == ["p50", "p95"])
    #expect((json["note"] as? String)?.contains("draft-uberti-tsvwg-warp") == true)
    #expect((json["ready"] as? String)?.contains("its Finished has left") == true)
  }

  @Test func `round trips to data are two labelled rows, beside those to media`() throws {
    let arguments = ["setup", "--profile", "today", "--offerer-nat", "eim-apdf", "--runs", "1"]
    let result = try Program.run(arguments + ["--format", "json"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let rows = try #require(json["data"] as? [[String: Any]])
    #expect(rows.map { $0["start"] as? String } == ["offerer", "simultaneous"])
    #expect(rows[0]["label"] as? String == "the offerer alone starts SCTP")
    for row in rows {
      #expect(row["offererReadyRtts"] as? Double == 6 && row["firstMessageRtts"] as? Double == 6.5)
      #expect(row["answererReadyRtts"] as? Double == 5.5)
    }
    #expect((json["dataNote"] as? String)?.contains("RFC 9260") == true)
    let table = try Program.run(arguments).output
    for line in [
      "the offerer alone starts SCTP    offerer ready to send          6.00  600.0", "both start SCTP, as browsers do",
      "first message at the answerer  6.50  650.0",
    ] {
      #expect(table.contains(line), "\(table)")
    }
  }

  @Test func `round trips to data that cannot be run are null, with the reason`() throws {
    let result = try Program.run(["setup", "--profile", "snap", "--runs", "1", "--format", "json"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(json["data"] is NSNull && (json["dataNote"] as? String)?.contains("a=sctp-init") == true)
    let blocked = try Program.run(["setup", "--runs", "1", "--offerer-nat", "udp-blocked", "--format", "json"])
    let none = try #require(try JSONSerialization.jsonObject(with: Data(blocked.output.utf8)) as? [String: Any])
    let rows = try #require(none["data"] as? [[String: Any]])
    #expect(rows.count == 2 && rows.allSatisfy { $0["firstMessageRtts"] is NSNull })
  }

  @Test func `a hash over all runs tells seeds apart`() throws {
    func hash(_ seed: String) throws -> String {
      let result = try Program.run(["setup", "--loss", "10%", "--runs", "3", "--seed", seed, "--format", "json"])
      let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      return try #require(json["traceHash"] as? String)
    }
    let (first, again, other) = (try hash("1"), try hash("1"), try hash("2"))
    #expect(first.count == 16 && first == again && first != other)
    let table = try Program.run(["setup", "--loss", "10%", "--runs", "3"])
    #expect(table.output.contains("seed 1 · trace \(first)"))
  }

  @Test func `figures under loss name the connected runs, and loss has all its digits`() throws {
    let result = try Program.run([
      "setup", "--loss", "0.125%", "--runs", "2", "--offerer-nat", "udp-blocked", "--profile", "warp",
    ])
    #expect(result.output.contains("0.125 % loss each way"))
    #expect(result.output.contains("both handshakes complete     0    –"), "\(result.output)")
    #expect(result.output.contains("2 of 2 runs were not connected"))
  }

  @Test func `the comparison with recordings says what was fitted to what`() throws {
    let folder = Vectors.packageFolder.appending(path: "Tests/Vectors/reference").path
    let result = try Program.run(["setup", "--against", folder])
    #expect(result.status == 0 && result.output.contains("96 of 96 steps within"))
    #expect(result.output.contains("to mode host at RTT 0") && result.output.contains("12ms, to the recordings"))
  }

  @Test func `help describes every profile, and the defaults`() throws {
    let help = try Program.run(["setup", "--help"]).output
    for name in ["today", "chromium", "chromium-recorded", "sped", "sped-dtls13", "snap", "warp"] {
      #expect(help.contains("\n  \(name): "))
    }
    #expect(help.contains("(default: 100ms)") && help.contains("(default: eim-apdf)"))
  }

  @Test(arguments: [
    (["--loss", "200%"], "--loss: found '200%', allowed: a share such as 10% or 0.1, up to 90%"),
    (["--profile", "chrome"], "--profile: found 'chrome', allowed: today, chromium, chromium-recorded, sped"),
    (["--offerer-nat", "cone"], "--offerer-nat: found 'cone', allowed"),
    (["--runs", "0"], "--runs: found '0', allowed: 1 or more"),
    (["--rtt", "0ms"], "--rtt: found '0s', allowed: 1us to 10s"),
    (["--rtt", "999ns"], "--rtt: found '999ns', allowed: 1us to 10s"),
    (["--rtt", "1001ns"], "an even number of nanoseconds"),
    (["--against", "/nowhere", "--loss", "0%"], "--loss: found 'with --against'"),
    (["--against", "/nowhere", "--rtt", "50ms"], "--rtt: found 'with --against'"),
    (["--against", "/nowhere", "--runs", "1"], "--runs: found 'with --against'"),
    (["--against", "/nowhere", "--profile", "today"], "--profile: found 'with --against'"),
    (["--against", "/nowhere", "--offerer-nat", "open"], "--offerer-nat: found 'with --against'"),
    (["--against", "/nowhere"], "/nowhere/setup_timelines_median.csv cannot be read"),
  ])
  func `bad input names the option and what is allowed`(_ row: ([String], String)) throws {
    let result = try Program.run(["setup"] + row.0)
    #expect(result.status == 2 && result.error.contains(row.1), "\(result.error)")
  }
}
