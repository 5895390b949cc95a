import Foundation
import RTCPrimitives
import RTCSockets
import RTCTransport
import RTCWire
import Testing

/// Garbage at a live peer.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct PeerFloodTests {
  private static let seed: UInt64 = 11
  /// How many are sent before the next question; more would overflow the program's buffer.
  private static let batch = 100

  @Test func `a call with the program goes on while garbage comes from anywhere, and memory does not grow`() throws {
    let count = FloodSize.datagrams
    let program = try RunningProgram(Installed.rtcsim, limit: .seconds(120 + count / 500)) { _ in
      ["peer", "--listen", "127.0.0.1:0"]
    }
    let loop = try SocketLoop()
    let call = try RelayedPeerCall(program.readLine(), on: loop)
    // Until everything that a call needs once has been made.
    try #require(try call.run { call.isReady && call.picturesDecoded > 60 && call.messagesEchoed > 10 })
    let target = try #require(call.program)

    let stranger = try Stranger(on: loop)
    var garbage = Garbage(seed: Self.seed, likes: call.genuine)
    let begin = (time: loop.clock.now, pictures: call.picturesDecoded, echoes: call.messagesEchoed)
    var memory = [try program.residentMemory()]
    var (sent, ours) = (0, 0)
    while sent < count {
      for _ in 0..<Self.batch {
        let bytes = garbage.datagram()
        if garbage.draw(below: 2) == 0 {
          call.sendFromOurs(bytes.span)
          ours += 1
        } else {
          stranger.send(bytes.span, to: target)
        }
      }
      sent += Self.batch
      // Read behind the garbage, for all comes to one socket.
      stranger.ask(target)
      let isAnswered = try call.run { stranger.isAnswered }
      try #require(isAnswered, "the program (running: \(program.isRunning)) is silent after \(sent) of \(Self.seed)")
      if sent % (count / 4) < Self.batch { memory.append(try program.residentMemory()) }
    }
    let end = (
      time: loop.clock.now, pictures: call.picturesDecoded, echoes: call.messagesEchoed, messages: call.messagesSent
    )

    let seconds = (end.time - begin.time).inSeconds
    // It sends 30 pictures a second, and gets ten messages back.
    #expect(
      Double(end.pictures - begin.pictures) >= 20 * seconds - 15, "\(end.pictures - begin.pictures) in \(seconds) s")
    #expect(Double(end.echoes - begin.echoes) >= 7 * seconds - 5, "\(end.echoes - begin.echoes) in \(seconds) s")
    #expect(
      try call.run { call.picturesDecoded > end.pictures + 30 && call.messagesEchoed > end.messages },
      "the call goes on, and no message is missing: \(call.ends)")
    #expect(call.ends.isEmpty && call.decodingErrors == 0)
    #expect(memory[memory.count - 1] - memory[1] < 2048, "KiB before and after each quarter: \(memory)")
    try call.close()
    let result = program.finish(SIGTERM)
    #expect(result.status == 0)
    #expect(result.output.contains("; 0 decoding errors; "), "\(result.output)")
    print(
      """
      \(sent) datagrams of garbage in \(Int(seconds)) s (\(Int(Double(sent) / seconds)) a second), \(ours) from our own \
      address; \(end.pictures - begin.pictures) pictures decoded meanwhile, \(end.echoes - begin.echoes) messages echoed, \
      resident KiB before and after each quarter: \(memory); \(result.output)
      """)
  }
}

/// Somebody at an address that the program does not know.
private final class Stranger {
  private(set) var isAnswered = false
  private var socket: DatagramSocket?
  private var waiting = TransactionID(high: 0, low: 0)

  init(on loop: SocketLoop) throws {
    socket = try DatagramSocket(Endpoint(IPAddress(127, 0, 0, 1), 0), on: loop) { [unowned self] datagram, _ in
      guard let message = try? STUNMessage(parsing: datagram.bytes) else { return }
      if message.transactionID == waiting { isAnswered = true }
    }
  }

  func send(_ bytes: Span<UInt8>, to destination: Endpoint) { socket?.send(bytes, to: destination) }

  /// Sends a Binding request without a user name, which is answered with an error (RFC 8489 §9.1.3).
  func ask(_ destination: Endpoint) {
    waiting = TransactionID(high: waiting.high, low: waiting.low + 1)
    isAnswered = false
    send(STUNMessage(.request, .binding, transactionID: waiting).bytes(fingerprint: true).span, to: destination)
  }
}
