import Foundation
import TestSupport
import Testing

/// The built executable as its users meet it.
struct ExecutableTests {
  private static let binding = "000100002112a442000102030405060708090a0b"

  private static let kinds = "auto, sdp, stun, rtp, rtcp, dtls, sctp, channel-data, pcap"

  private func run(_ arguments: [String], input: String = "") throws -> Program.Result {
    try Program.run(arguments, input: input)
  }

  @Test func `version and help end with status 0`() throws {
    #expect(try run(["--version"]) == Program.Result(status: 0, output: "rtcsim 0.1.0\n", error: ""))
    let help = try run(["help", "inspect"])
    #expect(help.status == 0)
    #expect(help.output.contains("USAGE: rtcsim inspect <file|-|hex> [--as <kind>]"))
    #expect(try run([]).output == run(["--help"]).output)
  }

  @Test func `a STUN message is printed as JSON with its members in order`() throws {
    let expected = """
      {
        "kind": "stun",
        "class": "request",
        "method": "Binding",
        "transactionId": "000102030405060708090a0b",
        "attributes": [],
        "fingerprint": "none"
      }

      """
    #expect(
      try run(["inspect", Self.binding, "--format", "json"]) == Program.Result(status: 0, output: expected, error: ""))
    #expect(try run(["inspect", "--format=json", "-"], input: Self.binding + "\n").output == expected)
  }

  @Test func `the message that the README inspects can be inspected`() throws {
    let readme = try String(contentsOf: Vectors.packageFolder.appending(path: "README.md"), encoding: .utf8)
    let line = try #require(readme.split(separator: "\n").first { $0.hasPrefix("rtcsim inspect ") })
    let result = try run(line.split(separator: " ").dropFirst().prefix { $0 != "#" }.map(String.init))
    #expect(result.status == 0 && result.output.contains("Binding"), "\(result.error)")
  }

  @Test func `the text output names offset, bytes, field, value and section`() throws {
    let output = try run(["inspect", Self.binding]).output
    #expect(output.hasPrefix("STUN Binding request, 20 bytes (RFC 8489, RFC 8656)\n\noffset  bytes"))
    #expect(
      output.contains("     4  21 12 a4 42                magic cookie    0x2112a442                RFC 8489 §5\n"))
  }

  /// RFC 5769 §2.4: the name and the password are given as SASLprep leaves them.
  @Test func `long-term credentials are checked`() throws {
    struct File: Decodable {
      struct Vector: Decodable {
        let id: String
        let hex: String
      }
      let vectors: [Vector]
    }
    let vectors = try Vectors.decode(File.self, from: "stun/rfc5769.json").vectors
    let message = try #require(vectors.first { $0.id == "rfc5769-2.4" }?.hex)
    let name = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}"
    let arguments = [
      "inspect", message, "--format", "json", "--realm", "example.org", "--username", name, "--password",
    ]
    #expect(try run(arguments + ["TheMatrIX"]).output.contains("\"integrity\": \"ok\""))
    #expect(try run(arguments + ["theMatrIX"]).output.contains("\"integrity\": \"bad\""))
  }

  @Test(arguments: [
    (
      ["inspect", "000100042112a442000102030405060708090a0b"],
      "inspect: stun at offset 2: the length field says 4 bytes, 0 follow the header"
    ),
    (["inspect", "--as", "rtp", "8060"], "inspect: rtp at offset 0: 12 bytes needed, 2 left"),
    (["inspect", "12z4"], "inspect: <file|-|hex>: at digit 2: found 'z', allowed: pairs of hexadecimal digits"),
    (
      ["inspect", "123"],
      "inspect: <file|-|hex>: at digit 3: found the end after an odd number of digits, allowed: pairs of hexadecimal digits"
    ),
    (
      ["inspect", "/nowhere/at.all"],
      "inspect: <file|-|hex>: found '/nowhere/at.all', allowed: a file that can be read, -, or hexadecimal digits"
    ),
    (["inspect", "00", "--fromat", "json"], "inspect: unknown option --fromat; did you mean --format?"),
    (
      ["inspect", "00", "--as", "snut"],
      "inspect: --as: found 'snut', allowed: \(Self.kinds)"
    ),
    (
      ["inspect", "00", "--realm", "r"],
      "inspect: --username is missing: long-term credentials are a user name, a realm and a password"
    ),
    (["inspect"], "inspect: <file|-|hex> is missing: What is decoded: a file, - or hexadecimal digits."),
    (["inspcet"], "unknown command 'inspcet'; did you mean 'inspect'?"),
  ])
  func `bad input ends with status 2 and one message`(arguments: [String], message: String) throws {
    let result = try run(arguments)
    #expect(result == Program.Result(status: 2, output: "", error: result.error))
    #expect(result.error == (message.hasPrefix("inspect") ? "rtcsim " : "rtcsim: ") + message + "\n")
  }

  @Test func `an empty input says what it may be taken for`() throws {
    #expect(
      try run(["inspect", "-"]).error
        == "rtcsim inspect: at offset 0: the input is empty; allowed with --as: \(Self.kinds)\n")
  }

  @Test func `a broken session description names offset, line and column`() throws {
    let result = try run(["inspect", "-"], input: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 x\r\n")
    #expect(result.status == 2)
    #expect(result.error.hasPrefix("rtcsim inspect: sdp at offset 38 (line 4, column 5): found 'x', expected "))
  }
}
