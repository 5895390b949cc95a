import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// Congestion control in two whole connections.
struct CongestionControlTests {
  private static let limits = RateLimits(
    minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(5))

  private func pair(
    _ fidelity: Fidelity = .model, controllers: [String?] = ["gcc", "gcc"]
  ) throws -> ConnectedPair {
    let entries = try controllers.map { name in try name.map { try #require(CongestionControllers.named($0)) } }
    let pair = try ConnectedPair(fidelity) { configuration, side in
      configuration.congestion = entries[side].map { CongestionSettings(controller: $0, limits: Self.limits) }
    }
    pair.a.core.addTransceiver(.video, direction: .sendonly)
    return pair
  }

  private func transportNumbers(_ pair: ConnectedPair) -> [SequenceNumber] {
    pair.sent(0, .rtp).compactMap { datagram in
      datagram.rtp.flatMap {
        (try? $0.headerExtension(TransportSequenceNumber.self, id: 4, in: datagram.bytes.span))?.value
      }
    }
  }

  @Test func `an offer names the numbers, the feedback and a stream of retransmissions`() throws {
    let pair = try pair()
    let text = try pair.a.core.createOffer().description
    for line in [
      "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
      "a=rtcp-fb:96 transport-cc",
      "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=ssrc-group:FID ",
    ] {
      #expect(text.contains(line), "\(line) in \(text)")
    }
  }

  @Test func `media that come to a connection of data alone are controlled, too`() throws {
    let settings = CongestionSettings(
      controller: try #require(CongestionControllers.named("gcc")), limits: Self.limits)
    let pair = try ConnectedPair { configuration, _ in configuration.congestion = settings }
    _ = try pair.a.core.createDataChannel("chat", at: pair.now, into: &pair.a.output)
    try pair.connect()
    pair.a.core.addTransceiver(.video, direction: .sendonly)
    try pair.negotiate()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(3))
    let control = pair.a.core.control
    #expect(try #require(control?.decision).target > .kilobitsPerSecond(300))
    #expect(pair.b.core.transceivers[0].receiver?.statistics(at: pair.now).framesDecoded ?? 0 > 60)
  }

  @Test(arguments: [Fidelity.wire, .model])
  func `every packet bears the next number, and the peer tells of each`(fidelity: Fidelity) throws {
    let pair = try pair(fidelity)
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(3))
    let found = pair.a.core.control
    let control = try #require(found)
    #expect(control.statistics.packetsSent == pair.sent(0, .rtp).count)
    #expect(control.statistics.feedbackReceived > 40)
    let decision = try #require(control.decision)
    #expect(decision.target > .kilobitsPerSecond(300))
    if fidelity == .model {
      let numbers = transportNumbers(pair)
      #expect(numbers.count == control.statistics.packetsSent)
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0.next })
    }
    #expect(pair.b.core.transceivers[0].receiver?.statistics(at: pair.now).framesDecoded ?? 0 > 60)
  }

  @Test func `payload, headers and padding are together all that is sent, and no padding counts as payload`() throws {
    let pair = try pair()
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(2))
    pair.stopVideo()
    // Padding of less than 80 kbit/s is too small to repeat packets, and goes out empty.
    for rate in [500, 60] {
      pair.a.core.control?.setPadding(.kilobitsPerSecond(Int64(rate)), at: pair.now)
      pair.run(for: .seconds(1))
    }
    let sender = try #require(pair.a.core.transceivers[0].sender)
    let statistics = sender.statistics
    let packets = pair.sent(0, .rtp).compactMap { sent in sent.rtp.map { ($0, sent.size - 16) } }
    let media = packets.filter { $0.0.header.ssrc == sender.parameters.ssrc }
    #expect(packets.contains { $0.0.header.hasPadding })
    #expect(statistics.packetsSent == packets.count && packets.count > media.count + 20)
    #expect(statistics.bytesSent == media.reduce(0) { $0 + $1.1 - $1.0.payloadRange.lowerBound })
    #expect(statistics.bytesSent + statistics.headerBytesSent == packets.reduce(0) { $0 + $1.1 })
    #expect(statistics.paddingBytesSent > 10_000 && statistics.paddingBytesSent < statistics.headerBytesSent)
    #expect(statistics.retransmittedBytesSent == 0)
  }

  @Test(arguments: [Fidelity.wire, .model])
  func `what is lost comes again on the stream of retransmissions and is played`(fidelity: Fidelity) throws {
    let pair = try pair(fidelity)
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(1))
    var count = 0
    var dropped = 0
    let begin = pair.now
    pair.fate = { datagram in
      guard datagram.side == 0, datagram.kind == .rtp, datagram.time < begin + .seconds(1) else {
        return (.zero, false)
      }
      count += 1
      guard count.isMultiple(of: 10) else { return (.zero, false) }
      dropped += 1
      return (.zero, true)
    }
    pair.run(for: .seconds(2))
    pair.stopVideo()
    pair.run(for: .seconds(2))
    #expect(dropped > 5)
    let inbound = try #require(pair.b.core.transceivers[0].receiver).statistics(at: pair.now)
    // As with RFC 3550, what was lost of this source stays lost, although all of it came on the other one.
    #expect(inbound.packetsLost == inbound.packetsRepaired && inbound.packetsRepaired > 0)
    #expect(inbound.packetsLostBeforeRepair == inbound.packetsLost)
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
    let streams = Set(pair.sent(0, .rtp).compactMap { $0.rtp?.header.ssrc })
    if fidelity == .model { #expect(streams.count == 2) }
  }

  @Test func `what is sent twice is not played twice, not counted as lost and not asked for again`() throws {
    let pair = try pair()
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(1))
    for _ in 0..<20 {
      pair.a.core.repeatLast(3, on: 0, at: pair.now, into: &pair.a.output.datagrams)
      pair.run(for: .milliseconds(50))
    }
    let repeated = try #require(pair.a.core.transceivers[0].sender).statistics.retransmittedPacketsSent
    #expect(repeated >= 60)
    pair.stopVideo()
    pair.run(for: .seconds(1))
    let inbound = try #require(pair.b.core.transceivers[0].receiver).statistics(at: pair.now)
    #expect(inbound.packetsLost == 0 && inbound.nackCount == 0 && inbound.retransmittedPacketsReceived == 0)
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
    #expect(pair.b.core.drops.unknownSource == 0 && pair.b.core.drops.malformedRTP == 0)
  }

  @Test func `with a peer that does not know the numbers everything is sent as without control`() throws {
    let pair = try pair(controllers: ["gcc", nil])
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(1))
    #expect(pair.a.core.control?.decision == nil)
    #expect(transportNumbers(pair).isEmpty)
    #expect(pair.b.core.transceivers[0].receiver?.statistics(at: pair.now).framesDecoded ?? 0 > 20)
  }
}
