import Foundation
import TestSupport
import Testing

/// Whether `make deps-test` was here.
private let hasPython = FileManager.default.fileExists(
  atPath: Vectors.packageFolder.appending(path: ".build/venv/installed").path)

/// What `run --pcap --keys` writes, decrypted by a program that shares no code with the simulator.
@Suite(.enabled(if: hasPython, "make deps-test installs pylibsrtp into .build/venv"))
struct DecryptionTests {
  private static let python = Vectors.packageFolder.appending(path: ".build/venv/bin/python3")
  private static let script = Vectors.packageFolder.appending(path: "Tests/Python/decrypt_capture.py")

  /// What the script says about one capture.
  private struct Counts: Decodable {
    let rtp: Int
    let rtpDecrypted: Int
    let rtcp: Int
    let rtcpDecrypted: Int
    let rtpBySSRC: [String: Int]
  }

  /// A connection in the file of `--stats`.
  private struct Statistics: Decodable {
    struct Outbound: Decodable {
      let ssrc: UInt32
      let packetsSent: Int
    }
    let node: String
    let outbound: [Outbound]

    enum CodingKeys: String, CodingKey {
      case node
      case outbound = "outbound-rtp"
    }
  }

  /// A call of two people behind NATs, in a folder of its own.
  private func withCall(_ profile: String, named name: String, _ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-\(name)-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let scenario = folder.appending(path: "call.json5")
    try Data("{ topology: 'mesh', participants: 2, srtpProfiles: ['\(profile)'] }".utf8).write(to: scenario)
    let run = try Program.run([
      "run", scenario.path, "--duration", "6s", "--pcap", folder.appending(path: "pcap").path,
      "--keys", folder.appending(path: "keys").path, "--stats", folder.appending(path: "stats").path,
    ])
    #expect(run.status == 0, "\(run.error)")
    try body(folder)
  }

  private func decrypt(_ folder: URL, keys: String = "keys") throws -> [String: Counts] {
    let captures = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "pcap").path).sorted()
    let files = [folder.appending(path: keys).path] + captures.map { "\(folder.path)/pcap/\($0)" }
    let result = try Program.run([Self.script.path] + files, of: Self.python)
    #expect(result.status == 0, "\(result.error)")
    return try JSONDecoder().decode([String: Counts].self, from: Data(result.output.utf8))
  }

  @Test(arguments: ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"])
  func `every captured packet decrypts, and as many are captured as were sent`(profile: String) throws {
    try withCall(profile, named: profile) { folder in
      let captures = try decrypt(folder)
      #expect(captures.keys.sorted() == ["client-1", "client-1-nat", "client-2", "client-2-nat"])
      for (name, counts) in captures {
        #expect(counts.rtpDecrypted == counts.rtp, "\(name)")
        #expect(counts.rtcpDecrypted == counts.rtcp, "\(name)")
        #expect(counts.rtp > 1000 && counts.rtcp > 4 && counts.rtpBySSRC.count == 4, "\(name)")
      }
      let connections = try JSONDecoder().decode(
        [Statistics].self, from: Data(contentsOf: folder.appending(path: "stats")))
      #expect(connections.count == 2)
      for connection in connections {
        for stream in connection.outbound {
          #expect(captures[connection.node]?.rtpBySSRC["\(stream.ssrc)"] == stream.packetsSent)
        }
      }
    }
  }

  @Test func `with one digit of a key changed nothing of its sender decrypts`() throws {
    try withCall("AEAD_AES_128_GCM", named: "changed-key") { folder in
      let keys = try String(contentsOf: folder.appending(path: "keys"), encoding: .utf8)
      let first = try #require(keys.split(separator: "\n").first { $0.hasPrefix("client-1 client-2 send") })
      var fields = first.split(separator: " ").map(String.init)
      fields[4] = (fields[4].hasPrefix("0") ? "1" : "0") + fields[4].dropFirst()
      try Data(keys.replacing(first, with: fields.joined(separator: " ")).utf8)
        .write(to: folder.appending(path: "changed"))
      let counts = try #require(try decrypt(folder, keys: "changed")["client-1"])
      let own = fields[6].split(separator: ",").compactMap { UInt32($0, radix: 16) }
      #expect(own.count == 2)
      let lost = own.reduce(0) { $0 + (counts.rtpBySSRC["\($1)"] ?? 0) }
      #expect(lost > 500 && counts.rtpDecrypted == counts.rtp - lost)
      #expect(counts.rtcpDecrypted < counts.rtcp)
    }
  }
}
