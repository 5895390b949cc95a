import Foundation
import TestSupport
import Testing

/// `nat-matrix` as a process.
struct NATMatrixTests {
  private func rows(_ arguments: [String]) throws -> [[String: String]] {
    let result = try Program.run(["nat-matrix", "--format", "json"] + arguments)
    #expect(result.status == 0, "\(result.error)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    return try #require(json["rows"] as? [[String: String]])
  }

  @Test func `the whole table is printed in each form`() throws {
    let rows = try rows([])
    #expect(rows.count == 91 && rows[0] == ["id": "open|open", "class": "direct"])
    let csv = try Program.run(["nat-matrix", "--format", "csv"])
    #expect(csv.output.split(whereSeparator: \.isNewline).count == 92)
    #expect(csv.output.hasPrefix("id,offerer,answerer,class\r\nopen|open,open,open,direct\r\n"))
    let table = try Program.run(["nat-matrix"])
    #expect(table.status == 0 && table.output.contains("d direct, p direct-prflx, R relay, T relay-tcp, - none"))
  }

  @Test func `pairs may be names, files and chains`() throws {
    let rows = try rows(["--pairs", "eim-eif+apdm-apdf,open,home-router+carrier-grade,symmetric"])
    #expect(rows.map { $0["id"] } == ["eim-eif+apdm-apdf|open", "home-router+carrier-grade|symmetric"])
    #expect(rows.map { $0["class"] } == ["direct-prflx", "direct-prflx"])
  }

  @Test func `the hash over all runs tells pairs apart`() throws {
    let hashes = try ["open,open", "open,open", "open,eim-apdf"].map { pairs in
      let result = try Program.run(["nat-matrix", "--format", "json", "--pairs", pairs])
      let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      return try #require(json["traceHash"] as? String)
    }
    #expect(hashes[0].count == 16 && hashes[0] == hashes[1] && hashes[0] != hashes[2])
  }

  @Test func `a mix gives the shares of random pairs and says what they are`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "rtcsim-mix-\(getpid()).json5")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("{'eim-apdf': 0.8, 'apdm-apdf': 0.2}".utf8).write(to: file)
    let result = try Program.run([
      "nat-matrix", "--pairs", "open,open", "--format", "json", "--mix", file.path,
    ])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let mix = try #require(json["mix"] as? [String: Any])
    #expect(mix["relayShare"] as? Double == 0.36)
    #expect((mix["basis"] as? String)?.contains("never a prediction") == true)
    let text = try Program.run(["nat-matrix", "--pairs", "open,open", "--mix", file.path])
    #expect(text.output.contains("through a relay: 36.00 %"))
  }

  @Test(arguments: [
    (["--pairs", "eim-eif"], "--pairs: found 'eim-eif', allowed: two names to a pair"),
    (["--pairs", "eim-eif,apdm-apdff"], "did you mean 'apdm-apdf'?"),
    (["--pairs", "open,eim-eif+open"], "--pairs: found 'eim-eif+open', allowed: in a chain only"),
    (["--pairs", "eim-eif@a,eim-adf@a"], "--pairs: found 'eim-adf@a', allowed: the NAT of a as in eim-eif@a"),
    (["--mix", "/nowhere.json5"], "cannot read /nowhere.json5: there is no such file"),
    (["--format", "xml"], "--format: found 'xml', allowed: table, json, csv"),
  ])
  func `bad input ends with status 2 and what is allowed`(arguments: [String], part: String) throws {
    let result = try Program.run(["nat-matrix"] + arguments)
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.error.contains(part), "\(result.error)")
  }
}
