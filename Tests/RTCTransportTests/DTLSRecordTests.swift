import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct DTLSRecordTests {
  /// A fatal handshake_failure alert, by hand.
  private let alert = bytes(hex: "15 fefd 0000 000000000005 0002 02 28")

  @Test func `a plaintext alert is read field by field`() throws {
    let record = try DTLSRecord(parsing: alert.span, at: 0)
    #expect(record.contentType == .alert && record.version == 0xFEFD)
    #expect(record.epoch == 0 && record.sequenceNumber == 5)
    #expect(record.content == .alert(DTLSAlert(level: .fatal, code: 40)))
    #expect(record.range == 0..<15)
    #expect(DTLSAlert(level: .fatal, code: 40).description == "handshake_failure")
  }

  @Test func `a fragment of a handshake message says where it belongs`() throws {
    let datagram = bytes(hex: "16 feff 0000 000000000001 0010 0b 000064 0002 000020 000004 01020304")
    let fragment = DTLSHandshakeFragmentProbe(try DTLSRecord(parsing: datagram.span, at: 0))
    #expect(fragment.types == [.certificate])
    #expect(fragment.first?.messageLength == 100 && fragment.first?.fragmentOffset == 32)
    #expect(fragment.first?.messageSequence == 2 && fragment.first?.body == 25..<29)
    #expect(fragment.first?.isWhole == false)
  }

  @Test func `records of later epochs are opaque`() throws {
    let datagram = bytes(hex: "16 fefd 0001 000000000000 0003 aabbcc")
    #expect(try DTLSRecord(parsing: datagram.span, at: 0).content == .encrypted)
  }

  @Test(arguments: [
    ("", DTLSRecordError.truncated(offset: 0, needed: 13, available: 0)),
    ("13 fefd 0000 000000000005 0002 02 28", .unknownContentType(0x13, offset: 0)),
    ("15 0303 0000 000000000005 0002 02 28", .unknownVersion(0x0303, offset: 1)),
    ("15 fefd 0000 000000000005 0003 02 28", .truncated(offset: 13, needed: 3, available: 2)),
    ("15 fefd 0000 000000000005 0002 03 28", .malformedAlert(offset: 13)),
    ("14 fefd 0000 000000000005 0001 02", .malformedChangeCipherSpec(offset: 13)),
    ("17 fefd 0001 000000000005 0000", .emptyRecord(offset: 0)),
    ("16 fefd 0000 000000000005 0002 0b00", .truncated(offset: 13, needed: 12, available: 2)),
    (
      "16 feff 0000 000000000001 0010 0b 000003 0002 000000 000004 01020304",
      .fragmentOutsideMessage(offset: 19, fragmentEnd: 4, messageLength: 3)
    ),
  ])
  func `a malformed record is refused with its offset`(text: String, error: DTLSRecordError) {
    let datagram = bytes(hex: text)
    #expect(throws: error) { _ = try DTLSRecord.records(in: datagram.span) }
  }

  @Test func `the records of a real handshake tile its datagrams`() throws {
    let pair = try DTLSPair(CryptoProvider(host: SeededHost(seed: 31).host))
    pair.start()
    pair.run()
    for datagram in pair.sent {
      let records = try DTLSRecord.records(in: datagram.bytes.span)
      #expect(records.first?.range.lowerBound == 0 && records.last?.range.upperBound == datagram.bytes.count)
      #expect(zip(records, records.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound })
    }
  }

  @Test func `the parser takes any bytes`() throws {
    let pair = try DTLSPair(CryptoProvider(host: SeededHost(seed: 32).host))
    pair.start()
    pair.run()
    var dice = SeededGenerator(seed: 32, stream: "mutation")
    var accepted = 0
    for round in 0..<20_000 {
      var datagram = pair.sent[round % pair.sent.count].bytes
      datagram.removeLast(Int.random(in: 0..<datagram.count, using: &dice))
      if !datagram.isEmpty {
        datagram[Int.random(in: 0..<min(40, datagram.count), using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      guard let records = try? DTLSRecord.records(in: datagram.span) else { continue }
      accepted += 1
      #expect(records.last?.range.upperBound == datagram.count)
      let shortest = records.filter { $0.epoch > 0 }.map { $0.range.count - DTLSRecord.headerSize }.min() ?? 0
      let (areWhole, areLonger) = (
        DTLSRecord.areWhole(datagram.span, smallestEncrypted: shortest),
        DTLSRecord.areWhole(datagram.span, smallestEncrypted: shortest + 1)
      )
      #expect(areWhole && areLonger == !records.contains { $0.epoch > 0 })
    }
    #expect(accepted > 0)
  }
}

private struct DTLSHandshakeFragmentProbe {
  var fragments: [DTLSHandshakeFragment] = []
  var types: [DTLSHandshakeType] { fragments.map(\.type) }
  var first: DTLSHandshakeFragment? { fragments.first }

  init(_ record: DTLSRecord) {
    if case .handshake(let fragments) = record.content { self.fragments = fragments }
  }
}
