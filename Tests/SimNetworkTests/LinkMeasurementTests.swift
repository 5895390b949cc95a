import RTCPrimitives
import SimNetwork
import Testing

@Suite struct LinkMeasurementTests {
  private func link(_ configuration: Link.Configuration) -> Link {
    Link(configuration, dice: SeededGenerator(seed: 1, stream: "link"))
  }

  @Test func `a burst waits in equal steps`() throws {
    var link = link(.init(rate: .megabitsPerSecond(8), queueLimit: .time(.milliseconds(98))))
    link.beginMeasurement(at: .start)
    // 0, 1, 2 … 98 ms; the hundredth is dropped.
    for _ in 0..<100 { _ = link.transmit(.bytes(1000), at: .start) }
    #expect(link.queueingDelay(at: .start) == .milliseconds(99))
    let now = Instant.start + .milliseconds(50)
    let measuredTaken = link.takeMeasurement(at: now)
    let measured = try #require(measuredTaken)
    #expect((measured.begin, measured.end) == (.start, now))
    #expect(measured.queueingDelay.count == 99)
    #expect(measured.queueingDelay.maximum == .milliseconds(98))
    let median = try #require(measured.queueingDelay.percentile(0.5)).milliseconds
    #expect((49...49 * 17 / 16.0).contains(median))
    #expect((measured.offeredPackets, measured.queueDrops, measured.lostPackets) == (100, 1, 0))
    #expect(measured.carried == .bytes(50_000))
    #expect(measured.rate == .megabitsPerSecond(8))
  }

  @Test func `windows add up, whoever else resets the counters`() throws {
    let configuration = Link.Configuration(
      rate: .megabitsPerSecond(1), queueLimit: .time(.milliseconds(30)), loss: .independent(probability: 0.1))
    var (cut, whole) = (link(configuration), link(configuration))
    cut.beginMeasurement(at: .start)
    whole.beginMeasurement(at: .start)
    var dice = SeededGenerator(seed: 5, stream: "test")
    var now = Instant.start
    var sum: LinkMeasurement?
    for number in 1...1000 {
      now += .microseconds(Int64(dice.next() % 8000))
      let size = DataSize.bytes(Int(40 + dice.next() % 1460))
      let verdicts = (cut.transmit(size, at: now), whole.transmit(size, at: now))
      #expect(verdicts.0 == verdicts.1)
      if number.isMultiple(of: 170) { cut.resetStatistics(at: now) }
      guard number.isMultiple(of: 100) else { continue }
      let windowTaken = cut.takeMeasurement(at: now)
      let window = try #require(windowTaken)
      if sum == nil { sum = window } else { sum?.append(window) }
    }
    let allTaken = whole.takeMeasurement(at: now)
    let all = try #require(allTaken)
    #expect(sum == all)
    #expect(all.queueDrops > 10 && all.lostPackets > 10)
    // What was offered and not dropped has left, or waits still.
    #expect(all.queueingDelay.count == Int(all.offeredPackets - all.queueDrops))
  }

  @Test func `a link that nobody measures has nothing to tell`() {
    var link = link(.init(rate: .megabitsPerSecond(8)))
    _ = link.transmit(.bytes(1000), at: .start)
    let taken = link.takeMeasurement(at: .start)
    #expect(taken == nil)
  }
}
