import Glibc

/// A blocking connection to a server on this machine; nothing lasts longer than five seconds.
final class Client {
  enum Failure: Error { case notConnected, closed(received: [UInt8]), noAnswer([UInt8]) }

  private let descriptor: Int32
  private var received: [UInt8] = []

  /// - Parameter receiveBuffer: In bytes; a small one lets the server feel that nothing is read.
  init(port: UInt16, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafeBytes(of: &name) {
      connect(descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
    guard status == 0 else { throw Failure.notConnected }
  }

  deinit { close(descriptor) }

  /// What the peer does not take any more is lost.
  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// - Parameter hasBody: Whether one follows the head; none follows it in an answer to HEAD.
  func answer(hasBody: Bool = true) throws -> Answer {
    var end = received.endOfHead
    while end == nil {
      guard try receive() else { throw Failure.closed(received: received) }
      end = received.endOfHead
    }
    var answer = Answer(head: String(decoding: received[..<(end ?? 0)], as: UTF8.self))
    received.removeFirst((end ?? 0) + 4)
    guard hasBody else { return answer }
    guard let length = answer.fields["content-length"].flatMap({ Int($0) }) else { throw Failure.noAnswer(received) }
    while received.count < length {
      guard try receive() else { throw Failure.closed(received: received) }
    }
    answer.body = Array(received.prefix(length))
    received.removeFirst(length)
    return answer
  }

  /// The next `count` bytes.
  func bytes(_ count: Int) throws -> [UInt8] {
    while received.count < count {
      guard try receive() else { throw Failure.closed(received: received) }
    }
    defer { received.removeFirst(count) }
    return Array(received.prefix(count))
  }

  /// Whether the server ends the connection and sends nothing before.
  func isClosed() throws -> Bool { try !receive() }

  /// - Returns: Whether something came.
  private func receive() throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count >= 0 || errno == ECONNRESET else { throw Failure.noAnswer(received) }
    guard count > 0 else { return false }
    received += chunk.prefix(count)
    return true
  }
}

struct Answer {
  let statusLine: String
  /// With names in lower case.
  let fields: [String: String]
  var body: [UInt8] = []

  init(head: String) {
    let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    statusLine = lines[0]
    let fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      return (parts[0].lowercased(), String(parts[1].drop { $0 == " " }))
    }
    self.fields = Dictionary(fields) { "\($0), \($1)" }
  }

  var status: Int { Int(statusLine.split(separator: " ")[1]) ?? 0 }
  var text: String { String(decoding: body, as: UTF8.self) }
}

extension [UInt8] {
  fileprivate var endOfHead: Int? { firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound }
}
