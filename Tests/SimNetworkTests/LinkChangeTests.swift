import RTCPrimitives
import SimNetwork
import Testing

@Suite struct LinkChangeTests {
  private static let packet = DataSize.bytes(1000)

  private func link(_ configuration: Link.Configuration) -> Link {
    Link(configuration, dice: SeededGenerator(seed: 1, stream: "link"))
  }

  private func milliseconds(_ count: Double) -> Instant { Instant(nanoseconds: Int64(count * 1e6)) }

  @Test func `a packet that is being sent when the rate changes goes on at the new rate`() {
    var link = link(
      .init(
        rate: .megabitsPerSecond(8),
        changes: [
          LinkChange(at: .microseconds(1500), rate: .megabitsPerSecond(2)),
          LinkChange(at: .microseconds(4500), rate: .megabitsPerSecond(16)),
        ]))
    // 1 ms at 8 Mbit/s; then 4,000 bits in 0.5 ms and 4,000 in 2 ms; then 2,000 bits in 1 ms and 6,000 in 0.375 ms.
    let verdicts = (0..<3).map { _ in link.transmit(Self.packet, at: .start) }
    #expect(verdicts == [1, 3.5, 4.875].map { .arrives(milliseconds($0)) })
  }

  /// Against a server that looks at its rate every 2 µs.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `departures are those of a server that works in small steps`(seed: UInt64) {
    let step: Int64 = 2000
    var dice = SeededGenerator(seed: seed, stream: "test")
    let rates: [Int64] = [1_000_000, 2_345_678, 5_000_000, 500_000, 0, 10_000_000]
    var time: Int64 = 0
    var changes = (0..<12).map { _ in
      time += step * Int64(1 + dice.next() % 4000)
      return LinkChange(at: .nanoseconds(time), rate: .bitsPerSecond(rates[Int(dice.next() % 6)]))
    }
    changes.append(LinkChange(at: .nanoseconds(time + step), rate: .megabitsPerSecond(1)))
    var link = link(.init(rate: .megabitsPerSecond(1), changes: changes))
    func rate(at time: Int64) -> Int64 {
      changes.last { $0.time.nanoseconds <= time }?.rate?.bitsPerSecond ?? 1_000_000
    }
    var free: Int64 = 0
    var now: Int64 = 0
    for _ in 0..<60 {
      now += Int64(dice.next() % 2_000_000)
      let size = Int(1 + dice.next() % 150)
      free = max(free, now)
      var work = Int64(size) * 8_000_000_000
      while work > 0 {
        let (rate, end) = (rate(at: free), (free / step + 1) * step)
        let need = rate == 0 ? .max : (work + rate - 1) / rate
        work -= rate * min(end - free, need)
        free = min(end, need == .max ? end : free + need)
      }
      #expect(link.transmit(.bytes(size), at: Instant(nanoseconds: now)) == .arrives(Instant(nanoseconds: free)))
    }
  }

  @Test func `changes to the same rate change nothing, to the nanosecond and the drop`() {
    let constant = Link.Configuration(
      rate: .bitsPerSecond(1_234_567), propagationDelay: .milliseconds(20), queueLimit: .time(.milliseconds(50)),
      loss: .independent(probability: 0.05), jitter: .uniform(maximum: .milliseconds(5), reorders: false))
    var scheduled = constant
    scheduled.changes = (1...200).map { LinkChange(at: .milliseconds(13 * $0), rate: constant.rate) }
    var (first, second) = (link(constant), link(scheduled))
    var dice = SeededGenerator(seed: 3, stream: "test")
    var now = Instant.start
    var drops = 0
    for _ in 0..<2000 {
      now += .microseconds(Int64(dice.next() % 3000))
      let size = DataSize.bytes(Int(60 + dice.next() % 1440))
      let verdict = first.transmit(size, at: now)
      let other = second.transmit(size, at: now)
      if verdict == .dropped(.queueFull) { drops += 1 }
      guard case .arrives(let time) = verdict, case .arrives(let otherTime) = other else {
        #expect(verdict == other)
        continue
      }
      // A service that is cut by a change is rounded up once, like one that is not.
      #expect(time == otherTime)
    }
    #expect(drops > 100)
    #expect(first.statistics(at: now) == second.statistics(at: now))
  }

  @Test func `the queue is limited to its time at the rate of the moment`() {
    // 100 ms hold 100 packets at 8 Mbit/s and 25 at 2.
    var link = link(
      .init(
        rate: .megabitsPerSecond(8), queueLimit: .time(.milliseconds(100)),
        changes: [LinkChange(at: .milliseconds(1000), rate: .megabitsPerSecond(2))]))
    func accepted(of count: Int, at time: Double) -> Int {
      (0..<count).filter { _ in link.transmit(Self.packet, at: milliseconds(time)) != .dropped(.queueFull) }.count
    }
    #expect(accepted(of: 300, at: 0) == 101)
    // The queue of 101 ms is full again a moment before the rate falls: what is in it stays and takes four times as long.
    #expect(accepted(of: 300, at: 999) == 101)
    #expect(accepted(of: 10, at: 1000) == 0)
    // 100 packets take 400 ms from 1,000 ms on; at 1,299 ms a little more than 25 wait.
    #expect(accepted(of: 1, at: 1299) == 0)
    #expect(accepted(of: 2, at: 1300) == 1)
  }

  @Test func `in an outage packets wait, as many as before it, and then follow each other`() {
    var link = link(
      .init(
        rate: .megabitsPerSecond(8), propagationDelay: .milliseconds(10), queueLimit: .time(.milliseconds(3)),
        changes: [
          LinkChange(at: .milliseconds(100), rate: .zero),
          LinkChange(at: .milliseconds(600), rate: .megabitsPerSecond(8)),
        ]))
    let verdicts = (0..<6).map { _ in link.transmit(Self.packet, at: milliseconds(200)) }
    #expect(verdicts.prefix(4) == [611, 612, 613, 614].map { .arrives(milliseconds($0)) }[...])
    #expect(verdicts.suffix(2) == [.dropped(.queueFull), .dropped(.queueFull)])
    // The first waited for 400 ms, the others behind it.
    #expect(link.statistics(at: milliseconds(200)).queueingDelay == 1_606_000_000)
    #expect(link.statistics(at: milliseconds(602)).carriedBytes == 2000)
  }

  @Test func `a rate that stays zero is a link that is cut`() {
    var link = link(.init(rate: .megabitsPerSecond(8), changes: [LinkChange(at: .milliseconds(1), rate: .zero)]))
    #expect(link.transmit(Self.packet, at: .start) == .arrives(milliseconds(1)))
    #expect(link.transmit(Self.packet, at: .start) == .dropped(.cut))
  }

  @Test func `a new delay holds for what leaves from then on, and nothing overtakes`() {
    var link = link(
      .init(
        rate: .megabitsPerSecond(8), propagationDelay: .milliseconds(100),
        changes: [
          LinkChange(at: .milliseconds(10), propagationDelay: .milliseconds(200)),
          LinkChange(at: .milliseconds(20), propagationDelay: .milliseconds(50)),
        ]))
    #expect(link.transmit(Self.packet, at: milliseconds(8)) == .arrives(milliseconds(109)))
    #expect(link.transmit(Self.packet, at: milliseconds(9)) == .arrives(milliseconds(210)))
    #expect(link.transmit(Self.packet, at: milliseconds(30)) == .arrives(milliseconds(210)))
    #expect(link.transmit(Self.packet, at: milliseconds(200)) == .arrives(milliseconds(251)))
  }

  @Test func `a link without a limit can get one`() {
    var link = link(.init(changes: [LinkChange(at: .milliseconds(5), rate: .megabitsPerSecond(8))]))
    #expect(link.transmit(Self.packet, at: milliseconds(4)) == .arrives(milliseconds(4)))
    #expect(link.transmit(Self.packet, at: milliseconds(5)) == .arrives(milliseconds(6)))
  }
}
