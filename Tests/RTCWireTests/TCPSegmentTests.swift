import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct TCPSegmentTests {
  /// The header of RFC 9293 figure 1, field by field.
  @Test func `a segment is written as the figure of the RFC shows it`() throws {
    let segment = TCPSegment(
      sequenceNumber: 0x0102_0304, acknowledgmentNumber: 0x0506_0708, flags: [.acknowledge, .push], window: 0x0910)
    var writer = ByteWriter()
    segment.write(([0xAA, 0xBB] as [UInt8]).span, into: &writer)
    #expect(
      hex(writer.bytes) == "00000000" + "01020304" + "05060708" + "5018" + "0910" + "0000" + "0000" + "aabb")
    let parsed = try TCPSegment(parsing: writer.bytes.span)
    #expect(parsed.sequenceNumber == segment.sequenceNumber)
    #expect(parsed.acknowledgmentNumber == segment.acknowledgmentNumber)
    #expect(parsed.flags == segment.flags)
    #expect(parsed.dataRange == 20..<22)
    #expect(parsed.length == 2)
  }

  @Test func `the options of a SYN survive the way`() throws {
    let segment = TCPSegment(
      sequenceNumber: 1, flags: .synchronize, window: 65535, maximumSegmentSize: 1460, windowScale: 7)
    var writer = ByteWriter()
    segment.write([UInt8]().span, into: &writer)
    #expect(hex(writer.bytes[20...].map { $0 }) == "020405b4" + "01030307")
    let parsed = try TCPSegment(parsing: writer.bytes.span)
    #expect(parsed.maximumSegmentSize == 1460)
    #expect(parsed.windowScale == 7)
    #expect(parsed.length == 1)
  }

  /// RFC 2018 §2, §3
  @Test func `selective acknowledgments survive the way, and half a block does not`() throws {
    var segment = TCPSegment(sequenceNumber: 1, flags: .synchronize, window: 1, maximumSegmentSize: 1460)
    segment.permitsSelectiveAcknowledgment = true
    var writer = ByteWriter()
    segment.write([UInt8]().span, into: &writer)
    #expect(hex(writer.bytes[20...].map { $0 }) == "020405b4" + "01010402")
    #expect(try TCPSegment(parsing: writer.bytes.span).permitsSelectiveAcknowledgment)

    segment = TCPSegment(sequenceNumber: 1, acknowledgmentNumber: 2, flags: .acknowledge, window: 1)
    segment.selectiveAcknowledgments = [.init(begin: 0xFFFF_FFF0, end: 16), .init(begin: 32, end: 48)]
    writer.removeAll()
    segment.write([UInt8]().span, into: &writer)
    #expect(hex(writer.bytes[20...].map { $0 }) == "01010512" + "fffffff000000010" + "0000002000000030")
    let parsed = try TCPSegment(parsing: writer.bytes.span)
    #expect(parsed.selectiveAcknowledgments == segment.selectiveAcknowledgments)
    #expect(throws: TCPError.malformedOption(kind: 5, offset: 20)) {
      try TCPSegment(
        parsing: ([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 7 << 4, 0x10, 0, 1, 0, 0, 0, 0] + [5, 6, 0, 0, 0, 0, 0, 0]).span)
    }
  }

  @Test func `unknown options are skipped and impossible ones are named`() throws {
    func segment(options: [UInt8], dataOffset: UInt8) -> [UInt8] {
      [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, dataOffset << 4, 0x10, 0, 1, 0, 0, 0, 0] + options
    }
    // SACK permitted, timestamps, window scale.
    let known: [UInt8] = [4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 3, 3, 9, 0]
    #expect(try TCPSegment(parsing: segment(options: known, dataOffset: 9).span).windowScale == 9)
    #expect(throws: TCPError.malformedOption(kind: 2, offset: 20)) {
      try TCPSegment(parsing: segment(options: [2, 3, 0, 0], dataOffset: 6).span)
    }
    #expect(throws: TCPError.malformedOption(kind: 8, offset: 20)) {
      try TCPSegment(parsing: segment(options: [8, 10, 0, 0], dataOffset: 6).span)
    }
    #expect(throws: TCPError.malformedOption(kind: 9, offset: 23)) {
      try TCPSegment(parsing: segment(options: [1, 1, 1, 9], dataOffset: 6).span)
    }
    #expect(throws: TCPError.wrongDataOffset(24, available: 20)) {
      try TCPSegment(parsing: segment(options: [], dataOffset: 6).span)
    }
    #expect(throws: TCPError.wrongDataOffset(16, available: 20)) {
      try TCPSegment(parsing: segment(options: [], dataOffset: 4).span)
    }
  }

  @Test func `no bytes make the parser trap`() {
    var dice = SeededGenerator(seed: 9, stream: "tcp/fuzz")
    for _ in 0..<20_000 {
      var bytes = (0..<Int(dice.next() % 80)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      if bytes.count > 12 { bytes[12] = UInt8(5 + dice.next() % 6) << 4 }
      guard let segment = try? TCPSegment(parsing: bytes.span) else { continue }
      #expect(segment.dataRange.upperBound == bytes.count)
    }
  }
}
