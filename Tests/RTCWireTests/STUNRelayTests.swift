import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct STUNRelayTests {
  struct ChannelVector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let hex: String
    let transport: String
    let channel: UInt16?
    let data_hex: String?
    let verdict: String

    var testDescription: String { id }

    static func all() throws -> [ChannelVector] {
      struct File: Decodable { let vectors: [ChannelVector] }
      return try Vectors.decode(File.self, from: "turn/channel_data.json").vectors
    }
  }

  @Test(arguments: try ChannelVector.all())
  func `ChannelData is read and written as the vector says`(vector: ChannelVector) throws {
    Vectors.ran(vector.id, of: "turn/channel_data.json")
    let input = bytes(hex: vector.hex)
    guard vector.verdict == "valid" else {
      #expect(throws: STUNError.self) { try ChannelData(parsing: input.span) }
      return
    }
    let message = try ChannelData(parsing: input.span)
    #expect(message.channel == vector.channel)
    #expect(hex(input[message.range]) == vector.data_hex)
    #expect(message.elided == 0)

    var writer = ByteWriter()
    ChannelData.write(channel: message.channel, input.span.extracting(message.range), into: &writer)
    #expect(writer.bytes == Array(input.prefix(message.range.upperBound)))
  }

  @Test func `ChannelData counts bytes that exist on the wire only`() throws {
    var writer = ByteWriter()
    ChannelData.write(channel: 0x4001, [1, 2, 3].span, elided: 97, into: &writer)
    #expect(hex(writer.bytes) == "40010064010203")
    let message = try ChannelData(parsing: writer.bytes.span, elided: 97)
    #expect(message.range == 4..<7)
    #expect(message.elided == 97)
    #expect(throws: STUNError.truncated(offset: 4, needed: 100, available: 99)) {
      try ChannelData(parsing: writer.bytes.span, elided: 96)
    }
  }

  @Test(arguments: ["dev-turn-send-indication", "dev-turn-data-indication"])
  func `an indication is read and written like the message it is`(id: String) throws {
    let input = try #require(STUNVectors.messages().first { $0.id == id }).bytes
    let message = try STUNMessage(parsing: input.span)
    let indication = try RelayIndication(parsing: input.span)
    #expect(indication.method == message.method)
    #expect(indication.peer == message.xorPeerAddress)
    #expect(Array(input[indication.range]) == message.data)

    var writer = ByteWriter()
    RelayIndication.write(
      indication.method, peer: indication.peer, input.span.extracting(indication.range),
      transactionID: message.transactionID, into: &writer)
    #expect(writer.bytes == input)
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 1000])
  func `an indication keeps its size when its tail is only counted`(stored: Int, elided: Int) throws {
    let peer = try #require(Endpoint("[2001:db8::1]:5000"))
    let data = (0..<stored).map { UInt8($0) }
    let full = STUNMessage(
      .indication, .data, transactionID: TransactionID(high: 1, low: 2),
      attributes: [.xorPeerAddress(peer), .data([UInt8](data) + Array(repeating: 7, count: elided))]
    ).bytes()

    var writer = ByteWriter()
    RelayIndication.write(
      .data, peer: peer, data.span, elided: elided, transactionID: TransactionID(high: 1, low: 2), into: &writer)
    let onWire = RelayIndication.elidedOnWire(stored: stored, elided: elided)
    #expect(writer.count + onWire == full.count)
    #expect(writer.bytes == Array(full.prefix(writer.count)))

    let parsed = try RelayIndication(parsing: writer.bytes.span, elided: onWire)
    #expect(parsed.range.count == stored)
    #expect(parsed.elided == elided)
  }

  @Test func `an indication needs its peer, its data and only what is understood`() {
    func parse(_ attributes: [STUNAttribute], _ kind: STUNMessage.Class = .indication) throws -> RelayIndication {
      let message = STUNMessage(kind, .send, transactionID: TransactionID(high: 0, low: 0), attributes: attributes)
      return try RelayIndication(parsing: message.bytes().span)
    }
    let peer = STUNAttribute.xorPeerAddress(Endpoint(IPAddress(192, 0, 2, 1), 9))
    let odd = STUNAttributeType(rawValue: 0x7FF0)
    #expect(throws: STUNError.missingAttribute(.xorPeerAddress)) { try parse([.data([1])]) }
    #expect(throws: STUNError.missingAttribute(.data)) { try parse([peer]) }
    #expect(throws: STUNError.unexpectedMessage(method: .send, messageClass: .request)) {
      try parse([peer, .data([1])], .request)
    }
    #expect(throws: STUNError.malformedAttribute(type: odd, offset: 36, flaw: .unknownRequired)) {
      try parse([peer, .unknown(odd, []), .data([1])])
    }
    #expect(throws: Never.self) { try parse([.software("optional"), .dontFragment, peer, .data([1])]) }
  }
}
