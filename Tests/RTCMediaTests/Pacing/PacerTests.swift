import RTCMedia
import RTCPrimitives
import Testing

/// The pace at which packets leave.
struct PacerTests {
  private func packet(_ number: Int, size: Int = 1000, isRetransmission: Bool = false) -> Pacer.Packet {
    Pacer.Packet(
      stream: 0, number: SequenceNumber(UInt16(number)), size: .bytes(size), isRetransmission: isRetransmission)
  }

  /// Lets everything leave until `end` and gives what left when.
  private func run(_ pacer: inout Pacer, from start: Instant, until end: Instant) -> [(
    time: Instant, departure: Pacer.Departure
  )] {
    var departures: [(Instant, Pacer.Departure)] = []
    var now = start
    while now <= end {
      while let departure = pacer.next(at: now) {
        departures.append((now, departure))
        if case .padding(let size, let probe) = departure { pacer.sentPadding(size, probe: probe, at: now) }
      }
      guard let due = pacer.nextTimeout(at: now) else { break }
      now = max(due, now + .nanoseconds(1))
    }
    return departures
  }

  @Test func `a burst of 40 ms leaves at once and the rest at the pacing rate`() throws {
    var pacer = Pacer()
    pacer.setRates(pacing: .megabitsPerSecond(1), padding: .zero, at: .start)
    for number in 0..<100 { pacer.enqueue(packet(number)) }
    let departures = run(&pacer, from: .start, until: .start + .seconds(5))
    #expect(departures.count == 100)
    // 1 Mbit/s in 40 ms are 5,000 bytes; one packet more begins while the debt is exactly that.
    #expect(departures.count { $0.time == .start } == 6)
    let last = try #require(departures.last).time - .start
    // What was sent less the burst, at the rate.
    #expect(abs(last.inSeconds - (99 * 8000 - 40_000) / 1e6) < 0.002, "\(last)")
  }

  @Test func `without a burst each packet waits until the one before is paid off`() {
    var pacer = Pacer()
    pacer.setRates(pacing: .megabitsPerSecond(1), padding: .zero, burst: .zero, at: .start)
    for number in 0..<4 { pacer.enqueue(packet(number, size: 1250)) }
    let times = run(&pacer, from: .start, until: .start + .seconds(1)).map { ($0.time - .start).inSeconds }
    #expect(times.count == 4)
    for (time, expected) in zip(times, [0, 0.01, 0.02, 0.03]) { #expect(abs(time - expected) < 1e-6) }
  }

  @Test func `a queue that would take longer than two seconds leaves faster`() throws {
    var pacer = Pacer()
    pacer.setRates(pacing: .kilobitsPerSecond(100), padding: .zero, at: .start)
    for number in 0..<100 { pacer.enqueue(packet(number)) }
    let departures = run(&pacer, from: .start, until: .start + .seconds(20))
    // 800 kbit at 100 kbit/s would take eight; the rate follows the queue, so the end comes slowly.
    let half = departures[49].time - .start
    #expect(half < .milliseconds(1500), "\(half)")
    #expect(departures.count == 100)
  }

  @Test func `retransmissions go before media, and order stays`() {
    var pacer = Pacer()
    pacer.setRates(pacing: .megabitsPerSecond(100), padding: .zero, at: .start)
    pacer.enqueue(packet(1))
    pacer.enqueue(packet(2))
    pacer.enqueue(packet(7, isRetransmission: true))
    let numbers = run(&pacer, from: .start, until: .start + .seconds(1)).compactMap { _, departure in
      if case .packet(let packet, _) = departure { packet.number.rawValue } else { nil }
    }
    #expect(numbers == [7, 1, 2])
  }

  @Test func `padding fills a rate that media leaves, and none leaves before media has`() {
    var pacer = Pacer()
    pacer.setRates(pacing: .megabitsPerSecond(2), padding: .kilobitsPerSecond(800), at: .start)
    #expect(pacer.next(at: .start) == nil && pacer.nextTimeout(at: .start) == nil)
    pacer.mayPad = true
    let departures = run(&pacer, from: .start, until: .start + .seconds(1))
    let bytes = departures.reduce(0) { sum, entry in
      if case .padding(let size, _) = entry.departure { sum + size.bytes } else { sum }
    }
    #expect(abs(Double(bytes) * 8 / 800_000 - 1) < 0.05, "\(bytes)")
  }

  @Test func `a cluster of probes leaves at its rate, filled up with padding, and nothing else meanwhile`() throws {
    var pacer = Pacer()
    pacer.mayPad = true
    pacer.setRates(pacing: .megabitsPerSecond(10), padding: .zero, at: .start)
    let id = ProbeCluster.ID(rawValue: 1)
    pacer.add(
      ProbeCluster(id: id, rate: .megabitsPerSecond(2), duration: .milliseconds(15), packets: 5), at: .start)
    for number in 0..<3 { pacer.enqueue(packet(number)) }
    let departures = run(&pacer, from: .start, until: .start + .milliseconds(200))
    let probes = departures.filter { entry in
      switch entry.departure {
      case .packet(_, let probe), .padding(_, let probe): probe == id
      }
    }
    let bytes = probes.map { entry in
      switch entry.departure {
      case .packet(let packet, _): packet.size.bytes
      case .padding(let size, _): size.bytes
      }
    }
    // 2 Mbit/s for 15 ms are 3,750 bytes, and five packets at least.
    #expect(bytes.reduce(0, +) >= 3750 && bytes.count >= 5)
    let first = try #require(probes.first).time
    let last = try #require(probes.last).time
    let rate = Double(bytes.dropLast().reduce(0, +)) * 8 / (last - first).inSeconds
    #expect(abs(rate / 2e6 - 1) < 0.01, "\(rate)")
  }

  @Test func `media waits while too much is in flight`() {
    var pacer = Pacer()
    pacer.setRates(pacing: .megabitsPerSecond(10), padding: .zero, at: .start)
    pacer.enqueue(packet(1))
    pacer.isCongested = true
    #expect(pacer.next(at: .start) == nil && pacer.nextTimeout(at: .start) == nil)
    pacer.isCongested = false
    #expect(pacer.next(at: .start) != nil)
  }
}
