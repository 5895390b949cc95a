import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import RTCWire
import Testing

/// Real peers must never meet the simulation's dice.
@Suite struct RandomnessTests {
  @Test func `the system's source of randomness is no seeded generator`() {
    let wrapped = Mirror(reflecting: EntropySource.system).children.map(\.value)
    #expect(wrapped.count == 1 && wrapped[0] is SystemRandomNumberGenerator)
    var source = EntropySource.system
    let part = Mirror(reflecting: source.split()).children.map(\.value)
    #expect(part.count == 1 && part[0] is SystemRandomNumberGenerator)
  }

  @Test func `two connections that do the same share neither keys nor names`() throws {
    let offers = try (0..<2).map { _ in
      let connection = try SocketConnection(.init(), on: try SocketLoop())
      return try connection.perform { core, _, _ throws(PeerConnectionError) in
        core.addTransceiver(.audio, direction: .sendrecv)
        core.addTransceiver(.video, direction: .sendrecv)
        return try core.createOffer().description
      }
    }
    for prefix in ["o=", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=ssrc:", "a=msid:"] {
      let lines = offers.map { offer in
        Set(offer.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(prefix) }.map(String.init))
      }
      #expect(!lines[0].isEmpty && lines[0].isDisjoint(with: lines[1]), "\(prefix) \(lines)")
    }
  }

  @Test func `the clock counts from its making and knows the year`() {
    let clock = SystemClock()
    let first = clock.now
    #expect(first >= .start && first < .start + .seconds(1))
    #expect(clock.now >= first)
    // Seconds from 1900 to 2025 and to 2036, when NTP time begins anew.
    #expect((3_944_678_400...UInt32.max).contains(clock.ntp.timestamp(at: first).seconds))
  }
}
