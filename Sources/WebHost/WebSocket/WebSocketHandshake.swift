import CWebSockets

/// The opening handshake that a client asked for, after all checks.
///
/// - SeeAlso: RFC 6455 §4.2
struct WebSocketHandshake: Equatable {
  private static let version = "13"

  private let key: String

  /// `nil` for a request that does not ask for WebSocket.
  init?(_ head: RequestHead) throws(Refusal) {
    guard head.contains("websocket", in: "upgrade"), head.contains("upgrade", in: "connection") else { return nil }
    guard head.method == "GET", head.minorVersion == 1 else {
      throw .malformed("a WebSocket is opened with GET of HTTP/1.1")
    }
    guard try head.value(of: "sec-websocket-version") == Self.version else { throw Self.refusal }
    guard let key = try head.value(of: "sec-websocket-key"), Self.isKey(key) else {
      throw .malformed("its Sec-WebSocket-Key is not 16 bytes in base64")
    }
    self.key = key
  }

  /// What a client is told that does not ask for WebSocket, or for another version of it.
  static let refusal = Refusal(426, "Only WebSocket of version \(version) is spoken at this address.")

  static let refusalHeaders = [
    HTTPResponse.Header("Upgrade", "websocket"), HTTPResponse.Header("Sec-WebSocket-Version", version),
  ]

  /// What is answered; frames follow.
  var response: [UInt8] {
    Array(
      ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: \(accept)\r\n\r\n").utf8)
  }

  /// - SeeAlso: RFC 6455 §4.2.2 /key/
  private var accept: String {
    var digest = [UInt8](repeating: 0, count: 20)
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    _ = lws_SHA1(text, text.count, &digest)
    // 20 bytes are 28 characters; the library wants room for four more and a zero.
    var encoded = [CChar](repeating: 0, count: 33)
    let count = digest.withUnsafeBytes {
      lws_b64_encode_string($0.baseAddress?.assumingMemoryBound(to: CChar.self), 20, &encoded, Int32(encoded.count))
    }
    precondition(count == 28, "The accept key has the size of a digest in base64.")
    return String(decoding: encoded.prefix(28).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func isKey(_ text: String) -> Bool {
    let characters = Array(text.utf8)
    guard characters.count == 24, characters.suffix(2).elementsEqual("==".utf8) else { return false }
    return characters.dropLast(2).allSatisfy {
      switch $0 {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
        true
      default: false
      }
    }
  }
}
