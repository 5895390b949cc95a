import Foundation
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import RTCWire
import Testing

/// Garbage at a live server.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct TURNFloodTests {
  private static let count = FloodSize.datagrams
  private static let seed: UInt64 = 7

  @Test func `a call through the server goes on while garbage comes, and memory does not grow`() throws {
    let (server, place) = try TURNServers.ours(
      ["--allow-private-relay", "--rate", "100M"], limit: .seconds(60 + Self.count / 500))
    let configuration = SocketConnection.Configuration(
      servers: [try ICEServer(url: "turn:\(place)", username: TURNServers.user, password: TURNServers.password)],
      transportPolicy: .relay)
    let pair = try SocketPair(configuration, configuration)
    try pair.negotiate()
    try #require(pair.run { pair.a.isReady && pair.b.isReady })
    let relayed = try #require(pair.a.relayedAddress)

    let flood = try Flood(seed: Self.seed, on: pair.loop)
    var memory: [Int] = []
    var sent = 0
    while sent < Self.count {
      for _ in 0..<100 { flood.send(to: flood.dice.happens(withProbability: 0.1) ? relayed : place) }
      sent += 100
      // Sent behind the garbage and answered behind it, so nothing overflows a buffer unseen.
      flood.askBinding(of: place)
      try #require(
        pair.run { flood.isAnswered },
        "the server (running: \(server.isRunning)) is silent after \(sent) of seed \(Self.seed)")
      if sent.isMultiple(of: 1000) {
        pair.a.sendFrame()
        pair.b.sendFrame()
      }
      if sent.isMultiple(of: Self.count / 4) { memory.append(try server.residentMemory()) }
    }

    let before = (pair.a.packets, pair.b.packets)
    pair.a.sendFrame()
    pair.b.sendFrame()
    #expect(pair.run { pair.a.packets > before.0 && pair.b.packets > before.1 })
    #expect(before.0 >= Self.count / 1000 && before.1 >= Self.count / 1000)
    #expect(memory[3] - memory[0] < 2048, "KiB after each quarter: \(memory)")
    let end = server.finish(SIGTERM)
    #expect(end.status == 0)
    let counters = try #require(try JSONSerialization.jsonObject(with: Data(end.output.utf8)) as? [String: Any])
    #expect(counters["allocations"] as? Int == 2)
    // Discarded, refused, or of a peer that is permitted. What happens to be a Binding request is counted nowhere there.
    let repelled = ["discarded", "challengedRequests", "refusedRequests", "packetsToClients"].compactMap {
      counters[$0] as? Int
    }
    #expect(repelled.reduce(0, +) + flood.accidentalBindings >= Self.count, "\(counters)")
    print("\(flood.accidentalBindings) Binding requests by accident")
    print("\(sent) datagrams of garbage, resident KiB after each quarter: \(memory), \(end.output)")
  }

}

/// How many datagrams are sent.
enum FloodSize {
  /// `make interop` sends more than `make test`, and `make flood` most. A multiple of 4000, for there are four quarters.
  static let datagrams = ProcessInfo.processInfo.environment["RTCSIM_FLOOD"].flatMap { Int($0) } ?? 20_000
}

/// Random datagrams, and messages that are nearly right.
private final class Flood {
  var dice: SeededGenerator
  private(set) var isAnswered = false
  /// Garbage that is a Binding request after all.
  private(set) var accidentalBindings = 0
  private var socket: DatagramSocket?
  private var waiting: TransactionID?
  /// Random bytes from which pieces are cut: to draw each byte takes longer than to send it.
  private let page: [UInt8]

  init(seed: UInt64, on loop: SocketLoop) throws {
    var dice = SeededGenerator(seed: seed, stream: "flood")
    page = (0..<1 << 16).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    self.dice = dice
    socket = try DatagramSocket(Endpoint(TURNServers.loopback, 0), on: loop) { [unowned self] datagram, _ in
      guard let message = try? STUNMessage(parsing: datagram.bytes) else { return }
      if message.transactionID == waiting { isAnswered = true }
    }
  }

  func send(to destination: Endpoint) {
    let bytes = garbage()
    if let header = try? STUNHeader(parsing: bytes.span), header.messageClass == .request, header.method == .binding {
      accidentalBindings += 1
    }
    socket?.send(bytes.span, to: destination)
  }

  func askBinding(of server: Endpoint) {
    let id = TransactionID(using: &dice)
    (waiting, isAnswered) = (id, false)
    socket?.send(STUNMessage(.request, .binding, transactionID: id).bytes().span, to: server)
  }

  private func garbage() -> [UInt8] {
    let kind = dice.next() % 4
    guard kind > 0 else { return random(Int(dice.next() % 1500)) }
    if kind == 1 {
      // ChannelData on a channel that may exist, of another client.
      let size = Int(dice.next() % 200)
      return [0x40, UInt8(dice.next() % 4), UInt8(size >> 8), UInt8(size & 255)] + random(size)
    }
    let methods: [STUNMethod] = [.allocate, .refresh, .createPermission, .channelBind, .send]
    var message = STUNMessage(
      .request, methods[Int(dice.next() % 5)], transactionID: TransactionID(using: &dice),
      attributes: [
        .requestedTransport(17), .username(TURNServers.user), .realm("rtcsim"),
        .nonce(String(repeating: "0", count: 32)), .data(random(Int(dice.next() % 100))),
      ])
    if dice.happens(withProbability: 0.5) { message.attributes.removeFirst() }
    var bytes = message.bytes { _ in [UInt8](repeating: 0, count: 20) }
    if kind == 2 {
      for _ in 0..<3 { bytes[Int(dice.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: dice.next()) }
    }
    return bytes
  }

  private func random(_ count: Int) -> [UInt8] {
    let begin = Int(dice.next() % UInt64(page.count - count))
    return Array(page[begin..<begin + count])
  }
}
