import RTCMedia
import RTCPrimitives
import Testing

@Suite struct AudioJitterBufferTests {
  private struct Result: ~Copyable {
    var played: [Int] = []
    /// From capture to playout of each packet that was played, with the tick that needed it.
    var latencies: [(tick: Int, latency: Duration)] = []
    var concealedTicks: [Int] = []
    var ticksPlayed = 0
    var buffer = AudioJitterBuffer()

    /// Means over the packets that were played in these ticks.
    func meanLatency(_ ticks: Range<Int>) -> Double {
      let some = latencies.filter { ticks.contains($0.tick) }
      return some.reduce(0) { $0 + $1.latency.milliseconds } / Double(max(1, some.count))
    }
  }

  /// Sends a packet every 20 ms of the sender's clock, each late by its delay or lost (`nil`), and ticks every 20 ms.
  ///
  /// - Parameter drift: by how much the sender's clock is faster, in parts per million.
  private func run(
    _ delays: [Duration?], phase: Duration = .milliseconds(7), firstTimestamp: UInt32 = 0, drift: Int64 = 0,
    size: (Int) -> Int = { _ in 3 }, minimum: (Int) -> Duration? = { _ in nil }
  ) -> Result {
    var result = Result()
    let arrivals = delays.enumerated().compactMap { index, delay in
      delay.map { (index: index, at: Self.captured(index, drift) + $0) }
    }.sorted { ($0.at, $0.index) < ($1.at, $1.index) }
    var next = 0
    for tick in 0..<delays.count {
      let now = Instant.start + .milliseconds(20 * tick) + phase
      // A sender whose clock is fast is done earlier.
      guard drift <= 0 || next < arrivals.count else { break }
      while next < arrivals.count, arrivals[next].at <= now {
        let index = arrivals[next].index
        let payload = Array(repeating: UInt8(truncatingIfNeeded: index), count: size(index))
        let timestamp = firstTimestamp &+ UInt32(index * 960)
        result.buffer.insert(timestamp: timestamp, payload: payload.span, at: arrivals[next].at)
        next += 1
      }
      if let delay = minimum(tick) { result.buffer.minimumDelay = delay }
      let before = result.buffer.statistics.totalSamplesReceived
      while let step = result.buffer.nextStep(at: now) {
        guard case .packet(let packet, let stretch, let lead) = step else {
          result.concealedTicks.append(tick)
          continue
        }
        let index = Int((packet.rtpTimestamp &- firstTimestamp) / 960)
        #expect(
          result.buffer.bytes(of: packet)
            == Array(repeating: UInt8(truncatingIfNeeded: index), count: size(index)))
        result.buffer.stretched(by: stretch?.modelledChange ?? 0, at: now)
        result.played.append(index)
        result.latencies.append((tick, now + lead - Self.captured(index, drift)))
      }
      result.ticksPlayed += (result.buffer.statistics.totalSamplesReceived - before) / 960
    }
    expectConservation(result)
    return result
  }

  private static func captured(_ index: Int, _ drift: Int64) -> Instant {
    Instant(nanoseconds: Int64(index) * (20_000_000 - 20 * drift))
  }

  /// What went in and was not played is less than a packet and a period.
  private func expectConservation(_ result: borrowing Result) {
    let statistics = result.buffer.statistics
    let made =
      statistics.jitterBufferEmittedCount + statistics.concealedSamples + statistics.comfortNoiseSamples
      + statistics.insertedSamplesForDeceleration - statistics.removedSamplesForAcceleration
    #expect((0..<960 + TimeStretch.longestPeriod).contains(made - statistics.totalSamplesReceived))
    #expect(statistics.totalSamplesReceived == result.ticksPlayed * 960)
    #expect(statistics.jitterBufferEmittedCount == result.played.count * 960)
    #expect(result.played == result.played.sorted() && Set(result.played).count == result.played.count)
  }

  @Test func `even arrival plays everything without concealment, over the wrap of timestamps`() {
    let result = run(Array(repeating: .milliseconds(30), count: 1000), firstTimestamp: 0xFFFF_0000)
    #expect(result.buffer.statistics.concealedSamples == 0)
    // All but what waits at the end, the first one at once.
    #expect(result.played.count >= 995 && result.latencies[0].latency < .milliseconds(50))
    // Without jitter sound waits for one step of the histogram, and is let go from two on.
    #expect(result.buffer.targetDelay == .milliseconds(20))
    let wait = result.meanLatency(900..<1000) - 30
    #expect(wait >= 20 && wait <= 40)
  }

  @Test func `a lost packet is concealed once, with the next one at hand`() {
    var delays = Array(repeating: Duration?.some(.milliseconds(10)), count: 200)
    delays[100] = nil
    let result = run(delays)
    #expect(!result.played.contains(100))
    #expect(result.played.contains(99) && result.played.contains(101))
    #expect(result.buffer.statistics.concealedSamples == 960)
    #expect(result.buffer.statistics.concealmentEvents == 1)
    #expect(result.buffer.statistics.silentConcealedSamples == 0)
  }

  @Test(arguments: [40, 100, 190]) func `of uniform jitter the wait is what the closed form says`(range: Int) {
    var generator = SeededGenerator(seed: 1, stream: "jitter")
    let delays = (0..<6000).map { _ in
      Duration?.some(.microseconds(20_000 + Int(generator.next() % UInt64(range * 1000))))
    }
    let result = run(delays)
    // The longest of 25 uniform delays is nearly the range, so that its 95th percentile lies in the range's last step.
    let step = Duration.milliseconds((range + 19) / 20 * 20)
    #expect(result.buffer.targetDelay == step)
    let late = result.concealedTicks.filter { $0 >= 1000 }.count
    #expect(late < 5, "\(late) of 5000 ticks are concealed")
    let wait = result.meanLatency(1000..<6000) - 20
    #expect(wait >= step.milliseconds - 5 && wait <= step.milliseconds + Double(range) + 20)
  }

  @Test(arguments: [-100, 100] as [Int64]) func `clocks that drift by 100 ppm are absorbed without concealment`(
    ppm: Int64
  ) {
    let result = run(Array(repeating: .milliseconds(30), count: 60_000), drift: ppm)
    let statistics = result.buffer.statistics
    #expect(statistics.concealedSamples == 0 && statistics.packetsDiscarded == 0)
    // 20 minutes are 5,760 samples apart.
    let net = statistics.removedSamplesForAcceleration - statistics.insertedSamplesForDeceleration
    let expected = Int(ppm) * 60_000 * 960 / 1_000_000
    #expect(abs(net - expected) <= 960 + 720, "\(net) samples")
    #expect(result.meanLatency(50_000..<60_000) - 30 <= 42)
  }

  @Test func `a longer way is followed within seconds, and one that is short again, too`() {
    let delays = (0..<4000).map { Duration?.some(.milliseconds((1000..<2000).contains($0) ? 220 : 20)) }
    let result = run(delays)
    // For 200 ms nothing comes; then everything is 200 ms later, and waits no longer than before.
    #expect(result.concealedTicks.allSatisfy { (1000..<1015).contains($0) })
    #expect(result.concealedTicks.count >= 8 && result.concealedTicks.count <= 11)
    #expect(result.meanLatency(1900..<2000) <= 220 + 45 + 220)
    // When it is short again ten packets arrive at once.
    #expect(result.buffer.statistics.removedSamplesForAcceleration >= 9 * 960)
    #expect(result.meanLatency(3500..<4000) <= 65)
  }

  @Test func `after a stall the wait shrinks back`() throws {
    var delays = Array(repeating: Duration?.some(.milliseconds(20)), count: 3000)
    for index in 200..<220 { delays[index] = .milliseconds(20 + (220 - index) * 20) }
    let result = run(delays)
    let statistics = result.buffer.statistics
    #expect(statistics.concealmentEvents == 1)
    #expect(statistics.concealedSamples >= 15 * 960 && statistics.concealedSamples <= 25 * 960)
    // Made-up sound has faded out after 200 ms.
    #expect(statistics.silentConcealedSamples == statistics.concealedSamples - 10 * 960)
    #expect(result.meanLatency(2900..<3000) <= 70)
  }

  @Test func `packets that overtake each other are played in order, and one that is too late is discarded`() {
    var delays = Array(repeating: Duration?.some(.milliseconds(10)), count: 400)
    for index in stride(from: 100, to: 390, by: 10) { delays[index] = .milliseconds(45) }
    delays[395] = .seconds(3)
    let result = run(delays)
    #expect(result.concealedTicks.filter { $0 > 200 && $0 < 390 }.isEmpty)
    #expect(!result.played.contains(395) && result.played.contains(390))
  }

  @Test func `a pause that the sender announced is no loss, and its end is heard at its time`() {
    // Discontinuous transmission: one packet of a byte, then nothing for 400 ms, four times.
    let delays = (0..<400).map { (100..<180).contains($0) && $0 % 20 != 0 ? nil : Duration?.some(.milliseconds(10)) }
    let result = run(delays, size: { (100..<180).contains($0) ? 1 : 40 })
    let statistics = result.buffer.statistics
    #expect(statistics.concealedSamples == 0 && statistics.concealmentEvents == 0)
    #expect(statistics.comfortNoiseSamples == 76 * 960)
    #expect(result.meanLatency(300..<400) <= 60)
  }

  @Test func `a minimum delay is reached by stretching and given up again, without concealment`() {
    let result = run(
      Array(repeating: .milliseconds(20), count: 3000),
      minimum: { $0 == 500 ? .milliseconds(300) : $0 == 1500 ? .zero : nil })
    #expect(result.buffer.statistics.concealedSamples == 0)
    let (before, held, after) = (
      result.meanLatency(400..<500), result.meanLatency(1000..<1500), result.meanLatency(2800..<3000)
    )
    #expect(before <= 60 && after <= 60)
    #expect(held >= 320 && held <= 340)
    let statistics = result.buffer.statistics
    #expect(statistics.jitterBufferTargetDelay > statistics.jitterBufferMinimumDelay)
  }

  @Test func `loss and jitter at random conserve samples, and twice give the same`() {
    func statistics() -> AudioPlayoutStatistics {
      var generator = SeededGenerator(seed: 2, stream: "conservation")
      let delays: [Duration?] = (0..<2000).map { _ in
        generator.happens(withProbability: 0.1) ? nil : .microseconds(Int(generator.next() % 90_000))
      }
      let result = run(delays)
      // What is lost is made up, and hardly more.
      #expect(result.buffer.statistics.concealedSamples > 1700 * 96)
      #expect(result.buffer.statistics.concealedSamples < 2400 * 96)
      return result.buffer.statistics
    }
    #expect(statistics() == statistics())
  }

  @Test func `a sender that begins anew is followed`() {
    var buffer = AudioJitterBuffer()
    let payload: [UInt8] = [1, 2, 3]
    var played: [UInt32] = []
    for index in 0..<100 {
      let timestamp = index < 50 ? 5_000_000 + UInt32(index * 960) : 100 + UInt32(index * 960)
      let now = Instant.start + .milliseconds(20 * index)
      buffer.insert(timestamp: timestamp, payload: payload.span, at: now)
      while let step = buffer.nextStep(at: now + .milliseconds(5)) {
        if case .packet(let packet, _, _) = step { played.append(packet.rtpTimestamp) }
      }
    }
    #expect(played.filter { $0 < 1_000_000 }.count >= 45)
  }

  @Test func `timestamps that make no sense neither trap nor pile up`() {
    var generator = SeededGenerator(seed: 3, stream: "nonsense")
    var buffer = AudioJitterBuffer()
    let payload: [UInt8] = [1, 2, 3]
    var now = Instant.start
    for _ in 0..<100_000 {
      now += .microseconds(Int(generator.next() % 30_000))
      let timestamp = UInt32(truncatingIfNeeded: generator.next()) >> (generator.next() % 32)
      buffer.insert(timestamp: timestamp, payload: payload.span.extracting(first: Int(generator.next() % 4)), at: now)
      for _ in 0..<4 {
        guard let step = buffer.nextStep(at: now) else { break }
        if case .packet(_, let stretch?, _) = step { buffer.stretched(by: stretch.modelledChange, at: now) }
      }
    }
    #expect(buffer.targetDelay <= .seconds(2))
  }
}
