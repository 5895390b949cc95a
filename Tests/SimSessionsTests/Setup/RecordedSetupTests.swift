import Foundation
import SimSessions
import TestSupport
import Testing

/// Folders of recordings that are not what they should be.
struct RecordedSetupTests {
  private static let names = ["setup_timelines_median.csv", "setup_fw_timelines_median.csv"]

  /// Reads a copy of the recordings after `change` of one file's lines.
  private func read(_ file: String, changing change: (inout [String]) -> Void) throws -> RecordedSetups {
    let folder = URL.temporaryDirectory.appending(path: "recordings-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in Self.names {
      let source = Vectors.packageFolder.appending(path: "Tests/Vectors/reference/\(name)")
      var lines = try String(contentsOf: source, encoding: .utf8).split(whereSeparator: \.isNewline).map(String.init)
      if name == file { change(&lines) }
      try lines.joined(separator: "\n").write(
        to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    return try RecordedSetups(folder: folder.path)
  }

  private func refusal(_ file: String, changing change: (inout [String]) -> Void) -> RecordedSetupsError? {
    do {
      _ = try read(file, changing: change)
      return nil
    } catch {
      return error as? RecordedSetupsError
    }
  }

  @Test func `the recordings as they are can be read`() {
    for name in Self.names { #expect(refusal(name) { _ in } == nil) }
  }

  @Test(arguments: ["5,nan,1", "5,1,inf", "nan,1,9", "5,6,9", "5,1,4", "5,9,1"])
  func `a spread that is not finite or not in order is refused`(_ spread: String) throws {
    let error = try #require(refusal(Self.names[0]) { $0[1] = "host,50,B_offer_recv,3,\(spread)" })
    guard case .wrongSpread(let path, line: 2) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(path.hasSuffix(Self.names[0]))
  }

  @Test func `columns without lines, or with a step under another name, are no recordings`() throws {
    for name in Self.names {
      let empty = try #require(refusal(name) { $0 = [$0[0]] })
      #expect("\(empty)".contains(name) && "\(empty)".contains("no line for step"), "\(empty)")
      let renamed = try #require(
        refusal(name) { lines in
          lines = lines.map { $0.replacing("stunturn,100,B_ice_connected,", with: "stunturn,100,B_up,") }
        })
      #expect(
        "\(renamed)".contains("\(name): no line for step B_ice_connected of mode stunturn at RTT 100 ms"), "\(renamed)")
    }
  }
}
