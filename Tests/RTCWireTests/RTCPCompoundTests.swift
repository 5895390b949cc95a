import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTCPCompoundTests {
  private let report = RTCPPacket.receiverReport(ReceiverReport(ssrc: 1))
  private let nack = RTCPPacket.genericNACK(GenericNACK(senderSSRC: 1, mediaSSRC: 2, lost: [3]))
  private let feedback = RTCPPacket.transportFeedback(
    TransportFeedback(
      senderSSRC: 1, mediaSSRC: 2, baseSequenceNumber: 65535, referenceTime: -1, feedbackPacketCount: 4,
      statuses: [.received(steps: 1), .notReceived, .received(steps: -5)]))

  @Test func `reduced size must have been negotiated`() throws {
    #expect(throws: RTCPError.reducedSize(.transportLayerFeedback)) {
      try rtcp(written([nack, report]), allowsReducedSize: false)
    }
    #expect(try rtcp(written([nack])) == [nack])
    #expect(try rtcp(written([report, nack]), allowsReducedSize: false) == [report, nack])
  }

  @Test func `only the last packet is padded`() throws {
    let alone = written([feedback])
    #expect(alone.count == 28 && alone[0] == 0xAF && alone.last == 3)
    let inside = written([feedback, report])
    #expect(inside[0] == 0x8F)
    #expect(try rtcp(inside) == [feedback, report])
  }

  @Test(arguments: [0, 4, 248])
  func `padding is added to what a packet needs itself`(padding: Int) throws {
    for packets in [[report], [report, feedback]] {
      let data = written(packets, padding: padding)
      #expect(data.count == written(packets).count + padding)
      #expect(try rtcp(data) == packets)
    }
  }

  @Test func `errors name message, offset and reason`() {
    #expect(throws: RTCPError.truncated(.receiverReport, TruncatedInput(offset: 24, needed: 24, available: 0))) {
      try rtcp(bytes(hex: "80c9000100000001 80c9000100000002 81c9000100000003"))
    }
    let error = RTCPError.truncated(.receiverReport, TruncatedInput(offset: 24, needed: 24, available: 0))
    #expect(error.description == "RTCP RR truncated at offset 24: 24 bytes needed, 0 left")
  }

  // The example of RFC 3550 figure 2: A = b710:8000, LSR = b705:2000, DLSR = 5.25 s, delay 6.125 s.
  @Test func `a report block tells the round-trip time`() {
    var block = ReportBlock(
      ssrc: 1, lastSenderReport: CompactNTP(rawValue: 0xb705_2000),
      delaySinceLastSenderReport: CompactNTP(rawValue: 0x0005_4000))
    let arrival = NTPTimestamp(seconds: 0xb44d_b710, fraction: 0x8000_0000)
    #expect(block.roundTripTime(at: arrival) == .milliseconds(6125))
    #expect(block.roundTripTime(at: NTPTimestamp(seconds: 0xb44d_b705)) == .zero)
    block.lastSenderReport = .zero
    #expect(block.roundTripTime(at: arrival) == nil)
  }

  @Test func `a lost count outside of 24 bits is limited`() throws {
    for (count, limited) in [(Int32.max, Int32(0x7F_FFFF)), (.min, -0x80_0000)] {
      let block = ReportBlock(ssrc: 1, cumulativeLost: count)
      let parsed = try rtcp(written([.receiverReport(ReceiverReport(ssrc: 1, reports: [block]))]))
      #expect(
        parsed == [
          .receiverReport(ReceiverReport(ssrc: 1, reports: [ReportBlock(ssrc: 1, cumulativeLost: limited)]))
        ])
    }
  }

  @Test(arguments: 0..<9) func `a description of any length fills whole words`(length: Int) throws {
    let name = String(repeating: "x", count: length)
    let packet = RTCPPacket.sourceDescription(SourceDescription(ssrc: 1, canonicalName: name))
    let data = written([packet, report])
    #expect(data.count == 4 + 4 + (2 + length) / 4 * 4 + 4 + 8)
    #expect(try rtcp(data) == [packet, report])
  }

  @Test func `a bitrate beyond 63 bits is refused`() {
    let data = bytes(hex: "8fce0004 00000001 00000000 52454d42 00ffffff")
    #expect(throws: RTCPError.bitrateOverflow(mantissa: 0x3FFFF, exponent: 63, offset: 17)) { try rtcp(data) }
  }
}
