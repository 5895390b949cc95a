import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct SDPFuzzTests {
  /// Pieces that a mutation puts in, chosen for the grammar's corners.
  private static let pieces: [[UInt8]] =
    [
      "\r\n", "\n", "\r", "=", ":", " ", "/", ";", ",", "a=", "m=", "c=IN IP4 224.0.0.1/1/1\r\n", "0", "65536", "-1",
      "99999999999999999999", "*", "~", "a=rid:h send pt=;max-br=", "a=simulcast:send ~1,2;3 recv rid=4\r\n", "é", "\0",
      "a=candidate:1 1 tcp 1 ::1 9 typ host tcptype so x y\r\n", "a=extmap:4351/inactive u v\r\n", "ptime:0.0000001",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x82]]

  private static func mutate(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      let length = min(Int.random(in: 0...12, using: &generator), bytes.count - place)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(place..<place + length)
      case 2: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
      case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: 0)
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }

  @Test func `a mutated description is refused or parses to what its text says`() throws {
    var generator = SeededGenerator(seed: 8866, stream: "sdp")
    let seeds = (SDPVector.own("rfc9429_ab") + SDPVector.own("generated")).map { Array($0.sdp.utf8) }
    var accepted = 0
    for round in 0..<6000 {
      let text = Self.mutate(seeds[round % seeds.count], using: &generator)
      guard let session = try? SessionDescription(parsing: text) else { continue }
      accepted += 1
      #expect(try SessionDescription(parsing: session.description) == session, "round \(round)")
    }
    // Both ways must be walked, or the test tests nothing.
    #expect((300..<5700).contains(accepted))
  }

  @Test func `a mutated attribute is refused or parses to what its text says`() throws {
    var generator = SeededGenerator(seed: 9429, stream: "sdp attributes")
    let sessions = try SDPVector.own("generated").map { try SessionDescription(parsing: $0.sdp) }
    let lines = sessions.flatMap { $0.media.flatMap(\.attributes).map { Array($0.description.utf8) } }
    var accepted = 0
    for round in 0..<20_000 {
      let text = String(decoding: Self.mutate(lines[round % lines.count], using: &generator), as: UTF8.self)
      guard let attribute = try? SDPAttribute(parsing: text) else { continue }
      accepted += 1
      #expect(try SDPAttribute(parsing: attribute.description) == attribute, "round \(round)")
    }
    #expect((2000..<18_000).contains(accepted))
  }

  @Test func `descriptions of ten megabytes and of too many sections are refused, with the limit`() {
    let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    func refusal(_ line: String, _ count: Int, in section: String = "") -> String {
      do throws(SDPError) {
        _ = try SessionDescription(parsing: head + section + String(repeating: line, count: count))
        return "none"
      } catch {
        return "\(error)"
      }
    }
    for line in ["a=x-unknown:value of no meaning\r\n", "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n", "x"] {
      #expect(refusal(line, 10_000_000 / line.utf8.count) == "line 1, column 1 (offset 0): more than 8388608 bytes")
    }
    #expect(refusal("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", 5000).hasSuffix("more than 4096 media descriptions"))
    let section = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
    #expect(refusal("a=x\r\n", 300_000, in: section).hasSuffix("more than 200000 lines"))
    #expect(refusal("a=x\r\n", 300_000).hasSuffix("more than 1024 attributes of the session"))
  }
}
