import Foundation
import RTCMedia
import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// Several encodings of one track at the same time.
///
/// - SeeAlso: RFC 8851, RFC 8852, RFC 8853
@Suite struct SimulcastTests {
  private func statistics(_ pair: ConnectedPair) -> (
    sent: [OutboundStreamStatistics], received: [InboundStreamStatistics?]
  ) {
    (
      pair.a.core.transceivers[0].senders.map(\.statistics),
      pair.b.core.transceivers[0].receivers.map { $0?.statistics(at: pair.now) }
    )
  }

  @Test func `an offer names the encodings and announces no sources`() throws {
    let pair = try ConnectedPair.simulcast()
    let section = try pair.a.core.createOffer().media[0].attributes
    #expect(section.rids.map(\.id) == ["q", "h", "f"] && section.rids.allSatisfy { $0.direction == .send })
    #expect(section.simulcast?.streams(.send).map { $0.map(\.rid) } == [["q"], ["h"], ["f"]])
    #expect(section.sources.isEmpty && section.sourceGroups.isEmpty)
    let uris = section.headerExtensions.map(\.uri)
    for uri in [MediaIdentification.uri, RTPStreamID.uri, RepairedRTPStreamID.uri] { #expect(uris.contains(uri)) }
  }

  @Test(arguments: [Fidelity.model, .wire]) func `each encoding arrives at a receiver of its own`(_ fidelity: Fidelity)
    throws
  {
    let pair = try ConnectedPair.simulcast(fidelity)
    try pair.connect()
    pair.sendEncodings(for: .seconds(3))
    pair.run(for: .seconds(1))
    let (sent, received) = statistics(pair)
    #expect(sent.count == 3 && received.count == 3)
    for (sender, receiver) in zip(sent, received) {
      let receiver = try #require(receiver)
      #expect(
        receiver.ssrc == sender.ssrc
          && receiver.bytesReceived == sender.bytesSent - sender.retransmittedBytesSent)
      #expect(sender.framesSent == 75 && receiver.packetsLost == 0)
    }
    #expect(sent[1].bytesSent > sent[0].bytesSent && sent[2].bytesSent > sent[1].bytesSent)
    #expect(pair.b.core.drops == PeerConnection.DropCounts())
    #expect(pair.firstPackets.sorted() == [0, 1, 2])
  }

  @Test func `packets say where they belong until the peer has reported on them`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendEncodings(for: .seconds(4))
    let sender = pair.a.core.transceivers[0].senders[2].parameters
    let identity = try #require(sender.identity)
    let named = pair.sent(0, .rtp).filter { $0.rtp?.header.ssrc == sender.ssrc }.map { sent in
      let rid = try? sent.rtp?.headerExtension(RTPStreamID.self, id: identity.ridID, in: sent.bytes.span)
      let mid = try? sent.rtp?.headerExtension(MediaIdentification.self, id: identity.midID, in: sent.bytes.span)
      #expect((rid == nil) == (mid == nil) && rid.map { $0.value == "f" } != false)
      return rid != nil
    }
    let first = try #require(named.firstIndex(of: false))
    #expect(first > 10 && !named[first...].contains(true))
  }

  @Test func `a lost packet of an encoding comes again on its own stream of retransmissions`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    let sources = pair.a.core.transceivers[0].senders.map(\.parameters.ssrc)
    var seen = 0
    pair.fate = { sent in
      guard sent.side == 0, sent.rtp?.header.ssrc == sources[1] else { return (.zero, false) }
      seen += 1
      return (.zero, seen.isMultiple(of: 10))
    }
    pair.sendEncodings(for: .seconds(3))
    pair.run(for: .seconds(1))
    let (sent, received) = statistics(pair)
    let lost = seen / 10
    #expect(lost >= 5 && sent[1].retransmittedPacketsSent >= lost && received[1]?.packetsRepaired == lost)
    #expect(sent[0].nackCount == 0 && sent[2].nackCount == 0)
  }

  @Test func `a key frame is asked for of one encoding`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    pair.sendEncodings(for: .seconds(1))
    pair.b.core.requestKeyFrame(on: 0, encoding: 1, at: pair.now, into: &pair.b.output)
    // One that is not there is asked for nothing.
    pair.b.core.requestKeyFrame(on: 0, encoding: 3, at: pair.now, into: &pair.b.output)
    pair.run(for: .milliseconds(200))
    let asked = pair.a.events.compactMap { event in
      if case .keyFrameRequested(transceiver: 0, let encoding) = event { encoding } else { nil }
    }
    #expect(asked == [1])
    #expect(pair.a.core.transceivers[0].senders.map(\.statistics.pliCount) == [0, 1, 0])
  }

  @Test func `a peer that plays takes one encoding, the first`() throws {
    let pair = try ConnectedPair.simulcast(purpose: .playout)
    try pair.connect()
    #expect(pair.b.core.signaling.currentLocal?.media[0].attributes.simulcast == nil)
    pair.sendEncodings(for: .seconds(1))
    pair.run(for: .seconds(1))
    let (sent, received) = statistics(pair)
    #expect(sent.count == 1 && received.count == 1 && received[0]?.framesDecoded == 25)
  }

  @Test func `a peer that plays all encodings has a stream of each`() throws {
    let pair = try ConnectedPair.simulcast(purpose: .playout, receivesSimulcast: true)
    try pair.connect()
    pair.sendEncodings(for: .seconds(1))
    pair.run(for: .seconds(1))
    let received = pair.b.core.transceivers[0].receivers
    #expect(received.map { $0?.rid } == ["q", "h", "f"])
    #expect(statistics(pair).received.map { $0?.framesDecoded } == [25, 25, 25])
  }

  @Test func `what names no encoding, or one that was not agreed on, is nobody's`() throws {
    let pair = try ConnectedPair.simulcast()
    try pair.connect()
    for (number, rid) in ["x", nil, "Q"].enumerated() { pair.sendPacket(100 + UInt32(number), rid: rid) }
    pair.run(for: .milliseconds(100))
    #expect(pair.b.core.drops.unknownSource == 3 && pair.b.core.receivers.isEmpty)
    pair.sendEncodings(for: .milliseconds(400))
    #expect(pair.b.core.receivers.count == 3)
  }

  private static let chromiumOffer = try? String(
    contentsOf: Vectors.sharedFolder.appending(path: "reference/sdp/chromium_simulcast_offer.sdp"), encoding: .utf8)

  @Test(.enabled(if: chromiumOffer != nil))
  func `a unit takes the three encodings that Chromium offers`() throws {
    let pair = try ConnectedPair.simulcast()
    let offer = try SessionDescription(parsing: try #require(Self.chromiumOffer))
    try pair.b.core.setRemote(.offer(offer), at: .start, into: &pair.b.output)
    let section = try pair.b.core.createAnswer().media[0].attributes
    #expect(section.rids.map(\.id) == ["q", "h", "f"] && section.rids.allSatisfy { $0.direction == .recv })
    #expect(section.simulcast?.streams(.recv).map { $0.map(\.rid) } == [["q"], ["h"], ["f"]])
    #expect(section.headerExtensions.first { $0.uri == RTPStreamID.uri }?.id == 10)
    #expect(section.headerExtensions.first { $0.uri == RepairedRTPStreamID.uri }?.id == 11)
  }
}
