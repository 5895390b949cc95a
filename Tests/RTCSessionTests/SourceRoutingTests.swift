import RTCMedia
import RTCPrimitives
import RTCWire
import Testing

@testable import RTCSession

/// Where media goes whose source the descriptions do not announce.
///
/// - SeeAlso: RFC 9143 §9.2
@Suite struct SourceRoutingTests {
  /// What a peer says that announces no source and, if `tags`, writes the tag into its packets.
  private static func unannounced(tags: Bool) -> (String) -> String {
    { text in
      let lines = text.split(separator: "\r\n").filter { !$0.hasPrefix("a=ssrc:") }.map { line in
        tags ? String(line).replacing("a=extmap:1/recvonly ", with: "a=extmap:1 ") : String(line)
      }
      return lines.map { "\($0)\r\n" }.joined()
    }
  }

  private func pair(_ kinds: [MediaKind], tags: Bool) throws -> ConnectedPair {
    let pair = try ConnectedPair()
    for kind in kinds { pair.a.core.addTransceiver(kind, direction: .sendonly) }
    try pair.connect(editing: Self.unannounced(tags: tags))
    #expect(pair.b.core.transceivers.map { $0.receiver == nil } == kinds.map { _ in true })
    return pair
  }

  /// Lets `a` send a packet of a source of which nothing is known but what stands in it.
  private func send(_ ssrc: UInt32, payloadType: UInt8, number: UInt16 = 1, tag: String? = nil, in pair: ConnectedPair)
    throws
  {
    var header = RTPHeader(
      payloadType: payloadType, sequenceNumber: SequenceNumber(number), timestamp: 0, ssrc: ssrc, marker: true)
    header.hasExtension = tag != nil
    let identification = try tag.map { try #require(MediaIdentification($0)) }
    _ = pair.a.core.transport.sendRTP(at: pair.now, into: &pair.a.output.datagrams) { writer in
      header.write(into: &writer)
      if let identification {
        let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
        try? block.append(identification, id: 1, into: &writer)
        block.close(&writer)
      }
      writer.appendZeros(20)
    }
    pair.run(for: .milliseconds(100))
  }

  private func sources(_ pair: ConnectedPair) -> [UInt32?] {
    pair.b.core.transceivers.map { $0.receiver?.parameters.ssrc }
  }

  private func received(_ pair: ConnectedPair, _ index: Int) -> Int? {
    pair.b.core.transceivers[index].receiver?.statistics(at: pair.now).packetsReceived
  }

  @Test func `a peer that announces no source is seen all the same`() throws {
    let pair = try pair([.video], tags: false)
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(2))
    pair.stopVideo()
    pair.run(for: .seconds(2))
    #expect(pair.b.played[0] == pair.a.sentFrames[0])
    #expect(pair.b.core.drops.unknownSource == 0)
    let firsts = pair.b.events.count {
      if case .firstPacketReceived(transceiver: 0, encoding: 0) = $0 { true } else { false }
    }
    #expect(firsts == 1)
  }

  @Test func `without a tag the payload type decides where only one section has it`() throws {
    let pair = try pair([.audio, .video], tags: false)
    try send(7, payloadType: 96, in: pair)
    try send(8, payloadType: 111, in: pair)
    #expect(sources(pair) == [8, 7])
    // Each has its source now, and another one belongs to nobody.
    for ssrc in 100..<200 { try send(UInt32(ssrc), payloadType: 96, in: pair) }
    #expect(sources(pair) == [8, 7])
    #expect(pair.b.core.receivers.count == 2 && pair.b.core.drops.unknownSource == 100)
  }

  @Test func `without a tag a payload type that two sections have decides nothing`() throws {
    let pair = try pair([.video, .video], tags: false)
    try send(7, payloadType: 96, in: pair)
    #expect(sources(pair) == [nil, nil] && pair.b.core.drops.unknownSource == 1)
  }

  @Test func `the tag in a packet decides`() throws {
    let pair = try pair([.video, .video, .audio], tags: true)
    let mids = pair.b.core.transceivers.compactMap(\.media.mid)
    try send(7, payloadType: 96, tag: mids[1], in: pair)
    #expect(sources(pair) == [nil, 7, nil])
    // Once it is known the source alone is enough.
    try send(7, payloadType: 96, number: 2, in: pair)
    #expect(received(pair, 1) == 2)
    try send(8, payloadType: 96, tag: "another", in: pair)
    try send(9, payloadType: 111, tag: mids[0], in: pair)
    #expect(sources(pair) == [nil, 7, nil] && pair.b.core.drops.unknownSource == 2)
    try send(10, payloadType: 96, tag: mids[0], in: pair)
    try send(11, payloadType: 111, tag: mids[2], in: pair)
    #expect(sources(pair) == [10, 7, 11])
  }

  @Test func `who receives nothing takes no source`() throws {
    let pair = try pair([.video], tags: false)
    pair.b.core.setDirection(.inactive, of: 0)
    try pair.negotiate(answer: [.inactive], editing: Self.unannounced(tags: false))
    try send(7, payloadType: 96, in: pair)
    #expect(sources(pair) == [nil])
  }

  @Test func `every section says that it reads tags, and none that it writes them`() throws {
    let pair = try ConnectedPair()
    for kind in MediaKind.allCases { pair.a.core.addTransceiver(kind, direction: .sendrecv) }
    for section in try pair.a.core.createOffer().media {
      let map = section.attributes.headerExtensions.first { $0.uri == MediaIdentification.uri }
      #expect(map == HeaderExtensionMap(id: 1, uri: MediaIdentification.uri, direction: .recvonly))
    }
  }
}
