import Foundation
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
  }

  @Test(arguments: [
    (["--loss", "200%"], "--loss: found '200%', allowed: a share such as 10% or 0.1, up to 90%"),
    (["--profile", "chrome"], "--profile: found 'chrome', allowed: today, chromium, sped, snap, warp"),
    (["--offerer-nat", "cone"], "--offerer-nat: found 'cone', allowed"),
    (["--runs", "0"], "--runs: found '0', allowed: 1 or more"),
    (["--rtt", "0ms"], "--rtt: found '0s'"),
    (["--against", "/nowhere"], "/nowhere/setup_timelines_median.csv cannot be read"),
  ])
  func `bad input names the option and what is allowed`(_ row: ([String], String)) throws {
    let result = try Program.run(["setup"] + row.0)
    #expect(result.status == 2 && result.error.contains(row.1), "\(result.error)")
  }
}
