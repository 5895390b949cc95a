import RTCPrimitives
import Testing

@testable import RTCMedia

@Suite struct FreezeDetectorTests {
  private func render(_ milliseconds: [Int]) -> FreezeDetector {
    var detector = FreezeDetector()
    for time in milliseconds { detector.rendered(at: .start + .milliseconds(time)) }
    return detector
  }

  @Test func `a gap of the mean and 150 ms is a freeze, a little less is none`() {
    // A mean of 40 ms: the threshold is 190 ms.
    let steady = (0...40).map { $0 * 40 }
    #expect(render(steady + [1600 + 189]).freezeCount == 0)
    let frozen = render(steady + [1600 + 190])
    #expect(frozen.freezeCount == 1)
    #expect(frozen.totalFreezesDuration == .milliseconds(190))
    #expect(frozen.totalInterFrameDelay == .milliseconds(1790))
  }

  @Test func `at a slow rate three times the mean is a freeze`() {
    let steady = (0...40).map { $0 * 100 }
    #expect(render(steady + [4000 + 299]).freezeCount == 0)
    #expect(render(steady + [4000 + 300]).freezeCount == 1)
  }

  @Test func `a freeze that lasts counts before it ends`() {
    let detector = render((0...40).map { $0 * 40 })
    #expect(detector.frozenDuration(at: .start + .milliseconds(1700)) == .zero)
    #expect(detector.frozenDuration(at: .start + .milliseconds(2600)) == .seconds(1))
  }
}

@Suite struct VideoJitterBufferTests {
  private struct Shown { var index: Int, at: Instant, isRendered: Bool }

  private func frame(_ index: Int, arrival: Instant) -> AssembledFrame {
    AssembledFrame(
      isKeyFrame: index == 0, rtpTimestamp: 0xFFFF_0000 &+ UInt32(index * 3000),
      firstSequenceNumber: SequenceNumber(UInt16(index)), lastSequenceNumber: SequenceNumber(UInt16(index)),
      packetCount: 1, size: .bytes(100), bytes: [], firstArrival: arrival, completion: arrival)
  }

  private static func captured(_ index: Int) -> Instant { Instant(nanoseconds: Int64(index) * 100_000_000 / 3) }

  /// Plays frames of 30 per second that arrive after `delays`, in decoding order.
  private func play(_ delays: [Duration], through buffer: inout VideoJitterBuffer) -> [Shown] {
    var shown: [Shown] = []
    var arrival = Instant.start
    func drain(until limit: Instant) {
      while let due = buffer.nextTimeout, due <= limit {
        while let playout = buffer.next(at: due) {
          let index = Int(playout.frame.rtpTimestamp &- 0xFFFF_0000) / 3000
          shown.append(Shown(index: index, at: due, isRendered: playout.isRendered))
        }
      }
    }
    for (index, delay) in delays.enumerated() {
      arrival = max(arrival, Self.captured(index) + delay)
      drain(until: arrival - .nanoseconds(1))
      buffer.insert(frame(index, arrival: arrival), at: arrival)
    }
    drain(until: .distantFuture)
    return shown
  }

  @Test func `even arrival is shown evenly after a small delay`() throws {
    var buffer = VideoJitterBuffer()
    let shown = play(Array(repeating: .milliseconds(40), count: 300), through: &buffer)
    #expect(shown.map(\.index) == Array(0..<300))
    #expect(shown.allSatisfy { $0.isRendered })
    for frame in shown[100...] {
      let latency = frame.at - Self.captured(frame.index)
      #expect(latency >= .milliseconds(49) && latency <= .milliseconds(51))
    }
    #expect(buffer.freezes.freezeCount == 0)
  }

  @Test func `the delay grows with jitter until nearly all frames are on time`() {
    var generator = SeededGenerator(seed: 1, stream: "jitter")
    let delays = (0..<900).map { _ in Duration.milliseconds(20 + Int(generator.next() % 80)) }
    var buffer = VideoJitterBuffer()
    let shown = play(delays, through: &buffer)
    #expect(buffer.currentDelay >= .milliseconds(70) && buffer.currentDelay <= .milliseconds(100))
    let latencies = shown[450...].map { ($0.at - Self.captured($0.index)).milliseconds }
    let late = latencies.filter { abs($0 - latencies[200]) > 12 }.count
    #expect(late < latencies.count / 10)
    #expect(shown.map(\.index) == Array(0..<900))
  }

  @Test func `a stall freezes once, and of what was held up only the last frame is shown`() {
    var delays = Array(repeating: Duration.milliseconds(30), count: 200)
    for index in 100..<115 { delays[index] = .milliseconds(30 + (115 - index) * 1000 / 30) }
    var buffer = VideoJitterBuffer()
    let shown = play(delays, through: &buffer)
    #expect(buffer.freezes.freezeCount == 1)
    #expect((450...600).contains(buffer.freezes.totalFreezesDuration.milliseconds))
    #expect(buffer.statistics.framesDropped > 5)
    #expect(buffer.statistics.framesDecoded == 200)
    #expect(buffer.statistics.framesRendered + buffer.statistics.framesDropped == 200)
    #expect(shown.filter(\.isRendered).count == buffer.statistics.framesRendered)
  }

  @Test func `after an hour without frames playout goes on`() {
    var buffer = VideoJitterBuffer()
    for (index, time) in [0, 3600].enumerated() {
      let now = Instant.start + .seconds(time)
      buffer.insert(frame(index, arrival: now), at: now)
    }
    let late = buffer.next(at: .start + .seconds(3601))
    let last = buffer.next(at: .start + .seconds(3601))
    #expect(late?.isRendered == false)
    #expect(last?.isRendered == true)
  }
}
