import Foundation
import RTCWire
import TestSupport
import Testing

@Suite struct SDPAttributeTests {
  private struct LineVector: Decodable {
    let id: String
    let attribute: String
    let verdict: String
  }

  private struct LineFile: Decodable { let vectors: [LineVector] }

  @Test(.enabled(if: Vectors.hasPublicData))
  func `single lines have the verdict of Firefox but for listed reasons`() throws {
    let data = try #require(Vectors.publicData("sdp/attribute_lines.json"))
    for vector in try JSONDecoder().decode(LineFile.self, from: data).vectors {
      Vectors.ran(vector.id, of: "public sdp/attribute_lines.json")
      let differs = ((try? SDPAttribute(parsing: vector.attribute)) != nil) != (vector.verdict == "valid")
      let number = try #require(Int(vector.id.dropFirst("moz-attr-".count)))
      #expect(differs == (Self.differently[number] != nil), "\(vector.id): \(vector.attribute)")
    }
  }

  /// Where the RFC, not Firefox, decides.
  private static let differently: [Int: String] = {
    var reasons: [Int: String] = [
      7: "372.16.356 is a host name", 13: "an extension value is any text (RFC 8839 §5.1)",
      113: "ack needs no parameter (RFC 4585 §4.2)", 225: "mid is one token (RFC 5888 §4)",
    ]
    func because(_ reason: String, _ numbers: [Int]) { for number in numbers { reasons[number] = reason } }
    because("a TCP candidate has a tcptype (RFC 6544 §4.5)", [0, 152, 153, 154, 161, 162, 168, 169])
    because("the parameters of a format are kept, not judged (RFC 8866 §6.15)", [40, 41, 42, 43])
    because("feedback may be of any kind and parameter (RFC 4585 §4.2)", [112, 114, 115, 118, 119])
    because("an attribute that is not interpreted is kept (RFC 8866 §5.13)", [18, 19, 20, 50, 51, 149])
    because("an attribute that is not interpreted is kept (RFC 8866 §5.13)", [61, 62, 63, 72, 73, 74, 75, 76, 77, 78])
    because("an attribute that is not interpreted is kept (RFC 8866 §5.13)", [98, 99, 100, 101, 127, 128, 129, 130])
    return reasons
  }()

  private struct CandidateVector: Decodable, CustomTestStringConvertible {
    struct Expected: Decodable {
      let foundation: String
      let component: UInt16
      let transport: String
      let priority: UInt32
      let address: String
      let port: UInt16
      let type: String
      let raddr: String?
      let rport: UInt16?
      let extensions: [String: String]?
    }

    let id: String
    let line: String
    let verdict: String
    let expected: Expected?

    var testDescription: String { id }

    static var all: [CandidateVector] {
      struct File: Decodable { let vectors: [CandidateVector] }
      return (try? Vectors.decode(File.self, from: "ice/candidate_lines.json").vectors) ?? []
    }
  }

  @Test(arguments: CandidateVector.all)
  private func `a candidate line has the fields or the fault that its author states`(vector: CandidateVector) throws {
    Vectors.ran(vector.id, of: "ice/candidate_lines.json")
    guard let expected = vector.expected else {
      #expect(throws: SDPError.self) { try ICECandidate(parsing: vector.line) }
      return
    }
    let candidate = try ICECandidate(parsing: vector.line)
    #expect(candidate.foundation == expected.foundation)
    #expect(candidate.component == expected.component)
    #expect(candidate.transport.rawValue == expected.transport)
    #expect(candidate.priority == expected.priority)
    #expect(candidate.address == expected.address)
    #expect(candidate.port == expected.port)
    #expect(candidate.kind.rawValue == expected.type)
    #expect(candidate.relatedAddress == expected.raddr)
    #expect(candidate.relatedPort == expected.rport)
    var extensions = Dictionary(uniqueKeysWithValues: candidate.extensions.map { ($0.name, $0.value) })
    extensions["tcptype"] = candidate.tcpType?.rawValue
    #expect(extensions == expected.extensions ?? [:])
    let canonical = vector.line.replacing(" UDP ", with: " udp ").replacing(" TCP ", with: " tcp ")
    #expect(candidate.description == canonical)
  }

  @Test func `an address that is a name has no endpoint`() throws {
    let name = try ICECandidate(parsing: "candidate:1 1 udp 1 8e9c1f2a.local 9 typ host ufrag abcd generation 3")
    #expect(name.endpoint == nil)
    #expect(name.isMulticastName)
    #expect(name.ufrag == "abcd")
    #expect(name.generation == "3")
    let address = try ICECandidate(parsing: "candidate:1 1 udp 1 ::1 9 typ srflx raddr 10.0.0.1 rport 7")
    #expect(address.endpoint?.description == "[::1]:9")
    #expect(address.relatedEndpoint?.description == "10.0.0.1:7")
  }

  @Test(arguments: [
    "candidate:1 1 udp 1 1.2.3.4 9 typ host tcptype so", "candidate:1 1 udp 1 1:2 9 typ host",
    "candidate:1 1 udp 1 1.2.3.4 9 typ  host", "candidate:1 1 udp 1 1.2.3.4 9 typ host ",
  ])
  func `a candidate that contradicts itself is refused`(text: String) {
    #expect(throws: SDPError.self) { try ICECandidate(parsing: text) }
  }

  @Test(arguments: ["rtcp-mux:1", "mid", "rtpmap", "sendrecv:", "ice-pwd:short", "a b", ":x", "x:"])
  func `an attribute without its value, or with one it cannot have, is refused`(text: String) {
    #expect(throws: SDPError.self) { try SDPAttribute(parsing: text) }
  }

  @Test(arguments: [
    ("rid:110 send pt=9, 10;max-fs=10; depends=1, 2", "rid:110 send pt=9,10;max-fs=10;depends=1, 2"),
    ("simulcast: send rid=foo;~bar,baz recv x", "simulcast:send foo;~bar,baz recv x"),
    (
      "fingerprint:SHA-1 cd:34:D1:62:16:95:7B:B7:EB:74:E2:39:27:97:EB:0B:23:73:AC:BC",
      "fingerprint:sha-1 CD:34:D1:62:16:95:7B:B7:EB:74:E2:39:27:97:EB:0B:23:73:AC:BC"
    ),
    (
      "candidate:1 1 UDP 1 1.2.3.4 9 typ relay generation 0 raddr 0.0.0.0 rport 0",
      "candidate:1 1 udp 1 1.2.3.4 9 typ relay raddr 0.0.0.0 rport 0 generation 0"
    ),
  ])
  func `what was written in another style is written in the canonical one`(text: String, canonical: String) throws {
    #expect(try SDPAttribute(parsing: text).description == canonical)
  }
}
