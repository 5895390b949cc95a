import RTCPrimitives
import RTCWire

/// Datagrams that mean nothing: random ones, some that look like a protocol's, and genuine ones with a few bytes changed.
struct Garbage {
  private static let longest = 1500
  private static let kinds: [PacketKind] = [.stun, .dtls, .rtp, .rtcp]

  private var dice: SeededGenerator
  /// Random bytes from which pieces are cut: to draw each byte takes longer than to send it.
  private let page: [UInt8]
  private let genuine: [PacketKind: [[UInt8]]]

  /// - Parameter genuine: what a peer sends that keeps to the protocols.
  init(seed: UInt64, likes genuine: [PacketKind: [[UInt8]]]) {
    var dice = SeededGenerator(seed: seed, stream: "garbage")
    page = (0..<1 << 16).map { _ in UInt8(truncatingIfNeeded: dice.next() >> 16) }
    self.dice = dice
    self.genuine = genuine
  }

  mutating func draw(below limit: Int) -> Int { Int(dice.next() >> 1) % limit }

  mutating func datagram() -> [UInt8] {
    let kind = Self.kinds[draw(below: Self.kinds.count)]
    switch draw(below: 4) {
    case 0: return random(1 + draw(below: Self.longest))
    case 1: return lookalike(kind)
    default: return changed(kind)
    }
  }

  private mutating func random(_ count: Int) -> [UInt8] {
    let begin = draw(below: page.count - count)
    return Array(page[begin..<begin + count])
  }

  /// A header that is right, and nothing behind it.
  private mutating func lookalike(_ kind: PacketKind) -> [UInt8] {
    let body = random(12 + draw(below: 1200))
    switch kind {
    case .dtls:
      // Alerts, handshakes and data of both epochs; data is where SCTP would be (RFC 6347 §4.1, RFC 8261 §5).
      let type = [20, 21, 22, 23, 23, 23, 24][draw(below: 7)]
      return [UInt8(type), 0xFE, 0xFD, 0, UInt8(draw(below: 2)), 0, 0] + random(4)
        + [UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    case .rtp:
      var bytes = genuine[.rtp]?.first.map { Array($0.prefix(12)) } ?? [0x80, 96] + random(10)
      (bytes[2], bytes[3]) = (body[0], body[1])
      return bytes + body
    case .rtcp:
      // A packet of some type with the length that it has (RFC 3550 §6.4), once more behind itself.
      let words = body.count / 4
      let head = [0x80 | UInt8(draw(below: 32)), UInt8(200 + draw(below: 8)), UInt8(words >> 8), UInt8(words & 0xFF)]
      return head + body.prefix(4 * words) + head + body
    case .stun, .zrtp, .turnChannel, .quic, .unknown:
      // Any class and method, the magic cookie, attributes that are well-formed and random (RFC 8489 §5, §14).
      var attributes: [UInt8] = []
      while attributes.count < body.count {
        let value = random(4 * (1 + draw(below: 16)))
        attributes += random(2) + [0, UInt8(value.count)] + value
      }
      return [UInt8(draw(below: 4)), body[0], UInt8(attributes.count >> 8), UInt8(attributes.count & 0xFF)]
        + [0x21, 0x12, 0xA4, 0x42] + random(12) + attributes
    }
  }

  private mutating func changed(_ kind: PacketKind) -> [UInt8] {
    guard let all = genuine[kind], !all.isEmpty else { return lookalike(kind) }
    var bytes = all[draw(below: all.count)]
    // Different places, so that no change undoes another.
    let (first, count) = (draw(below: bytes.count), 1 + draw(below: 3))
    for place in 0..<min(count, bytes.count) {
      bytes[(first + 7 * place) % bytes.count] ^= UInt8(1 + draw(below: 255))
    }
    return bytes
  }
}
