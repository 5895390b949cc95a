import Foundation
import RTCPrimitives
import Testing

/// The other end of `rtcsim peer`'s WebSocket, as far as its signaling needs one.
///
/// - SeeAlso: RFC 6455
final class SignalingSocket {
  private let descriptor: Int32
  private var received: [UInt8] = []

  /// The key and its answer of RFC 6455 §1.3.
  private static let (key, accepted) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  /// A client has to mask what it says (RFC 6455 §5.3).
  private static let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
  // Whole frames (RFC 6455 §5.2).
  private static let (text, ping, pong): (UInt8, UInt8, UInt8) = (0x81, 0x89, 0x8A)

  /// - Parameter address: as `rtcsim peer` prints it, such as `http://127.0.0.1:8080/`.
  init(_ address: String) throws {
    let place = try #require(address.split(separator: "/").last.flatMap { Endpoint(String($0)) }, "\(address)")
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = place.port.bigEndian
    name.sin_addr.s_addr = place.address.v4Bits.bigEndian
    let status = withUnsafeBytes(of: &name) {
      connect(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
    try #require(status == 0, "nobody listens at \(place)")
    let lines = [
      "GET /signaling HTTP/1.1", "Host: \(place)", "Upgrade: websocket", "Connection: Upgrade",
      "Sec-WebSocket-Key: \(Self.key)", "Sec-WebSocket-Version: 13", "", "",
    ]
    write(Array(lines.joined(separator: "\r\n").utf8))
    var end: Range<Int>?
    while end == nil, read(flags: 0) { end = received.firstRange(of: Array("\r\n\r\n".utf8)) }
    let head = try #require(end, "the program answers")
    try #require(String(decoding: received[..<head.lowerBound], as: UTF8.self).contains(Self.accepted))
    received.removeFirst(head.upperBound)
  }

  deinit { close(descriptor) }

  func send(_ message: String) { send(Self.text, Array(message.utf8)) }

  private func send(_ kind: UInt8, _ bytes: [UInt8]) {
    var frame = [kind]
    if bytes.count < 126 {
      frame.append(0x80 | UInt8(bytes.count))
    } else {
      frame += [0x80 | 126, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)]
    }
    frame += Self.mask
    for (index, byte) in bytes.enumerated() { frame.append(byte ^ Self.mask[index % 4]) }
    write(frame)
  }

  /// The texts that have come; it does not wait for any. Who never calls it is taken for gone.
  func takeTexts() -> [String] {
    while read(flags: Int32(MSG_DONTWAIT)) {}
    var texts: [String] = []
    while let (range, end) = frame() {
      if received[0] == Self.ping { send(Self.pong, Array(received[range])) }
      if received[0] == Self.text { texts.append(String(decoding: received[range], as: UTF8.self)) }
      received.removeFirst(end)
    }
    return texts
  }

  /// Where the payload of the first whole frame lies, and where the frame ends; servers do not mask.
  private func frame() -> (payload: Range<Int>, end: Int)? {
    guard received.count >= 2 else { return nil }
    var (begin, length) = (2, Int(received[1]))
    if length == 126 {
      guard received.count >= 4 else { return nil }
      (begin, length) = (4, Int(received[2]) << 8 | Int(received[3]))
    }
    guard received.count >= begin + length else { return nil }
    return (begin..<begin + length, begin + length)
  }

  private func read(flags: Int32) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &chunk, chunk.count, flags)
    guard count > 0 else { return false }
    received += chunk.prefix(count)
    return true
  }

  private func write(_ bytes: [UInt8]) {
    let sent = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    #expect(sent == bytes.count, "a few kilobytes fit into any buffer")
  }
}
