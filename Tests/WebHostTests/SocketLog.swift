import Foundation
import Synchronization
import WebHost

/// Tells what happened on the WebSockets of a server, and echoes what comes; `close` as a text closes.
final class SocketLog: Sendable {
  let outbox = WebSocketOutbox()
  private let lines = Mutex<[String]>([])
  private let changed = DispatchSemaphore(value: 0)

  var handler: WebSocketHandler {
    WebSocketHandler(
      path: "/socket", outbox: outbox, opened: { self.note("opened \($0)") },
      received: { text, id in
        self.note("\(id): \(text)")
        if text == "close" {
          self.outbox.close(id, .goingAway, reason: "as you wish")
        } else {
          self.outbox.send(text, on: id)
        }
      }, closed: { self.note("closed \($0)") })
  }

  private func note(_ line: String) {
    lines.withLock { $0.append(line) }
    changed.signal()
  }

  /// Waits until `count` things have happened.
  func wait(for count: Int) -> [String] {
    while lines.withLock({ $0.count }) < count {
      guard changed.wait(timeout: .now() + 5) == .success else { break }
    }
    return lines.withLock { $0 }
  }
}

/// Opens a WebSocket and speaks frames as a client writes them.
extension Client {
  static let upgrade = [
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  ]

  convenience init(opening server: RunningServer) throws {
    try self.init(port: server.port)
    send(server.request("GET /socket", Self.upgrade))
    let answer = try answer(hasBody: false)
    guard answer.status == 101 else { throw Failure.noAnswer(Array(answer.statusLine.utf8)) }
  }

  /// Sends one frame; `opcode` with the FIN bit.
  func frame(_ opcode: UInt8, _ payload: [UInt8]) { send(masked(opcode, payload)) }

  func frame(_ opcode: UInt8, _ text: String) { frame(opcode, Array(text.utf8)) }

  /// Reads a frame of the server, of less than 64 KiB.
  func frame() throws -> ServerFrame {
    let head = try bytes(2)
    let size = head[1] == 126 ? try bytes(2).reduce(0) { $0 << 8 | Int($1) } : Int(head[1])
    return ServerFrame(head[0], try bytes(size))
  }
}

struct ServerFrame: Equatable {
  /// FIN bit and opcode.
  let opcode: UInt8
  let payload: [UInt8]

  init(_ opcode: UInt8, _ payload: [UInt8]) {
    self.opcode = opcode
    self.payload = payload
  }

  init(_ opcode: UInt8, _ text: String) { self.init(opcode, Array(text.utf8)) }

  /// The code of a Close frame.
  var code: Int? { opcode == 0x88 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
}

/// A frame with the mask of RFC 6455 §5.7.
func masked(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
  let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
  let length: [UInt8] =
    switch payload.count {
    case 0...125: [UInt8(payload.count)]
    case 126...0xFFFF: [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: [127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
  return [opcode, length[0] | 0x80] + length.dropFirst() + mask
    + payload.indices.map { payload[$0] ^ mask[$0 & 3] }
}
