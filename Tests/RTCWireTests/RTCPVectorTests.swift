import Foundation
import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTCPVectorTests {
  /// Beginnings of the names of vectors that are no packets, and what they are.
  private let fragments = [
    "pion-rtcp/TestTApplicationPacketMarshal/": "the data of an APP packet without its header",
    "pion-rtcp/TestFullIntraRequestUnmarshalHeader/": "for a function that reads only the header",
    "pion-rtcp/TestHeaderUnmarshal/": "a header whose body is not there",
    "pion-rtcp/TestPictureLossIndicationUnmarshalHeader/": "for a function that reads only the header",
    "pion-rtcp/TestCCFeedbackMetricBlockUnmarshalMarshal/":
      "a metric block of RFC 8888, a message that is kept as it is",
    "pion-rtcp/TestCCFeedbackReportBlockUnmarshalMarshal/":
      "a report block of RFC 8888, a message that is kept as it is",
    "pion-rtcp/TestTransportLayerCC_RunLengthChunkUnmarshal/": "a chunk without its packet",
    "pion-rtcp/TestTransportLayerCC_StatusVectorChunkUnmarshal/": "a chunk without its packet",
    "pion-rtcp/TestTransportLayerCC_RecvDeltaUnmarshal/": "a delta without its packet",
  ]

  /// Packets with an error inside of a message that is not understood but kept as it is.
  private let malformedButKept = [
    "dev/ccfb-overrun": "congestion control feedback, RFC 8888",
    "libwebrtc/RtcpPacketTmmbnTest.ParseFailsOnUnAlignedPacket.kUnalignedPacket": "TMMBN, RFC 5104 §4.2.2",
    "libwebrtc/RtcpPacketTmmbrTest.ParseFailsOnUnAlignedPacket.kUnalignedPacket": "TMMBR, RFC 5104 §4.2.1",
  ]

  /// Packets that we would not have written so, and why.
  private let notCanonical = [
    "dev/twcc-extreme-deltas": "two runs, where a vector chunk is enough",
    "aiortc/rtcp_bye_padding": "the padding holds more than zeros and its count",
    "pion-rtcp/TestTApplicationPacketUnmarshal/validWithPadding": "the padding holds more than zeros and its count",
    "pion-rtcp/TestTransportLayerCC_Unmarshal/example2": "a zero delta in two bytes",
    "pion-rtcp/TestTransportLayerCC_Unmarshal/example5": "the padding count includes a delta",
    "pion-rtcp/TestTransportLayerCC_Unmarshal/example6": "a run that is longer than the packet status count",
  ]

  // dev/sdes-aiortc-overpad is ambiguous; the strict reading that its file gives is ours too.
  @Test func `packets parse to the messages of the vectors`() throws {
    var counts = (valid: 0, malformed: 0, fragments: 0)
    for vector in try RTCPVectorFile.all() {
      let data = bytes(hex: vector.hex)
      if vector.kind == "fragment" {
        #expect(fragments.keys.contains { vector.id.hasPrefix($0) }, "\(vector.id)")
        counts.fragments += 1
      } else if let parsed = vector.parsed {
        #expect(try rtcp(data) == parsed.packets(of: data), "\(vector.id)")
        counts.valid += 1
      } else if malformedButKept[vector.id] != nil {
        #expect(written(try rtcp(data)) == data, "\(vector.id)")
      } else {
        #expect(throws: RTCPError.self, "\(vector.id)") { try rtcp(data) }
        counts.malformed += 1
      }
    }
    #expect(counts == (Vectors.hasPublicData ? (101, 85, 29) : (53, 14, 0)))
  }

  @Test func `messages are written to the bytes of the vectors`() throws {
    for vector in try RTCPVectorFile.all() where vector.kind != "fragment" {
      guard let last = vector.parsed?.last else { continue }
      let data = bytes(hex: vector.hex)
      let packets = try rtcp(data)
      let padding = last.padding_multiple_of_4 == true ? last.padding_length! : 0
      let result = written(packets, padding: padding)
      #expect(try rtcp(result) == packets, "\(vector.id)")
      #expect((result == data) == (notCanonical[vector.id] == nil), "\(vector.id) was written as \(hex(result))")
    }
  }

  @Test func `lost packets are listed and packed as in the vectors`() throws {
    var count = 0
    for vector in try RTCPVectorFile.all() {
      guard let parsed = vector.parsed, let lost = parsed.first?.lost,
        case .genericNACK(let message)? = try rtcp(bytes(hex: vector.hex)).first
      else { continue }
      count += 1
      #expect(message.lost == lost.map { SequenceNumber($0) }, "\(vector.id)")
      let packed = GenericNACK(
        senderSSRC: message.senderSSRC, mediaSSRC: message.mediaSSRC, lost: lost.map { SequenceNumber($0) })
      #expect(packed == message, "\(vector.id)")
    }
    #expect(count >= 4)
  }

  @Test func `arrival times are those of the vectors`() throws {
    for vector in try RTCPVectorFile.all() {
      guard let expected = vector.parsed?.first?.packets,
        case .transportFeedback(let message)? = try rtcp(bytes(hex: vector.hex)).first
      else { continue }
      let received = expected.filter { $0.arrival_us != nil }
      #expect(message.arrivals.map { $0.number } == received.map { SequenceNumber($0.seq) }, "\(vector.id)")
      #expect(message.arrivals.map { $0.time } == received.map { .microseconds($0.arrival_us!) }, "\(vector.id)")
    }
  }

  @Test func `a bitrate is rounded down to 18 significant bits`() throws {
    var count = 0
    for vector in try RTCPVectorFile.all() {
      guard let requested = vector.requested_bitrate,
        case .receiverEstimatedMaximumBitrate(var message)? = try rtcp(bytes(hex: vector.hex)).first
      else { continue }
      count += 1
      message.bitrate = .bitsPerSecond(requested)
      #expect(written([.receiverEstimatedMaximumBitrate(message)]) == bytes(hex: vector.hex), "\(vector.id)")
    }
    #expect(count == 7)
  }

  @Test func `every cut of a valid compound packet is refused unless it ends between packets`() throws {
    for vector in try RTCPVectorFile.all() where vector.kind != "fragment" {
      guard let parsed = vector.parsed else { continue }
      let data = bytes(hex: vector.hex)
      var ends: Set<Int> = []
      for fields in parsed { ends.insert((ends.max() ?? 0) + 4 + 4 * fields.length_words) }
      for count in 0..<data.count where !ends.contains(count) {
        #expect(throws: RTCPError.self, "\(vector.id) cut to \(count)") { try rtcp(Array(data.prefix(count))) }
      }
    }
  }
}
