import RTCMedia
import RTCPrimitives
import Testing

@Suite struct AudioJitterBufferTests {
  private struct Result: ~Copyable {
    var played: [Int] = []
    var latencies: [Duration] = []
    var ticks: [AudioJitterBuffer.Tick] = []
    var buffer = AudioJitterBuffer()
  }

  /// Sends a packet every 20 ms, each late by its delay or lost (`nil`), and ticks every 20 ms.
  private func run(_ delays: [Duration?], phase: Duration = .milliseconds(7), firstTimestamp: UInt32 = 0) -> Result {
    var result = Result()
    let arrivals = delays.enumerated().compactMap { index, delay in
      delay.map { (index: index, at: Instant.start + .milliseconds(20 * index) + $0) }
    }.sorted { ($0.at, $0.index) < ($1.at, $1.index) }
    var next = 0
    for tick in 0..<delays.count {
      let now = Instant.start + .milliseconds(20 * tick) + phase
      while next < arrivals.count, arrivals[next].at <= now {
        let payload = [UInt8(truncatingIfNeeded: arrivals[next].index), 1, 2]
        result.buffer.insert(
          timestamp: firstTimestamp &+ UInt32(arrivals[next].index * 960), payload: payload.span,
          at: arrivals[next].at)
        next += 1
      }
      let action = result.buffer.tick(at: now)
      result.ticks.append(action)
      guard case .packet(let packet) = action else { continue }
      let index = Int((packet.rtpTimestamp &- firstTimestamp) / 960)
      #expect(result.buffer.bytes(of: packet) == [UInt8(truncatingIfNeeded: index), 1, 2])
      result.played.append(index)
      result.latencies.append(now - (.start + .milliseconds(20 * index)))
    }
    return result
  }

  @Test func `even arrival plays everything without concealment, over the wrap of timestamps`() {
    let result = run(Array(repeating: .milliseconds(30), count: 500), firstTimestamp: 0xFFFF_0000)
    let statistics = result.buffer.statistics
    #expect(statistics.concealedSamples == 0)
    #expect(result.played.count >= 495)
    #expect(result.played == result.played.sorted())
    #expect(result.latencies[0] <= .milliseconds(80))
    // In steady state a packet waits for 10 ms and up to one tick and the hysteresis.
    #expect(result.latencies[400] - .milliseconds(30) <= .milliseconds(40))
  }

  @Test func `a lost packet is concealed once, with the next one at hand`() throws {
    var delays = Array(repeating: Duration?.some(.milliseconds(10)), count: 200)
    delays[100] = nil
    let result = run(delays)
    #expect(!result.played.contains(100))
    #expect(result.played.contains(99) && result.played.contains(101))
    #expect(result.buffer.statistics.concealedSamples == 960)
    #expect(result.buffer.statistics.concealmentEvents == 1)
  }

  @Test func `with jitter the wait grows until concealment is rare`() {
    var generator = SeededGenerator(seed: 1, stream: "jitter")
    let delays = (0..<2000).map { _ in Duration?.some(.microseconds(20_000 + Int(generator.next() % 60_000))) }
    let result = run(delays)
    let concealed = result.ticks[1000...].filter { if case .concealment = $0 { true } else { false } }
    #expect(concealed.count < 20)
    #expect(result.buffer.targetDelay >= .milliseconds(50) && result.buffer.targetDelay <= .milliseconds(70))
    #expect(result.played == result.played.sorted())
  }

  @Test func `after a stall the wait shrinks back`() throws {
    var delays = Array(repeating: Duration?.some(.milliseconds(20)), count: 3000)
    for index in 200..<220 { delays[index] = .milliseconds(20 + (220 - index) * 20) }
    let result = run(delays)
    let statistics = result.buffer.statistics
    #expect(statistics.concealmentEvents == 1)
    #expect(statistics.concealedSamples >= 15 * 960 && statistics.concealedSamples <= 25 * 960)
    let last = try #require(result.latencies.last)
    #expect(last <= .milliseconds(90))
    #expect(statistics.removedSamplesForAcceleration > 0)
  }

  @Test func `every tick plays, conceals or waits, and the samples add up`() {
    var generator = SeededGenerator(seed: 2, stream: "conservation")
    let delays: [Duration?] = (0..<1000).map { _ in
      generator.happens(withProbability: 0.1) ? nil : .microseconds(Int(generator.next() % 90_000))
    }
    let result = run(delays)
    let idle = result.ticks.filter { $0 == .idle }.count
    let statistics = result.buffer.statistics
    #expect(statistics.totalSamplesReceived == (result.ticks.count - idle) * 960)
    #expect(statistics.jitterBufferEmittedCount == result.played.count * 960)
    #expect(
      statistics.totalSamplesReceived == statistics.concealedSamples + statistics.insertedSamplesForDeceleration
        + statistics.jitterBufferEmittedCount)
    #expect(Set(result.played).count == result.played.count)
  }

  @Test func `a sender that begins anew is followed`() {
    var buffer = AudioJitterBuffer()
    let payload: [UInt8] = [1]
    var played: [UInt32] = []
    for index in 0..<100 {
      let timestamp = index < 50 ? 5_000_000 + UInt32(index * 960) : 100 + UInt32(index * 960)
      let now = Instant.start + .milliseconds(20 * index)
      buffer.insert(timestamp: timestamp, payload: payload.span, at: now)
      if case .packet(let packet) = buffer.tick(at: now + .milliseconds(5)) { played.append(packet.rtpTimestamp) }
    }
    #expect(played.filter { $0 < 1_000_000 }.count >= 45)
  }
}
