import RTCPrimitives
import SimKernel
import SimNetwork
import Testing

/// RFC 8289
@Suite struct CoDelTests {
  /// What becomes of a packet: when it has left the link, or when it was dropped at the head of the queue.
  private enum Fate: Equatable {
    case left(Int64)
    case dropped
    case full
  }

  private struct Offer {
    let time: Int64
    let size: Int
  }

  /// A second implementation: one loop over the times at which the link is free, with CoDel's state as the mode of a machine.
  private func fates(of offers: [Offer], rate: Int64, limit: Int) -> [Fate] {
    enum Mode { case watching, dropping(next: Int64, count: Int) }
    var fates = [Fate](repeating: .full, count: offers.count)
    var queue: [Int] = []
    var arrived = 0
    var free: Int64 = 0
    var mode = Mode.watching
    var above: Int64?
    var last: (count: Int, base: Int, next: Int64) = (0, 0, 0)
    func enqueue(until now: Int64) {
      while arrived < offers.count, offers[arrived].time <= now {
        // What is being sent has left the queue, but not the link.
        let sending = max(0, free - offers[arrived].time) * rate / 8_000_000_000
        let waiting = queue.reduce(0) { $0 + offers[$1].size }
        if waiting + Int(sending) + offers[arrived].size <= limit { queue.append(arrived) }
        arrived += 1
      }
    }
    func pull(at now: Int64) -> (Int, isLate: Bool)? {
      guard !queue.isEmpty else {
        above = nil
        return nil
      }
      let packet = queue.removeFirst()
      let waits = now - offers[packet].time >= 5_000_000 && queue.reduce(0) { $0 + offers[$1].size } > 1500
      guard waits else {
        above = nil
        return (packet, false)
      }
      defer { above = above ?? now + 100_000_000 }
      return (packet, above.map { now >= $0 } ?? false)
    }
    func step(_ time: Int64, _ count: Int) -> Int64 { time + Int64(100_000_000 / Double(count).squareRoot()) }
    while arrived < offers.count || !queue.isEmpty {
      let now = queue.isEmpty ? max(free, offers[arrived].time) : free
      enqueue(until: now)
      guard var head = pull(at: now) else { continue }
      var rest: (Int, isLate: Bool)? = head
      switch mode {
      case .watching:
        if head.isLate {
          fates[head.0] = .dropped
          rest = pull(at: now)
          let delta = last.count - last.base
          let count = delta > 1 && now - last.next < 1_600_000_000 ? delta : 1
          last = (count, count, step(now, count))
          mode = .dropping(next: last.next, count: count)
        }
      case .dropping(var next, var count):
        if !head.isLate { mode = .watching }
        while case .dropping = mode, now >= next {
          fates[head.0] = .dropped
          count += 1
          rest = pull(at: now)
          last.count = count
          if let following = rest, following.isLate {
            head = following
            next = step(next, count)
            last.next = next
            mode = .dropping(next: next, count: count)
          } else {
            mode = .watching
          }
        }
      }
      guard let (packet, _) = rest else { continue }
      free = now + (Int64(offers[packet].size) * 8_000_000_000 + rate - 1) / rate
      fates[packet] = .left(free)
    }
    return fates
  }

  /// The same on the network.
  private func measured(_ offers: [Offer], rate: Int64, limit: Int) -> [Fate] {
    let world = World()
    let link = Link.Configuration(
      rate: .bitsPerSecond(rate), queueLimit: .size(.bytes(limit)), codel: CoDel())
    let sender = world.station("sender", "192.0.2.1", uplink: link)
    let receiver = world.station("receiver", "192.0.2.2")
    for (number, offer) in offers.enumerated() {
      var bytes = [UInt8](repeating: 0, count: offer.size - 28)
      bytes[0] = UInt8(number >> 8)
      bytes[1] = UInt8(number & 0xFF)
      world.at(.nanoseconds(offer.time), sender, sends: bytes, from: "192.0.2.1:1", to: "192.0.2.2:2")
    }
    world.simulation.run()
    #expect(world.simulation.packetsInFlight == 0)
    var fates = [Fate](repeating: .dropped, count: offers.count)
    for arrival in world.arrivals(at: receiver) {
      fates[Int(arrival.bytes[0]) << 8 | Int(arrival.bytes[1])] = .left(arrival.time.nanoseconds)
    }
    #expect(
      world.network.counts[.activeQueue] + world.network.counts[.queueFull] == fates.count { $0 == .dropped })
    return fates
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `packets leave and are dropped as in another implementation`(seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "test")
    let rate: Int64 = [600_000, 1_000_000, 3_000_000, 10_000_000][Int(seed % 4)]
    var time: Int64 = 0
    // Loads from two thirds to four thirds of the rate, which change every now and then.
    var load = 1.0
    let offers = (0..<1500).map { number in
      if number.isMultiple(of: 200) { load = 0.66 + 0.2 * Double(dice.next() % 5) }
      let size = Int(60 + dice.next() % 1441)
      time += Int64(2 * dice.unit() * Double(780 * 8) * 1e9 / Double(rate) / load)
      return Offer(time: time, size: size)
    }
    let limit = 60_000
    let expected = fates(of: offers, rate: rate, limit: limit)
    let found = measured(offers, rate: rate, limit: limit)
    #expect(expected.count { $0 == .dropped } > 1)
    #expect(found == expected.map { $0 == .full ? .dropped : $0 })
  }

  /// RFC 8289 §3.3: the n-th drop follows the one before after an interval divided by the root of n.
  @Test func `an overloaded queue is dropped from at the pace of the square root`() {
    // A packet each millisecond leaves, two come, for a second.
    let offers = (0..<2000).map { Offer(time: Int64($0) * 500_000, size: 1000) }
    let fates = measured(offers, rate: 8_000_000, limit: 10_000_000)
    // When each dropped packet was at the head: when the one before it had left.
    var drops: [Double] = []
    var now: Int64 = 0
    for fate in fates {
      switch fate {
      case .left(let time): now = time
      case .dropped, .full: drops.append(Double(now) / 1e6)
      }
    }
    // A queue of 5 ms stands after 10 ms, and is late 100 ms later.
    #expect(abs((drops.first ?? 0) - 110) <= 2)
    var ideal = drops.first ?? 0
    for (number, drop) in drops.enumerated().prefix(40) {
      // The link is free once in a millisecond.
      #expect(drop >= ideal - 0.001 && drop <= ideal + 1.001, "\(number): \(drop), \(ideal)")
      ideal += 100 / Double(number + 1).squareRoot()
    }
    #expect(drops.count > 20)
  }

  @Test func `a burst that is gone within an interval loses nothing`() {
    let offers = (0..<90).map { _ in Offer(time: 0, size: 1000) }
    #expect(measured(offers, rate: 8_000_000, limit: 1_000_000) == (1...90).map { .left($0 * 1_000_000) })
  }
}
