import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// The handshake inside checks, where one of the two cannot read it there.
struct EmbeddedHandshakeTests {
  /// One offers audio, the other, the DTLS client, answers.
  private func pair(
    embedding isEmbedding: @escaping (_ side: Int) -> Bool
  ) throws -> ConnectedPair {
    let pair = try ConnectedPair { $0.transport.ice.embedsHandshake = isEmbedding($1) }
    pair.a.core.addTransceiver(.audio, direction: .sendonly)
    return pair
  }

  private func isSuccess(_ datagram: ConnectedPair.Sent) -> Bool {
    datagram.kind == .stun && datagram.bytes[0] == 1 && datagram.bytes[1] == 1
  }

  /// When the first answer to a check of `side` came: it has a path from then on.
  private func opening(of side: Int, _ pair: ConnectedPair) throws -> Instant {
    try #require(pair.sent.first { $0.side != side && isSuccess($0) && !$0.isDropped }).time + pair.delay
  }

  @Test func `a peer that cannot embed gets the ClientHello once there is a path, and no later`() throws {
    let pair = try pair { $0 == 1 }
    try pair.connect()
    let hello = try #require(pair.sent(1, .dtls).first)
    #expect(hello.time == (try opening(of: 1, pair)))
    #expect(pair.sides.allSatisfy { $0.core.transport.isReady && $0.core.transport.flightsRepeated == 0 })
  }

  @Test func `an answer to such a peer's ClientHello waits for a path of its own`() throws {
    let pair = try pair { $0 == 0 }
    // The answers to the embedding side's checks are lost at first: it has no path when the ClientHello comes.
    pair.fate = { sent in (.zero, sent.side == 1 && isSuccess(sent) && sent.time < .start + .milliseconds(300)) }
    try pair.connect()
    let (hello, answer) = (try #require(pair.sent(1, .dtls).first), try #require(pair.sent(0, .dtls).first))
    let opening = try opening(of: 0, pair)
    #expect(hello.time + pair.delay < opening)
    #expect(answer.time == opening)
    #expect(pair.sides.allSatisfy { $0.core.transport.isReady })
  }

  @Test func `both embed: the ClientHello leaves with the first check, and every datagram of DTLS after it`() throws {
    let pair = try pair { _ in true }
    try pair.connect()
    let first = try #require(
      pair.sent.first { sent in
        sent.side == 1 && sent.kind == .stun
          && (try? STUNMessage(parsing: sent.bytes.span))?.dtlsInSTUN?.isEmpty == false
      })
    let check = try #require(pair.sent(1, .stun).first { $0.bytes[0] == 0 && $0.bytes[1] == 1 })
    #expect(first.time == check.time)
    #expect(try #require(pair.sent(1, .dtls).first).time >= (try opening(of: 1, pair)))
    #expect(pair.sides.allSatisfy { $0.core.transport.isReady })
  }

  @Test func `a flight that is lost on the new path is repeated after two round trips of ICE, not after a second`()
    throws
  {
    let pair = try pair { _ in true }
    let timeout = DTLSTransport.Configuration.retransmissionTimeout(forRoundTripTime: pair.delay * 2)
    var first: Instant?
    // From its first datagram of DTLS on, all of the client's packets are lost for as long as the timer runs.
    pair.fate = { sent in
      if sent.side == 1, sent.kind == .dtls, first == nil { first = sent.time }
      return (.zero, sent.side == 1 && first.map { sent.time < $0 + timeout } ?? false)
    }
    try pair.connect()
    let times = pair.sent(1, .dtls).map(\.time)
    try #require(times.count >= 2 && timeout == .milliseconds(80))
    #expect(times[1] - times[0] == timeout)
    #expect(pair.sides.allSatisfy { $0.core.transport.isReady })
  }
}
