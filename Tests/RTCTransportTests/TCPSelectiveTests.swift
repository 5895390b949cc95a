import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

/// Recovery with selective acknowledgments (RFC 6675).
@Suite struct TCPSelectiveTests {
  private static let segment = 1460

  private func bytes(_ count: Int) -> [UInt8] {
    var dice = SeededGenerator(seed: 3, stream: "payload")
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
  }

  private func configuration(_ control: TCPCongestionControl = .reno, offers: Bool = true)
    -> TCPConnection.Configuration
  {
    var configuration = TCPConnection.Configuration()
    configuration.congestionControl = control
    configuration.offersSelectiveAcknowledgment = offers
    configuration.patience = .seconds(1000)
    return configuration
  }

  /// How long 40 segments take of which 11, 13, 15, 17 and 19 are lost once.
  private func time(offers: Bool) -> (Duration, retransmissions: Int) {
    var link = TCPLink(configuration(offers: offers))
    link.open()
    link.run(until: .start + .seconds(1))
    var data = 0
    link.takesAway = { _, segment, isToServer in
      guard isToServer, segment.dataRange.count > 0 else { return false }
      data += 1
      return data <= 20 && data > 10 && !data.isMultiple(of: 2)
    }
    link.sendFromClient(bytes(40 * Self.segment))
    link.run(until: .start + .seconds(30))
    let isWhole = link.atServer == bytes(40 * Self.segment)
    #expect(isWhole)
    return ((link.arrivals.last?.time ?? .distantFuture) - (.start + .seconds(1)), link.client.retransmissions)
  }

  @Test func `five gaps are filled in one round trip instead of five`() {
    let selective = time(offers: true)
    let newReno = time(offers: false)
    #expect(selective.retransmissions == 5)
    #expect(newReno.retransmissions == 5)
    // Four round trips of 100 ms less, which are those of the partial acknowledgments, give or take one.
    #expect(newReno.0 - selective.0 >= .milliseconds(250), "\(newReno.0) \(selective.0)")
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>, TCPCongestionControl.allCases)
  func `every byte arrives once and in order under loss and reordering`(seed: UInt64, control: TCPCongestionControl) {
    var link = TCPLink(configuration(control), seed: seed)
    link.loss = 0.1
    link.jitter = .milliseconds(60)
    link.open()
    link.sendFromClient(bytes(120_000))
    link.run(until: .start + .seconds(900))
    let isWhole = link.atServer == bytes(120_000)
    #expect(isWhole)
  }

  @Test func `it is used when both ends offer it, and only then`() {
    for (client, server) in [(true, false), (false, true)] {
      var link = TCPLink(configuration(offers: client))
      var entropy = EntropySource(SeededGenerator(seed: 1, stream: "other"))
      link.server = TCPConnection(
        configuration(offers: server), local: link.server.local, remote: link.server.remote, listens: true,
        entropy: &entropy)
      link.takesAway = { number, _, _ in number == 4 }
      link.open()
      link.sendFromClient(bytes(10 * Self.segment))
      link.run(until: .start + .seconds(20))
      #expect(link.atServer.count == 10 * Self.segment)
      #expect(link.carried.allSatisfy { $0.segment.selectiveAcknowledgments.isEmpty })
    }
  }

  /// A peer may say anything.
  @Test func `selective acknowledgments of what was never sent are not believed`() {
    var link = TCPLink(configuration())
    link.open()
    link.run(until: .start + .seconds(1))
    link.takesAway = { _, _, _ in true }
    link.sendFromClient(bytes(5 * Self.segment))
    guard let sent = link.carried.last?.segment else { return }
    var dice = SeededGenerator(seed: 1, stream: "nonsense")
    for _ in 0..<2000 {
      var lie = TCPSegment(
        sequenceNumber: sent.acknowledgmentNumber,
        acknowledgmentNumber: sent.sequenceNumber &- UInt32(4 * Self.segment),
        flags: .acknowledge, window: 1000)
      lie.selectiveAcknowledgments = (0..<3).map { _ in
        let begin = sent.sequenceNumber &+ UInt32(truncatingIfNeeded: dice.next() % 40_000) &- 20_000
        return .init(begin: begin, end: begin &+ UInt32(truncatingIfNeeded: dice.next() % 4000) &- 1000)
      }
      var writer = ByteWriter()
      lie.write([UInt8]().span, into: &writer)
      link.onClient { $0.handle(writer.bytes.span, at: $1, into: &$2) }
    }
    #expect(link.client.state == .established)
    // A timeout forgets what the peer said, and everything arrives.
    link.takesAway = { _, _, _ in false }
    link.run(until: .start + .seconds(60))
    let isWhole = link.atServer == bytes(5 * Self.segment)
    #expect(isWhole)
  }
}
