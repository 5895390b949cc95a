import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct TURNMessageReaderTests {
  private func messages() -> [[UInt8]] {
    var dice = SeededGenerator(seed: 5, stream: "messages")
    return (0..<40).map { index in
      var writer = ByteWriter()
      let data = (0..<Int(dice.next() % 1400)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      if index.isMultiple(of: 3) {
        var entropy = EntropySource(SeededGenerator(seed: UInt64(index), stream: "id"))
        STUNMessage(
          .indication, .send, transactionID: TransactionID(using: &entropy),
          attributes: [.xorPeerAddress(Endpoint(IPAddress(192, 0, 2, 1), 9)), .data(data)]
        ).write(into: &writer)
      } else {
        ChannelData.write(channel: 0x4000 + UInt16(index), data.span, into: &writer)
      }
      return writer.bytes
    }
  }

  @Test(arguments: [1, 3, 7, 100, 1460, 100_000])
  func `messages come out as they went in, however the stream is cut`(size: Int) throws {
    let messages = messages()
    var stream = ByteWriter()
    for message in messages { TURNMessageReader.write(message.span, into: &stream) }
    #expect(stream.count.isMultiple(of: 4))
    var reader = TURNMessageReader()
    var read: [[UInt8]] = []
    for begin in stride(from: 0, to: stream.count, by: size) {
      let piece = Array(stream.bytes[begin..<min(begin + size, stream.count)])
      try reader.append(piece.span) { read.append($0.array()) }
    }
    #expect(read == messages)
  }

  /// The vector `cd-tcp-padded` of RFC 8656 §12.5.
  @Test func `ChannelData is padded to a multiple of four that its length does not count`() throws {
    var writer = ByteWriter()
    TURNMessageReader.write(([0x40, 1, 0, 5, 0x61, 0x62, 0x63, 0x64, 0x65] as [UInt8]).span, into: &writer)
    #expect(hex(writer.bytes) == "400100056162636465000000")
  }

  @Test func `a stream that holds something else is refused`() {
    func error(_ bytes: [UInt8]) -> STUNError? {
      var reader = TURNMessageReader()
      do {
        try reader.append(bytes.span) { _ in }
        return nil
      } catch {
        return error
      }
    }
    #expect(error(Array("POST / HTTP/1.1".utf8)) == .invalidChannel(0x504F))
    #expect(error([0x50, 0, 0, 4, 1, 2, 3, 4]) == .invalidChannel(0x5000))
    #expect(error([0x80, 0, 0, 4]) == .topBitsSet(firstByte: 0x80))
    #expect(error([0, 1, 0, 3]) == .wrongLength(declared: 3, actual: 4))
    #expect(error([0, 1, 0, 0, 1, 2, 3, 4]) == .wrongMagicCookie(0x0102_0304))
    #expect(error([0, 1, 0, 0, 0x21]) == nil)
  }

  @Test func `no bytes make the reader trap`() {
    var dice = SeededGenerator(seed: 6, stream: "rubbish")
    for _ in 0..<3000 {
      var reader = TURNMessageReader()
      for _ in 0..<8 {
        var bytes = (0..<Int(dice.next() % 40)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        if !bytes.isEmpty { bytes[0] &= 0x4F }
        guard (try? reader.append(bytes.span) { _ in }) != nil else { break }
      }
    }
  }
}
