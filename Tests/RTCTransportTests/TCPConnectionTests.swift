import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@Suite struct TCPConnectionTests {
  private static let segment = 1460
  /// Round trip of the link.
  private static let roundTrip = Duration.milliseconds(100)

  private func bytes(_ count: Int, seed: UInt64 = 3) -> [UInt8] {
    var dice = SeededGenerator(seed: seed, stream: "payload")
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
  }

  private func connected(_ configuration: TCPConnection.Configuration = .init()) -> TCPLink {
    var link = TCPLink(configuration)
    link.open()
    link.run(until: .start + .seconds(1))
    return link
  }

  @Test func `the handshake takes one round trip before data leaves`() {
    var link = TCPLink()
    link.open()
    link.sendFromClient(bytes(10))
    link.run(until: .start + .seconds(1))
    #expect(link.clientEvents.map(\.event) == [.connected])
    #expect(link.clientEvents[0].time == .start + Self.roundTrip)
    #expect(link.serverEvents[0].time == .start + Self.roundTrip * 3 / 2)
    #expect(link.arrivals.map(\.time) == [.start + Self.roundTrip * 3 / 2])
    #expect(link.atServer == bytes(10))
    #expect(
      link.carried.prefix(3).map(\.segment.flags) == [
        .synchronize, [.synchronize, .acknowledge], [.acknowledge, .push],
      ])
  }

  /// RFC 6298 §2, §5: one second, doubled each time.
  @Test func `a lost SYN is sent again after 1, 3 and 7 seconds`() {
    var link = TCPLink()
    link.takesAway = { number, _, _ in number < 3 }
    link.open()
    link.run(until: .start + .seconds(20))
    let synchronizations = link.carried.filter { $0.segment.flags == .synchronize }
    #expect(synchronizations.map(\.sentAt) == [0, 1, 3, 7].map { .start + .seconds($0) })
    #expect(link.clientEvents.map(\.event) == [.connected])
  }

  @Test func `a closed port refuses and silence ends after the patience`() {
    var configuration = TCPConnection.Configuration()
    configuration.handshakePatience = .seconds(10)
    var link = TCPLink(configuration)
    link.takesAway = { _, _, _ in true }
    link.open()
    link.run(until: .start + .seconds(100))
    #expect(link.clientEvents.map(\.event) == [.closed(.timeout)])
    // The timer of 8 s that began at 7 s is the first to expire after 10 s.
    #expect(link.clientEvents[0].time == .start + .seconds(15))

    var entropy = EntropySource(SeededGenerator(seed: 1, stream: "numbers"))
    var client = TCPConnection(
      local: Endpoint(.anyIPv4, 1), remote: Endpoint(.anyIPv4, 2), entropy: &entropy)
    var output = Output<TCPConnection.Event>()
    client.open(at: .start, into: &output)
    let number = try? TCPSegment(parsing: output.datagrams[0].bytes).sequenceNumber
    let reset = TCPSegment(
      sequenceNumber: 0, acknowledgmentNumber: (number ?? 0) &+ 1, flags: [.reset, .acknowledge], window: 0)
    var writer = ByteWriter()
    reset.write([UInt8]().span, into: &writer)
    client.handle(writer.bytes.span, at: .start, into: &output)
    #expect(output.takeEvents() == [.closed(.refused)])
  }

  @Test func `a lost segment delays what follows by a round trip, with fast retransmit`() {
    func times(losing lost: Int?) -> [(time: Instant, count: Int)] {
      var link = connected()
      var data = 0
      link.takesAway = { _, segment, isToServer in
        guard isToServer, segment.dataRange.count > 0 || segment.flags.contains(.push) else { return false }
        data += 1
        return data == lost
      }
      link.sendFromClient(bytes(8 * Self.segment))
      link.run(until: .start + .seconds(5))
      let isWhole = link.atServer == bytes(8 * Self.segment)
      #expect(isWhole)
      return link.arrivals
    }
    let whole = times(losing: nil)
    #expect(whole.last?.time == .start + .seconds(1) + Self.roundTrip / 2)
    // The second of eight is lost: one arrives, then nothing until it was asked for by duplicates and sent again.
    let late = times(losing: 2)
    #expect(late.first?.count == Self.segment)
    #expect(late.dropFirst().map(\.count) == [8 * Self.segment])
    #expect(late.last?.time == .start + .seconds(1) + Self.roundTrip * 3 / 2)
  }

  @Test func `a lost last segment waits for the timer`() {
    var link = connected()
    var isFirst = true
    link.takesAway = { _, segment, isToServer in
      guard isToServer, segment.flags.contains(.push), isFirst else { return false }
      isFirst = false
      return true
    }
    link.sendFromClient(bytes(100))
    link.run(until: .start + .seconds(5))
    // The smallest timeout of RFC 6298 §2.4 is a second.
    #expect(link.arrivals.map(\.time) == [.start + .seconds(2) + Self.roundTrip / 2])
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `every byte arrives once and in order under loss of 20 % and reordering`(seed: UInt64) {
    var configuration = TCPConnection.Configuration()
    // One stall in a thousand lasts for seven losses in a row, which is two minutes.
    configuration.patience = .seconds(1000)
    var link = TCPLink(configuration, seed: seed)
    link.loss = 0.2
    link.jitter = .milliseconds(60)
    let (up, down) = (bytes(80_000, seed: seed), bytes(30_000, seed: seed + 100))
    link.open()
    link.sendFromClient(up)
    link.run(until: .start + .seconds(60))
    link.sendFromServer(down)
    link.onClient { $0.close(at: $1, into: &$2) }
    link.run(until: .start + .seconds(2000))
    link.onServer { $0.close(at: $1, into: &$2) }
    link.run(until: .start + .seconds(6000))
    let isWhole = (link.atServer == up, link.atClient == down)
    #expect(isWhole.0 && isWhole.1, "seed \(seed): \(link.atServer.count) and \(link.atClient.count) bytes")
    #expect(link.client.state == .closed && link.server.state == .closed, "seed \(seed)")
    #expect(link.clientEvents.map(\.event) == [.connected, .finished, .closed(nil)], "seed \(seed)")
  }

  /// With an initial window of ten segments (RFC 6928) n round trips carry 10·(2ⁿ − 1) segments.
  @Test func `slow start doubles what is on its way with every round trip`() {
    var link = connected()
    link.sendFromClient(bytes(1300 * Self.segment))
    for round in 1...7 {
      link.run(until: .start + .seconds(1) + Self.roundTrip * round - .milliseconds(1))
      #expect(link.atServer.count == 10 * ((1 << round) - 1) * Self.segment, "round trip \(round)")
    }
  }

  /// RFC 5681 §3.1: half of what was on its way, then one segment for each round trip.
  @Test func `after a loss the window is half as large and grows by a segment per round trip`() {
    var link = connected()
    var data = 0
    link.takesAway = { _, segment, isToServer in
      guard isToServer, segment.dataRange.count > 0 else { return false }
      data += 1
      return data == 100
    }
    link.sendFromClient(bytes(3000 * Self.segment))
    var windows: [Int] = []
    for round in 1...14 {
      link.run(until: .start + .seconds(1) + Self.roundTrip * round - .milliseconds(1))
      windows.append(link.client.congestionWindow.bytes / Self.segment)
    }
    let growth = zip(windows.dropFirst(8), windows.dropFirst(7)).map { $0 - $1 }
    #expect(growth.allSatisfy { (0...1).contains($0) } && growth.reduce(0, +) >= 5, "\(windows)")
    #expect(windows[7] < 100 && windows[7] >= 35, "\(windows)")
    #expect(link.client.retransmissions == 1)
  }

  /// The timers of a second are doubled at each expiry (RFC 6298 §5.5): after an outage of 3 s the next one is due
  /// within 4 s, and the one behind it would be within 8.
  @Test(arguments: stride(from: 100, through: 400, by: 30).map { $0 })
  func `an outage in the middle of data both ways ends with the timer that follows it`(milliseconds: Int) {
    var link = connected()
    let begin = link.now + .milliseconds(milliseconds)
    let end = begin + .seconds(3)
    link.outage = begin..<end
    let (up, down) = (bytes(1_000_000, seed: 5), bytes(1_000_000, seed: 6))
    link.sendFromClient(up)
    link.sendFromServer(down)
    link.run(until: end)
    let before = (link.atServer.count, link.atClient.count)
    #expect(before.0 < up.count && before.1 < down.count)
    link.run(until: end + .seconds(4) + Self.roundTrip * 2)
    #expect(link.atServer.count > before.0 && link.atClient.count > before.1)
    link.run(until: end + .seconds(8))
    let isWhole = (link.atServer == up, link.atClient == down)
    #expect(isWhole.0 && isWhole.1, "\(link.atServer.count) and \(link.atClient.count) bytes")
    // 685 segments each way, some twice, and at most as many acknowledgments: no volley of them.
    #expect(link.carried.count < 4 * 1_000_000 / Self.segment)
    #expect(link.client.flight == .bytes(0) && link.server.flight == .bytes(0))
  }

  /// RFC 9293 §3.5, figure 7
  @Test func `ends that open at once are connected after a round trip, without a volley`() {
    var link = TCPLink(listens: false)
    link.open()
    link.onServer { $0.open(at: $1, into: &$2) }
    link.run(until: .start + .seconds(5))
    #expect(link.client.state == .established && link.server.state == .established)
    #expect(link.clientEvents.map(\.event) == [.connected] && link.serverEvents.map(\.event) == [.connected])
    #expect(link.clientEvents.map(\.time) == [.start + Self.roundTrip])
    // SYN, its answer, and the acknowledgment of that, from each end.
    #expect(link.carried.count == 6)
    link.sendFromClient(bytes(5000))
    link.run(until: .start + .seconds(6))
    let isThere = link.atServer == bytes(5000)
    #expect(isThere)
  }

  @Test func `both ends close in either order`() {
    var link = connected()
    link.sendFromClient(bytes(5000))
    link.onClient { $0.close(at: $1, into: &$2) }
    link.run(until: .start + .seconds(2))
    #expect(link.client.state == .finWait2)
    #expect(link.server.state == .closeWait)
    link.sendFromServer(bytes(700))
    link.onServer { $0.close(at: $1, into: &$2) }
    link.run(until: .start + .seconds(3))
    #expect(link.client.state == .timeWait)
    #expect(link.atClient.count == 700)
    #expect(link.serverEvents.map(\.event) == [.connected, .finished, .closed(nil)])
    link.run(until: .start + .seconds(200))
    #expect(link.client.state == .closed)
  }

  @Test func `an abort resets the other end and a forged reset does not`() throws {
    var link = connected()
    let sent = try #require(link.carried.last { $0.isToServer }).segment
    for offset in [5, 70_000, UInt32.max / 2] as [UInt32] {
      let forged = TCPSegment(sequenceNumber: sent.sequenceNumber &+ offset, flags: .reset, window: 0)
      var writer = ByteWriter()
      forged.write([UInt8]().span, into: &writer)
      link.onServer { $0.handle(writer.bytes.span, at: $1, into: &$2) }
    }
    #expect(link.server.state == .established)
    link.onClient { connection, _, output in connection.abort(into: &output) }
    link.run(until: .start + .seconds(2))
    #expect(link.serverEvents.map(\.event) == [.connected, .closed(.reset)])
  }

  @Test func `rubbish neither traps nor ends a connection`() {
    var link = connected()
    var dice = SeededGenerator(seed: 4, stream: "rubbish")
    for _ in 0..<500 {
      var bytes = (0..<Int(dice.next() % 60)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      if bytes.count > 13 { (bytes[12], bytes[13]) = (0x50, UInt8(truncatingIfNeeded: dice.next()) & 0x3B) }
      link.onServer { $0.handle(bytes.span, at: $1, into: &$2) }
    }
    link.sendFromClient(bytes(3000))
    link.run(until: .start + .seconds(9))
    let isThere = link.atServer.suffix(3000) == bytes(3000)[...]
    #expect(isThere)
  }
}
