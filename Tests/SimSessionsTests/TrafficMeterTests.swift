import RTCPrimitives
import RTCWire
import SimSessions
import Testing

@Suite struct TrafficMeterTests {
  private static let tagLength = 16

  /// An RTP packet as SRTP leaves it: a header with an extension, the payload, and a tag.
  private func srtp(payloadType: UInt8, payload: Int, marker: Bool = false) -> [UInt8] {
    var header = RTPHeader(
      payloadType: payloadType, sequenceNumber: SequenceNumber(1), timestamp: 2, ssrc: 3, marker: marker)
    header.hasExtension = true
    var writer = ByteWriter()
    header.write(into: &writer)
    // One-byte extensions (RFC 8285 §4.2): one word with an element of one byte and padding.
    return writer.bytes + [0xBE, 0xDE, 0, 1, 0x10, 0, 0, 0] + [UInt8](repeating: 7, count: payload + Self.tagLength)
  }

  @Test func `payload is what is left of a packet without header, extensions and tag`() {
    var meter = TrafficMeter(tagLength: Self.tagLength)
    for (size, marker) in [(1000, false), (200, true), (900, true)] {
      meter.count(srtp(payloadType: 96, payload: size, marker: marker).span)
    }
    meter.count(srtp(payloadType: 111, payload: 70).span)
    #expect(meter.video.payloadBytes == 2100 && meter.video.marked == 2)
    #expect(meter.video.flow.datagrams == 3 && meter.video.flow.bytes == 2100 + 3 * (12 + 8 + 16))
    #expect(meter.video.flow.size(percentile: 0.5) == 936 && meter.video.flow.size(percentile: 0.95) == 1036)
    #expect(meter.audio.payloadBytes == 70 && meter.audio.flow.meanSize == 106)
    #expect(meter.all.datagrams == 4)
  }

  @Test func `requests are told from responses, and RTCP from RTP`() {
    var meter = TrafficMeter(tagLength: Self.tagLength)
    let id = TransactionID(high: 1, low: 2)
    for kind in [STUNMessage.Class.request, .success, .error, .indication] {
      meter.count(STUNMessage(kind, .binding, transactionID: id).bytes().span)
    }
    meter.count(([0x80, 200] + [UInt8](repeating: 0, count: 58)).span)
    meter.count(([22, 0xFE, 0xFD] + [UInt8](repeating: 0, count: 20)).span)
    #expect(meter.stunRequests.datagrams == 1)
    #expect(meter.rtcp.datagrams == 1 && meter.rtcp.bytes == 60)
    #expect(meter.audio.flow.datagrams == 0 && meter.video.flow.datagrams == 0)
    #expect(meter.video.flow.meanSize == nil && meter.video.flow.size(percentile: 0.5) == nil)
    #expect(meter.all.datagrams == 6)
  }

  @Test func `a simulated call sends what its encoders make, and asks for consent`() throws {
    let scenario = try ScenarioLibrary.find().scenario("two-peers")
    let traffic = try CallRun(scenario, window: .seconds(10)).run()
    // 800 kbit/s and 30 pictures, 50 packets of sound a second at each of two ends.
    #expect(abs(Double(traffic.sent.video.payloadBytes) * 8 / 20 / 800_000 - 1) < 0.03)
    #expect((599...601).contains(traffic.sent.video.marked))
    #expect((999...1001).contains(traffic.sent.audio.flow.datagrams))
    #expect((3...6).contains(traffic.sent.stunRequests.datagrams))
    #expect(traffic.steps.count == CallTraffic.Step.allCases.count && traffic.packetsLost == 0)
    #expect(traffic.cpu.codecs > traffic.cpu.transport && traffic.cpu.transport > .zero)
  }
}
