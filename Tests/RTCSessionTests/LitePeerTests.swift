import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// A full agent and a lite one, whoever offers.
struct LitePeerTests {
  @Test(arguments: [0, 1], [ICEChecking.scheduled(.aggressive), .libwebrtc, .standard])
  func `with a lite peer the full agent is controlling and nominates what works`(lite: Int, checking: ICEChecking)
    throws
  {
    let pair = try ConnectedPair { configuration, index in
      configuration.transport.ice.isLite = index == lite
      configuration.transport.ice.checking = checking
    }
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    var nominating: [STUNMessage] = []
    var requests: [STUNMessage] = []
    pair.fate = { datagram in
      if let message = try? STUNMessage(parsing: datagram.bytes.span), message.messageClass == .request {
        requests.append(message)
        if message.useCandidate { nominating.append(message) }
      }
      return (.zero, false)
    }
    try pair.connect()
    pair.run(for: .seconds(1))
    let roles = pair.sides.map { $0.core.transport.ice.role }
    #expect(roles[lite] == .controlled && roles[1 - lite] == .controlling)
    let isReady = pair.sides.allSatisfy { $0.core.transport.isReady }
    #expect(isReady)
    // Regular nomination: the first check asks, a later one nominates.
    #expect(requests.first?.useCandidate == false)
    #expect(!nominating.isEmpty)
    #expect(requests.allSatisfy { $0.iceControlling != nil })
    let selected = pair.sides.map { $0.core.transport.ice.selectedPair != nil }
    #expect(selected == [true, true])
  }
}
