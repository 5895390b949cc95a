import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// What descriptions say of the ICE agents behind them, and what is made of it.
struct ICEOptionTests {
  private func options(trickles: Bool = true, _ checking: ICEChecking) throws -> [String] {
    let pair = try ConnectedPair { configuration, _ in
      configuration.trickles = trickles
      configuration.transport.ice.checking = checking
    }
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.negotiate()
    let sides = pair.sides.compactMap { $0.core.signaling.currentLocal }
    #expect(sides.count == 2 && sides[0].attributes.iceOptions == sides[1].attributes.iceOptions)
    let said = sides[0].description.split(separator: "\r\n").filter { $0.hasPrefix("a=ice-options") }
    #expect(said.count == (sides[0].attributes.iceOptions.isEmpty ? 0 : 1))
    return sides[0].attributes.iceOptions
  }

  @Test func `an agent of RFC 8445 says ice2, one that nominates aggressively does not, and those say trickle that do`()
    throws
  {
    #expect(try options(.standard) == ["ice2", "trickle"])
    #expect(try options(.scheduled(.aggressive)) == ["trickle"])
    // As all recorded descriptions of Chromium say.
    #expect(try options(.libwebrtc) == ["trickle"])
    #expect(try options(trickles: false, .standard) == ["ice2"])
    #expect(try options(trickles: false, .libwebrtc) == [])
  }

  @Test func `candidates are told one by one to a peer that says trickle, and to no other`() throws {
    for trickles in [true, false] {
      let pair = try ConnectedPair { configuration, index in configuration.trickles = index == 0 || trickles }
      pair.a.core.addTransceiver(.video, direction: .sendrecv)
      let before = pair.a.core.mayTrickle
      #expect(before, "nothing is known yet")
      try pair.negotiate()
      let after = pair.sides.map { $0.core.mayTrickle }
      #expect(after == [trickles, trickles])
    }
  }
}
