#if canImport(RTCWire)
  import RTCPrimitives
  import RTCWire
#endif

/// A libFuzzer target for every parser of RTCWire: nothing may trap, and what parses must be written to an equal value.
///
/// The first byte of the input chooses the parser, the rest is its input. README.md has the command line.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  let input = [UInt8](UnsafeBufferPointer(start: data + 1, count: count - 1))
  switch data[0] % 10 {
  case 0: fuzzRTP(input)
  case 1: fuzzHeaderExtensions(input)
  case 2: fuzzVP8(input)
  case 3: fuzzRTCP(input)
  case 4: fuzzSTUN(input)
  case 5: fuzzRelay(input)
  case 6: fuzzSDP(input)
  case 7: fuzzSDPAttribute(input)
  case 8: fuzzCandidate(input)
  default: fuzzDTLS(input)
  }
  return 0
}

private func fuzzRTP(_ input: [UInt8]) {
  _ = try? RTPPacket(parsing: input.span, elided: 1)
  guard let packet = try? RTPPacket(parsing: input.span) else { return }
  var ids = RTPExtensionIDMap()
  for id in 1...255 as ClosedRange<UInt8> { ids[id] = id }
  let same = RTPForwarding(
    payloadType: packet.header.payloadType, sequenceNumber: packet.header.sequenceNumber,
    timestamp: packet.header.timestamp, ssrc: packet.header.ssrc)
  var writer = ByteWriter()
  packet.writeForwarded(input.span, as: same, extensionIDs: ids, into: &writer)
  precondition(writer.bytes == input, "forwarding without changes changes bytes")

  writer.removeAll()
  do throws(RTPError) {
    try packet.writeForwarded(
      input.span, as: same, extensionIDs: ids, form: packet.extensionForm ?? .oneByte, into: &writer
    ) { (_, _) throws(RTPError) in }
    let again = try RTPPacket(parsing: writer.bytes.span)
    precondition(again.header.csrcs == packet.header.csrcs && again.payloadSize == packet.payloadSize)
    precondition(elements(of: again, in: writer.bytes) == elements(of: packet, in: input))
  } catch {
    preconditionFailure("\(error)")
  }
}

private func elements(of packet: RTPPacket, in data: [UInt8]) -> [[UInt8]] {
  var elements = packet.extensionElements
  var list: [[UInt8]] = []
  while let element = elements.next(in: data.span) { list.append([element.id] + data[element.range]) }
  return list
}

private func fuzzHeaderExtensions(_ input: [UInt8]) {
  func check<Extension: RTPHeaderExtension>(_ type: Extension.Type) {
    guard let value = try? Extension(parsing: input.span) else { return }
    var written = [UInt8](repeating: 0, count: value.size)
    var span = written.mutableSpan
    value.encode(into: &span, at: 0)
    precondition((try? Extension(parsing: written.span)) == value, "\(Extension.uri)")
  }
  for type in RTPHeaderExtensions.all { check(type) }
}

private func fuzzVP8(_ input: [UInt8]) {
  _ = try? VP8PayloadHeader(parsing: input.span)
  var reader = ByteReader(input.span)
  guard let descriptor = try? VP8PayloadDescriptor(parsing: &reader) else { return }
  var writer = ByteWriter()
  descriptor.write(into: &writer)
  precondition(writer.count == descriptor.size)
  var again = ByteReader(writer.bytes.span)
  precondition((try? VP8PayloadDescriptor(parsing: &again)) == descriptor)
}

private func fuzzRTCP(_ input: [UInt8]) {
  _ = try? RTCPCompound.parse(input.span, allowsReducedSize: false)
  guard let packets = try? RTCPCompound.parse(input.span) else { return }
  for padding in [0, 8] {
    var writer = ByteWriter()
    RTCPCompound.write(packets, padding: padding, into: &writer)
    precondition((try? RTCPCompound.parse(writer.bytes.span)) == packets)
  }
  for packet in packets {
    if case .transportFeedback(let message) = packet { precondition(message.arrivals.count <= message.statuses.count) }
    if case .genericNACK(let message) = packet { precondition(message.lost.count >= message.entries.count) }
  }
}

private func fuzzSTUN(_ input: [UInt8]) {
  _ = Demultiplexer.classify(input.span)
  _ = STUNMessage.isSTUN(input.span)
  _ = STUNMessage.fingerprintStatus(of: input.span)
  _ = STUNMessage.integrityInput(of: input.span)
  guard let message = try? STUNMessage(parsing: input.span) else { return }
  precondition((try? STUNMessage(parsing: message.bytes().span)) == message)
}

private func fuzzRelay(_ input: [UInt8]) {
  for elided in [0, 1, 50] {
    if let data = try? ChannelData(parsing: input.span, elided: elided) {
      precondition(data.range.upperBound <= input.count && 0...elided ~= data.elided)
    }
    if let indication = try? RelayIndication(parsing: input.span, elided: elided) {
      precondition(indication.range.upperBound <= input.count && 0...elided ~= indication.elided)
    }
  }
}

private func fuzzSDP(_ input: [UInt8]) {
  guard let session = try? SessionDescription(parsing: input) else { return }
  precondition((try? SessionDescription(parsing: session.description)) == session)
}

private func fuzzSDPAttribute(_ input: [UInt8]) {
  guard let attribute = try? SDPAttribute(parsing: String(decoding: input, as: UTF8.self)) else { return }
  precondition((try? SDPAttribute(parsing: attribute.description)) == attribute)
}

private func fuzzCandidate(_ input: [UInt8]) {
  guard let candidate = try? ICECandidate(parsing: String(decoding: input, as: UTF8.self)) else { return }
  precondition((try? ICECandidate(parsing: candidate.description)) == candidate)
}

private func fuzzDTLS(_ input: [UInt8]) {
  _ = DTLSRecord.begins(input.span)
  if let records = try? DTLSRecord.records(in: input.span) {
    precondition(records.last?.range.upperBound == input.count)
  }
  var flight = DTLSFlight()
  try? flight.append(input.span)
  _ = flight.description
}
