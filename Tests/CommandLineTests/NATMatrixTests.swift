import Foundation
import TestSupport
import Testing

/// `nat-matrix` as a process.
struct NATMatrixTests {
  private func rows(_ arguments: [String]) throws -> [[String: String]] {
    try #require(try objects(arguments) as? [[String: String]], "rows with more than texts")
  }

  private func objects(_ arguments: [String]) throws -> [[String: Any]] {
    let result = try Program.run(["nat-matrix", "--format", "json"] + arguments)
    #expect(result.status == 0, "\(result.error)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    return try #require(json["rows"] as? [[String: Any]])
  }

  @Test func `the whole table is printed in each form`() throws {
    let csv = try Program.run(["nat-matrix", "--format", "csv"])
    #expect(csv.output.split(whereSeparator: \.isNewline).count == 92)
    #expect(
      csv.output.hasPrefix(
        "id,offerer,answerer,class,share_direct,share_direct_prflx,share_relay,share_relay_tcp,share_none\r\n"))
    #expect(csv.output.contains("\r\nopen|open,open,open,direct,1.0,0.0,0.0,0.0,0.0\r\n"))
    let table = try Program.run(["nat-matrix"])
    #expect(table.status == 0 && table.output.contains("d direct, p direct-prflx, R relay, T relay-tcp, - none"))
  }

  @Test func `the table in JSON is that of the vectors, row by row, with nothing more in a row`() throws {
    struct Table: Decodable {
      struct Row: Decodable {
        let id: String
        let `class`: String
      }

      let vectors: [Row]
    }
    let vectors = try Vectors.decode(Table.self, from: "ice/nat_matrix.json").vectors
    #expect(vectors.count == 91)
    #expect(try rows([]) == vectors.map { ["id": $0.id, "class": $0.class] })
  }

  @Test func `a pair that a NAT's dice decide is printed with its shares, the same both ways`() throws {
    let pairs = ["--pairs", "enterprise-symmetric,eim-adf,eim-adf,enterprise-symmetric"]
    let rows = try objects(pairs)
    let shares = try rows.map { try #require($0["varies"] as? [String: Double]) }
    #expect(shares[0] == shares[1] && shares[0].keys.sorted() == ["direct-prflx", "relay"])
    #expect(shares[0].values.reduce(0, +) == 1 && shares[0].values.allSatisfy { $0 > 0.02 })
    #expect(rows[0]["class"] as? String == rows[1]["class"] as? String)
    let table = try Program.run(["nat-matrix"] + pairs).output
    #expect(table.contains(" %, relay ") && table.contains("the dice of a NAT decide, of 64 runs"))
    #expect(try objects(pairs + ["--seed", "1"]) as NSArray == rows as NSArray)
    #expect(try objects(pairs + ["--seed", "1000"]) as NSArray != rows as NSArray)
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
