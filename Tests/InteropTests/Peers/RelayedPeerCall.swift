import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCWire

@testable import rtcsim

/// A call of ours with a running `rtcsim peer`, through a pair of sockets that stand for our address, so that a test can
/// also send what we would not.
final class RelayedPeerCall: TimedParticipant {
  private static let pictureInterval = Duration.milliseconds(50)
  private static let messageInterval = Duration.milliseconds(100)

  let loop: SocketLoop
  /// A datagram of each kind that we have sent, several of some.
  private(set) var genuine: [PacketKind: [[UInt8]]] = [:]
  private(set) var messagesSent = 0
  private(set) var messagesEchoed = 0
  /// Why the call is over, if it is.
  private(set) var ends: [String] = []
  /// Where the program gets its media.
  private(set) var program: Endpoint?
  private let signaling: SignalingSocket
  private var call: PeerCall?
  private var outside: DatagramSocket?
  private var inside: DatagramSocket?
  private var own: Endpoint?
  private let camera = SyntheticCamera(seed: 1, width: 160, height: 96)
  private var pictures = 0
  private var nextPicture = Instant.start
  private var nextMessage = Instant.start

  /// - Parameter address: as the program prints it.
  init(_ address: String, on loop: SocketLoop) throws {
    self.loop = loop
    signaling = try SignalingSocket(address)
    let loopback = Endpoint(IPAddress(127, 0, 0, 1), 0)
    outside = try DatagramSocket(loopback, on: loop) { [unowned self] datagram, _ in
      if let own { inside?.send(datagram.bytes, to: own) }
    }
    inside = try DatagramSocket(loopback, on: loop) { [unowned self] datagram, _ in
      own = datagram.source
      note(datagram.bytes)
      if let program { outside?.send(datagram.bytes, to: program) }
    }
    let settings = PeerCall.Settings(
      connection: SocketConnection.Configuration(),
      video: VP8Settings(width: 160, height: 96, bitrate: .kilobitsPerSecond(100)), channels: 1)
    let call = try PeerCall(1, settings, on: loop) { [unowned self] in
      signaling.send(through(outside, $0.text))
    } ended: { [unowned self] in
      ends.append($0)
    }
    let handle = call.connection.eventHandler
    // What comes back is not sent again.
    call.connection.eventHandler = { [unowned self] event, now in
      guard case .dataChannel(.message) = event else { return handle(event, now) }
      messagesEchoed += 1
    }
    self.call = call
    loop.add(self)
  }

  var isReady: Bool { call?.isReady ?? false }
  var picturesDecoded: Int { call?.picturesDecoded ?? 0 }
  var decodingErrors: Int { call?.decodingErrors ?? 0 }

  /// Sends bytes to the program from the address that it knows as ours.
  func sendFromOurs(_ bytes: Span<UInt8>) { if let program { outside?.send(bytes, to: program) } }

  /// Serves until `condition` holds; false when it does not in time.
  func run(for limit: Duration = .seconds(20), until condition: () -> Bool) throws -> Bool {
    let end = loop.clock.now + limit
    while !condition(), loop.clock.now < end {
      loop.turn(waitingAtMost: .milliseconds(5))
      for text in signaling.takeTexts() { try take(text) }
    }
    return condition()
  }

  func close() throws {
    signaling.send(PeerSignal.bye(reason: "done").text)
    try call?.close()
  }

  private func take(_ text: String) throws {
    guard !text.contains(#""type":"ready""#) else { return try call?.offer() ?? () }
    if let port = Self.port(in: text) { program = Endpoint(IPAddress(127, 0, 0, 1), port) }
    try call?.receive(through(inside, text))
  }

  /// A candidate with the port of `socket` instead of its own; other messages as they are.
  private func through(_ socket: DatagramSocket?, _ text: String) -> String {
    guard let socket, let port = Self.port(in: text) else { return text }
    return text.replacing("127.0.0.1 \(port) ", with: "127.0.0.1 \(socket.local.port) ")
  }

  private static func port(in text: String) -> UInt16? {
    guard text.contains(#""type":"candidate""#) else { return nil }
    return text.firstMatch(of: #/127\.0\.0\.1 (\d+) /#).flatMap { UInt16($0.1) }
  }

  private func note(_ bytes: Span<UInt8>) {
    let kind = Demultiplexer.classify(bytes)
    guard genuine[kind, default: []].count < 32 else { return }
    genuine[kind, default: []].append(bytes.withUnsafeBufferPointer { Array($0) })
  }

  // MARK: - What we send

  var nextTimeout: Instant? { isReady ? min(nextPicture, nextMessage) : nil }

  func handleTimeout(at now: Instant) {
    if nextPicture <= now {
      do { try call?.send(picture: camera.frame(at: pictures % 60), capturedAt: now) } catch { ends.append("\(error)") }
      pictures += 1
      nextPicture = now + Self.pictureInterval
    }
    guard nextMessage <= now else { return }
    nextMessage = now + Self.messageInterval
    call?.connection.perform { core, now, output in
      do {
        try core.send(.text("\(messagesSent)"), onDataChannel: 0, at: now, into: &output)
        messagesSent += 1
      } catch {
        // It is not open yet.
      }
    }
  }
}
