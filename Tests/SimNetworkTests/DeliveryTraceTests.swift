import RTCPrimitives
import SimNetwork
import Testing

/// Mahimahi's traces and token buckets.
@Suite struct DeliveryTraceTests {
  private func link(_ configuration: Link.Configuration) -> Link {
    Link(configuration, dice: SeededGenerator(seed: 1, stream: "link"))
  }

  private func milliseconds(_ count: Double) -> Instant { Instant(nanoseconds: Int64(count * 1e6)) }

  private func arrivals(_ link: inout Link, _ offers: [(Double, Int)]) -> [Double?] {
    offers.map { time, size in
      guard case .arrives(let arrival) = link.transmit(.bytes(size), at: milliseconds(time)) else { return nil }
      return arrival.milliseconds
    }
  }

  @Test func `each line delivers a packet of 1,500 bytes, and the trace repeats`() throws {
    var link = link(.init(trace: try DeliveryTrace(parsing: "2\n5\n5\n9\n")))
    let times = arrivals(&link, Array(repeating: (0, 1500), count: 9))
    #expect(times == [2, 5, 5, 9, 11, 14, 14, 18, 20])
  }

  @Test func `small packets share an opportunity and large ones need two`() throws {
    var link = link(.init(trace: try DeliveryTrace(parsing: "10\n20\n")))
    // With their 4 bytes: 752 twice fill the first. 1,500 and 500 and 500: the last ends in the third.
    let times = arrivals(&link, [(0, 748), (0, 748), (0, 1500), (0, 500), (0, 992), (0, 10)])
    #expect(times == [10, 10, 20, 30, 30, 40])
  }

  @Test func `an opportunity that nobody waits for is lost, also the rest of one and one at the very time`() throws {
    var link = link(.init(trace: try DeliveryTrace(parsing: "1\n2\n3\n10\n")))
    let times = arrivals(&link, [(0.5, 100), (1, 100), (2.5, 100), (2.6, 100), (3, 100), (4, 100), (123.2, 100)])
    #expect(times == [1, 2, 3, 3, 10, 10, 130])
  }

  /// Against the loop of Mahimahi, which goes through the opportunities one after the other.
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `departures are those of a loop over opportunities`(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed, stream: "test")
    var time = 0
    let times = (0..<50).map { _ in
      time += Int(dice.next() % 8)
      return time
    }
    let trace = try DeliveryTrace(parsing: times.map { "\($0)" }.joined(separator: "\n") + "\n1000\n")
    var now = 0.0
    let offers = (0..<300).map { _ in
      now += dice.unit() * 30
      return ((now * 1000).rounded() / 1000, Int(40 + dice.next() % 1461))
    }
    var link = link(.init(trace: trace))
    let found = arrivals(&link, offers)
    var expected: [Double?] = []
    var queue: [(left: Int, entered: Double)] = []
    var next = 0
    var round = 0
    while expected.count < offers.count {
      let time = Double(round * 1000 + Int(trace.times[next]))
      while expected.count + queue.count < offers.count, offers[expected.count + queue.count].0 < time {
        let offer = offers[expected.count + queue.count]
        queue.append((offer.1 + 4, offer.0))
      }
      var left = 1504
      while left > 0, !queue.isEmpty {
        let sent = min(left, queue[0].left)
        queue[0].left -= sent
        left -= sent
        guard queue[0].left == 0 else { break }
        queue.removeFirst()
        expected.append(time)
      }
      next += 1
      if next == trace.times.count { (next, round) = (0, round + 1) }
    }
    #expect(found == expected)
  }

  @Test func `a queue in front of a trace is limited by its mean rate, or in bytes`() throws {
    // 1,504 bytes each 10 ms: 100 ms hold ten of 1,500 bytes, and the one with which there are more.
    let trace = try DeliveryTrace(parsing: "10\n")
    #expect(trace.meanRate == .bitsPerSecond(1_203_200))
    var link = link(.init(queueLimit: .time(.milliseconds(100)), trace: trace))
    #expect(arrivals(&link, Array(repeating: (0, 1500), count: 20)).count { $0 != nil } == 11)
    #expect(link.statistics(at: milliseconds(25)).carriedBytes == 3000)
    link = self.link(.init(queueLimit: .size(.bytes(4500)), trace: trace))
    #expect(arrivals(&link, Array(repeating: (0, 1500), count: 5)) == [10, 20, 30, nil, nil])
    #expect(arrivals(&link, [(10, 1500), (10, 1500)]) == [40, nil])
  }

  @Test(
    arguments: [
      ("", "found no time after 0, allowed: at least one line with 1 or more"),
      ("0\n0\n", "found no time after 0, allowed: at least one line with 1 or more"),
      ("1\nx\n", "line 2: found 'x', allowed: a whole number of milliseconds, 0 or more"),
      ("1\n\n2\n", "line 2: found '', allowed: a whole number of milliseconds, 0 or more"),
      ("1.5\n", "line 1: found '1.5', allowed: a whole number of milliseconds, 0 or more"),
      ("-1\n", "line 1: found '-1', allowed: a whole number of milliseconds, 0 or more"),
      ("5\n4\n", "line 2: found 4, allowed: 5 or more, because times do not go back"),
      ("86400001\n", "line 1: found 86400001, allowed: at most 86400000 ms, which is a day"),
    ])
  func `a text that is no trace is refused with its line`(text: String, message: String) {
    do throws(DeliveryTrace.Failure) {
      _ = try DeliveryTrace(parsing: text)
      Issue.record("it was read")
    } catch {
      #expect(error.description == message)
    }
  }

  @Test func `carriage returns and a missing last end of line are read`() throws {
    #expect(try DeliveryTrace(parsing: "1\r\n3").times == [1, 3])
  }

  // MARK: Token buckets

  @Test func `a shaper lets the burst pass and then the rate`() {
    // 1 Mbit/s is 1,000 bytes in 8 ms; the bucket holds three packets.
    var link = link(.init(tokenBucket: TokenBucket(rate: .megabitsPerSecond(1), burst: .bytes(3000))))
    #expect(arrivals(&link, Array(repeating: (0, 1000), count: 6)) == [0, 0, 0, 8, 16, 24])
    // After 100 ms the bucket is full again, and not fuller.
    #expect(arrivals(&link, Array(repeating: (100, 1000), count: 5)) == [100, 100, 100, 108, 116])
    #expect(link.queueingDelay(at: milliseconds(100)) == .microseconds(16_008))
  }

  @Test func `behind a shaper the rate is the peak`() {
    var link = link(
      .init(
        rate: .megabitsPerSecond(8), queueLimit: .time(.milliseconds(16)),
        tokenBucket: TokenBucket(rate: .megabitsPerSecond(1), burst: .bytes(3000))))
    // The limit in time is measured by the lower rate: 16 ms are 2,000 bytes.
    #expect(arrivals(&link, Array(repeating: (0, 1000), count: 6)) == [1, 2, 3, nil, nil, nil])
    #expect(arrivals(&link, Array(repeating: (3, 1000), count: 5)) == [9, 17, 25, nil, nil])
  }

  @Test func `a policer drops what has no tokens and delays nothing`() {
    var link = link(
      .init(tokenBucket: TokenBucket(rate: .megabitsPerSecond(1), burst: .bytes(3000), excess: .isDropped)))
    #expect(arrivals(&link, Array(repeating: (0, 1000), count: 5)) == [0, 0, 0, nil, nil])
    #expect(link.transmit(.bytes(1000), at: milliseconds(7.9)) == .dropped(.policed))
    #expect(arrivals(&link, [(8, 1000), (8, 1000), (10, 250), (100, 3001)]) == [8, nil, 10, nil])
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `in no time more passes than the burst and the rate times that time`(seed: UInt64) {
    let (rate, burst) = (DataRate.kilobitsPerSecond(777), 4000)
    var dice = SeededGenerator(seed: seed, stream: "test")
    for excess in TokenBucket.Excess.allCases {
      var link = link(.init(tokenBucket: TokenBucket(rate: rate, burst: .bytes(burst), excess: excess)))
      var now = 0.0
      var passed: [(time: Double, bytes: Int)] = []
      for _ in 0..<300 {
        now += dice.unit() * 12
        let size = Int(40 + dice.next() % 1461)
        if let time = arrivals(&link, [(now, size)])[0] { passed.append((time, size)) }
      }
      for first in passed.indices {
        var bytes = 0
        for last in first..<passed.count {
          bytes += passed[last].bytes
          let allowed = Double(burst) + (passed[last].time - passed[first].time + 0.002) * 777 / 8
          #expect(Double(bytes) <= allowed)
        }
      }
      // And a shaper holds back no more than that: what is offered is above the rate.
      let share = Double(passed.reduce(0) { $0 + $1.bytes } * 8) / (passed[passed.count - 1].time / 1000) / 777_000
      #expect(share > 0.8, "\(excess) \(share)")
    }
  }
}
