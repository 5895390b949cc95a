/// What a client did that ends its WebSocket, as the Close frame tells it.
struct WebSocketViolation: Error, Equatable {
  let code: WebSocketCloseCode
  let reason: String

  init(_ code: WebSocketCloseCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}

/// Reads the frames of a client and puts its messages together.
///
/// - SeeAlso: RFC 6455 §5
struct WebSocketReader {
  enum Event: Equatable {
    case text(String)
    case ping([UInt8])
    case pong
    case close(WebSocketCloseCode)
  }

  private struct Header {
    let isFinal: Bool
    let opcode: WebSocketOpcode
    let mask: [UInt8]
    let payloadSize: Int
    /// Of the header itself.
    let size: Int
  }

  private let maximumMessageSize: Int
  private var input: [UInt8] = []
  private var position = 0
  /// What came of a message in fragments; `nil` between messages.
  private var message: [UInt8]?

  /// - Parameter maximumMessageSize: In bytes, over all fragments.
  init(maximumMessageSize: Int) { self.maximumMessageSize = maximumMessageSize }

  mutating func append(_ bytes: [UInt8]) {
    input.removeFirst(position)
    position = 0
    input += bytes
  }

  /// The next event of what was appended; `nil` when more must come.
  mutating func next() throws(WebSocketViolation) -> Event? {
    while let header = try header() {
      let begin = position + header.size
      guard input.count - begin >= header.payloadSize else { return nil }
      var payload = Array(input[begin..<begin + header.payloadSize])
      for index in payload.indices { payload[index] ^= header.mask[index & 3] }
      position = begin + header.payloadSize
      if let event = try event(header, payload) { return event }
    }
    return nil
  }

  /// The header at `position`, once it is whole.
  private func header() throws(WebSocketViolation) -> Header? {
    guard input.count - position >= 2 else { return nil }
    let (first, second) = (input[position], input[position + 1])
    guard first & 0x70 == 0 else { throw WebSocketViolation(.protocolError, "no extension was agreed on") }
    guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
      throw WebSocketViolation(.protocolError, "opcode \(first & 0x0F) is not defined")
    }
    guard second & 0x80 != 0 else { throw WebSocketViolation(.protocolError, "a client must mask its frames") }
    let isFinal = first & 0x80 != 0
    let length = second & 0x7F
    guard !opcode.isControl || (isFinal && length <= WebSocketFrame.largestControlPayload) else {
      throw WebSocketViolation(.protocolError, "a control frame is one frame of at most 125 bytes")
    }
    let lengthSize = length == WebSocketFrame.length16 ? 2 : length == WebSocketFrame.length64 ? 8 : 0
    let size = 2 + lengthSize + 4
    guard input.count - position >= size else { return nil }
    let payloadSize = try payloadSize(length, in: lengthSize)
    let held = opcode.isControl ? 0 : message?.count ?? 0
    guard payloadSize <= maximumMessageSize - held else {
      throw WebSocketViolation(.messageTooBig, "a message may have \(maximumMessageSize) bytes")
    }
    let mask = Array(input[position + size - 4..<position + size])
    return Header(isFinal: isFinal, opcode: opcode, mask: mask, payloadSize: payloadSize, size: size)
  }

  private func payloadSize(_ length: UInt8, in lengthSize: Int) throws(WebSocketViolation) -> Int {
    guard lengthSize > 0 else { return Int(length) }
    let size = input[position + 2..<position + 2 + lengthSize].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // The shortest form is to be used, and the highest bit is not.
    guard size > (lengthSize == 2 ? UInt64(WebSocketFrame.largestControlPayload) : UInt64(UInt16.max)),
      let size = Int(exactly: size)
    else { throw WebSocketViolation(.protocolError, "the length of a frame is not written as it should be") }
    return size
  }

  private mutating func event(_ header: Header, _ payload: [UInt8]) throws(WebSocketViolation) -> Event? {
    switch header.opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong
    case .close: return .close(try Self.closeCode(payload))
    case .binary: throw WebSocketViolation(.unsupportedData, "only text is taken")
    case .text:
      guard message == nil else { throw WebSocketViolation(.protocolError, "a message began inside another") }
      message = payload
    case .continuation:
      guard message != nil else { throw WebSocketViolation(.protocolError, "there is no message to continue") }
      message? += payload
    }
    guard header.isFinal, let whole = message else { return nil }
    message = nil
    guard let text = String(validating: whole, as: UTF8.self) else {
      throw WebSocketViolation(.invalidPayload, "a message of text is not UTF-8")
    }
    return .text(text)
  }

  private static func closeCode(_ payload: [UInt8]) throws(WebSocketViolation) -> WebSocketCloseCode {
    guard !payload.isEmpty else { return .none }
    guard payload.count >= 2 else { throw WebSocketViolation(.protocolError, "half a code in a Close frame") }
    let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
    guard code.isSendable else { throw WebSocketViolation(.protocolError, "\(code.rawValue) is no code to close with") }
    guard String(validating: payload[2...], as: UTF8.self) != nil else {
      throw WebSocketViolation(.invalidPayload, "the reason in a Close frame is not UTF-8")
    }
    return code
  }
}
