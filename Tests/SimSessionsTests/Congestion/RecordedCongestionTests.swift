import Foundation
import RTCMedia
import TestSupport
import Testing

@testable import SimSessions

/// Google congestion control beside recordings of Chromium on the same links.
///
/// `Tests/Vectors/reference` holds the quiet and lightly loaded recordings, of the links only the columns that are read.
struct RecordedCongestionTests {
  private static let folder = Vectors.packageFolder.appending(path: "Tests/Vectors/reference").path

  @Test func `every judged figure is within what is accepted`() throws {
    let recordings = try RecordedCongestion(folder: Self.folder)
    let gcc = try #require(CongestionControllers.named("gcc"))
    #expect(recordings.count == 7)
    var judged = 0
    for recording in recordings.all {
      let runs = (0..<UInt64(RecordedCongestion.usualSeeds)).map { recording.run(controller: gcc, seed: 1 + $0) }
      for row in recordings.rows(of: recording, runs) where row.accepted != nil {
        judged += 1
        #expect(row.passes, "\(row)")
      }
    }
    #expect(judged == 44)
  }

  @Test func `without control the figures are outside, so that the comparison can fail`() throws {
    let recordings = try RecordedCongestion(folder: Self.folder)
    let fixed = try #require(CongestionControllers.named("fixed"))
    let recording = try #require(recordings.all.first { $0.name == "fixed1M_owd50" })
    let rows = recordings.rows(of: recording, [recording.run(controller: fixed, seed: 1)])
    let target = try #require(rows.first { $0.figure == "target" })
    #expect(!target.passes && target.ours ?? 0 > 4000)
  }

  @Test func `what is not judged says why`() throws {
    let recordings = try RecordedCongestion(folder: Self.folder)
    let fixed = try #require(CongestionControllers.named("fixed"))
    let recording = try #require(recordings.all.first { $0.name == "loss2_owd25" })
    let rows = recordings.rows(of: recording, [recording.run(controller: fixed, seed: 1)])
    #expect(rows.first { $0.figure == "rate" }?.note == "Chromium adds FEC under loss")
    #expect(!rows.contains { $0.figure == "utilisation" })
  }

  private func refusal(of metrics: String) throws -> String {
    let folder = URL.temporaryDirectory.appending(path: "cc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try metrics.write(to: folder.appending(path: "cc_metrics.csv"), atomically: true, encoding: .utf8)
    do {
      _ = try RecordedCongestion(folder: folder.path)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `folders that hold something else are refused with the place`() throws {
    #expect(throws: RecordedCongestionError.self) { try RecordedCongestion(folder: "/nowhere") }
    #expect(try refusal(of: "name,from_s\n").contains("it has no rows"))
    #expect(try refusal(of: "name,from_s\nx\n").contains("line 2: found 1 fields, allowed: 2"))
    #expect(try refusal(of: "name,from_s\nx,1\n").contains("it has no column"))
    #expect(try refusal(of: "name,from_s,to_s\nx,soon,2\n").contains("line 2, from_s: found 'soon', allowed: a number"))
  }
}
