import Testing

@testable import WebHost

/// Frames, read and written without a socket.
struct WebSocketFrameTests {
  private let hello = Array("Hello".utf8)

  private func read(_ bytes: [UInt8], limit: Int = 1000) throws(WebSocketViolation) -> [WebSocketReader.Event] {
    var reader = WebSocketReader(maximumMessageSize: limit)
    reader.append(bytes)
    var events: [WebSocketReader.Event] = []
    while let event = try reader.next() { events.append(event) }
    return events
  }

  private func code(_ bytes: [UInt8], limit: Int = 1000) -> UInt16? {
    do throws(WebSocketViolation) {
      _ = try read(bytes, limit: limit)
      return nil
    } catch {
      return error.code.rawValue
    }
  }

  /// RFC 6455 §5.7.
  @Test func `the masked examples of the RFC are read`() throws {
    #expect(
      try read([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]) == [.text("Hello")])
    #expect(try read([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]) == [.pong])
  }

  /// RFC 6455 §5.7.
  @Test func `the unmasked examples of the RFC are written`() {
    #expect(WebSocketFrame.bytes(.text, hello) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
    #expect(WebSocketFrame.bytes(.ping, hello) == [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
    let large = [UInt8](repeating: 7, count: 65536)
    #expect(WebSocketFrame.bytes(.binary, large[..<256]) == [0x82, 0x7E, 0x01, 0x00] + large[..<256])
    #expect(WebSocketFrame.bytes(.binary, large) == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + large)
  }

  @Test func `a message in fragments is put together around a ping`() throws {
    let bytes = masked(0x01, Array("Hel".utf8)) + masked(0x89, [1]) + masked(0x00, []) + masked(0x80, Array("lo".utf8))
    #expect(try read(bytes) == [.ping([1]), .text("Hello")])
  }

  @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536])
  func `a message of any length is taken when its last byte came, and not before`(size: Int) throws {
    let bytes = masked(0x81, [UInt8](repeating: UInt8(ascii: "x"), count: size))
    #expect(try read(bytes, limit: 65536) == [.text(String(repeating: "x", count: size))])
    #expect(try read(bytes.dropLast(), limit: 65536) == [])
    var reader = WebSocketReader(maximumMessageSize: 65536)
    for byte in bytes.dropLast().prefix(20) {
      reader.append([byte])
      let event = try reader.next()
      #expect(event == nil)
    }
  }

  private static let violations: [([UInt8], UInt16)] = [
    ([0xC1, 0x80, 0, 0, 0, 0], 1002), ([0xA1, 0x80, 0, 0, 0, 0], 1002), ([0x91, 0x80, 0, 0, 0, 0], 1002),
    ([0x83, 0x80, 0, 0, 0, 0], 1002), ([0x8B, 0x80, 0, 0, 0, 0], 1002),
    // Not masked.
    ([0x81, 0x00], 1002),
    // A control frame in fragments, or too long.
    ([0x09, 0x80, 0, 0, 0, 0], 1002), ([0x89, 0xFE], 1002), ([0x88, 0xFF], 1002),
    // Lengths that are not written in their shortest form, or have the highest bit.
    ([0x81, 0xFE, 0x00, 0x7D, 0, 0, 0, 0], 1002), ([0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0], 1002),
    ([0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002),
    // Nothing to continue; a message within another.
    ([0x80, 0x80, 0, 0, 0, 0], 1002), ([0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], 1002),
    ([0x82, 0x80, 0, 0, 0, 0], 1003),
    // Larger than is taken, in one piece and in two, long before it is there.
    ([0x81, 0xFE, 0x03, 0xE9, 0, 0, 0, 0], 1009), ([0x81, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009),
    ([0x01, 0x81, 0, 0, 0, 0, 0x61, 0x80, 0xFE, 0x03, 0xE8, 0, 0, 0, 0], 1009),
    // Half a code, codes that may not stand in a frame, a reason that is not UTF-8.
    ([0x88, 0x81, 0, 0, 0, 0, 3], 1002), ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED], 1002),
    ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE7], 1002), ([0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88], 1002),
    ([0x88, 0x83, 0, 0, 0, 0, 0x03, 0xE8, 0xFF], 1007),
    // Text that is not UTF-8: a lone continuation, a surrogate, an overlong form.
    ([0x81, 0x81, 0, 0, 0, 0, 0x80], 1007), ([0x81, 0x83, 0, 0, 0, 0, 0xED, 0xA0, 0x80], 1007),
    ([0x81, 0x82, 0, 0, 0, 0, 0xC0, 0x80], 1007),
  ]

  @Test(arguments: violations)
  func `a frame that breaks a rule ends the WebSocket with the code of the rule`(bytes: [UInt8], expected: UInt16) {
    #expect(code(bytes) == expected)
  }

  @Test func `a character may be cut by a fragment`() throws {
    #expect(try read(masked(0x01, [0xC3]) + masked(0x80, [0xA4])) == [.text("ä")])
  }

  @Test(arguments: [1000, 1001, 1003, 1007, 1011, 3000, 4999])
  func `a code that a client may close with is read`(code: UInt16) throws {
    let payload = [UInt8(code >> 8), UInt8(code & 0xFF)] + hello
    #expect(try read(masked(0x88, payload)) == [.close(WebSocketCloseCode(rawValue: code))])
  }

  @Test func `a reason that is too long is cut between characters`() {
    let frame = WebSocketFrame.close(.normal, String(repeating: "ä", count: 100))
    #expect(frame == [0x88, 124, 0x03, 0xE8] + Array(String(repeating: "ä", count: 61).utf8))
  }

  @Test func `what is not read is held up to the limit and no further`() {
    var limits = WebServer.WebSocketLimits()
    limits.maximumQueueSize = 100
    var session = WebSocketSession(WebSocketID(number: 1), greeting: [], limits: limits)
    let sent = (0..<6).map { _ in session.send(String(repeating: "x", count: 18)) }
    #expect(sent == [true, true, true, true, true, false])
    guard case .chunk = session.takeOutput(60) else {
      Issue.record("nothing is sent")
      return
    }
    let sentLater = [58, 0].map { session.send(String(repeating: "x", count: $0)) }
    #expect(sentLater == [true, false])
  }
}
