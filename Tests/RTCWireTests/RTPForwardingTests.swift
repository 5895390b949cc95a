import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTPForwardingTests {
  private let forwarding = RTPForwarding(payloadType: 100, sequenceNumber: 7, timestamp: 8, ssrc: 9)

  private func packet(form: RTPExtensionForm, padding: Int = 0) throws -> [UInt8] {
    var header = RTPHeader(
      payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3, marker: true, csrcs: [0xAAAA_AAAA, 0xBBBB_BBBB])
    header.hasExtension = true
    header.hasPadding = padding > 0
    var writer = ByteWriter()
    header.write(into: &writer)
    let block = RTPExtensionBlock(opening: &writer, form: form)
    try block.append(#require(MediaIdentification("vid")), id: 1, into: &writer)
    try block.append(TransportSequenceNumber(500), id: 2, into: &writer)
    try block.append(AudioLevel(level: 3, hasVoice: false), id: 3, into: &writer)
    block.close(&writer)
    writer.append([0xDE, 0xAD, 0xBE, 0xEF, 0x01] as [UInt8])
    if padding > 0 { RTPHeader.writePadding(padding, into: &writer) }
    return writer.bytes
  }

  @Test(arguments: [RTPExtensionForm.oneByte, .twoByte(applicationBits: 5)])
  func `forwarding in place changes fields and identifiers and nothing else`(form: RTPExtensionForm) throws {
    let data = try packet(form: form, padding: 4)
    let packet = try RTPPacket(data)
    var ids = RTPExtensionIDMap()
    ids[1] = 14
    ids[2] = 2
    var writer = ByteWriter()
    writer.append(0x55 as UInt8)
    packet.writeForwarded(data.span, as: forwarding, extensionIDs: ids, into: &writer)
    let found = packet.extensionRange(id: 2, in: data.span)
    let range = try #require(found)
    let louder = AudioLevel(level: 1, hasVoice: true)
    let replaced = packet.replaceExtension(with: TransportSequenceNumber(9000), at: range, ofPacketAt: 1, in: &writer)
    let replacedWrongSize = packet.replaceExtension(with: louder, at: range, ofPacketAt: 1, in: &writer)
    #expect(replaced && !replacedWrongSize)

    let sent = [UInt8](writer.bytes.dropFirst())
    let view = try RTPPacket(sent)
    var expected = RTPHeader(
      payloadType: 100, sequenceNumber: 7, timestamp: 8, ssrc: 9, marker: true, csrcs: [0xAAAA_AAAA, 0xBBBB_BBBB])
    expected.hasExtension = true
    expected.hasPadding = true
    #expect(view.header == expected)
    #expect(view.extensionForm == form)
    #expect(view.elementList(of: sent) == [.init(id: 14, hex: "766964"), .init(id: 2, hex: "2328")])
    #expect(view.paddingLength == 4)
    #expect(sent[view.payloadRange] == data[packet.payloadRange])
  }

  @Test func `forwarding with a new block keeps, drops and adds elements`() throws {
    let data = try packet(form: .twoByte())
    let packet = try RTPPacket(data)
    var ids = RTPExtensionIDMap()
    ids[3] = 5
    var writer = ByteWriter()
    try packet.writeForwarded(data.span, as: forwarding, extensionIDs: ids, into: &writer) {
      (block, writer) throws(RTPError) in
      try block.append(AbsoluteSendTime(rawValue: 0x123456), id: 6, into: &writer)
    }
    let view = try RTPPacket(writer.bytes)
    #expect(view.extensionForm == .oneByte)
    #expect(view.elementList(of: writer.bytes) == [.init(id: 5, hex: "03"), .init(id: 6, hex: "123456")])
    #expect(view.header.ssrc == 9)
    #expect(writer.bytes[view.payloadRange] == data[packet.payloadRange])
  }

  @Test func `an element that the form cannot hold is refused`() throws {
    var writer = ByteWriter()
    let block = RTPExtensionBlock(opening: &writer, form: .oneByte)
    #expect(throws: RTPError.extensionDoesNotFit(id: 15, size: 1, form: .oneByte)) {
      try block.append(AudioLevel(level: 1, hasVoice: true), id: 15, into: &writer)
    }
    let long = try #require(MediaIdentification("seventeen-letters"))
    #expect(throws: RTPError.extensionDoesNotFit(id: 1, size: 17, form: .oneByte)) {
      try block.append(long, id: 1, into: &writer)
    }
  }

  @Test func `elided bytes count as payload and exclude padding`() throws {
    let data = bytes(hex: "806000010000000200000003aabb")
    let packet = try RTPPacket(data, elided: 1000)
    #expect(packet.payloadRange == 12..<14)
    #expect(packet.payloadSize == 1002)
    let padded = bytes(hex: "a060000100000002000000030001")
    #expect(throws: RTPError.paddingElided(count: 10)) { try RTPPacket(padded, elided: 10) }
  }

  @Test func `errors name offset and reason`() {
    let cut = bytes(hex: "9060000100000002000000031000000201050102")
    #expect(throws: RTPError.truncated(TruncatedInput(offset: 16, needed: 8, available: 4))) {
      try RTPPacket(cut)
    }
    #expect(
      RTPError.truncated(TruncatedInput(offset: 16, needed: 8, available: 4)).description
        == "RTP truncated at offset 16: 8 bytes needed, 4 left")
  }
}
