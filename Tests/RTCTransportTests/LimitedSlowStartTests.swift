import RTCPrimitives
import Testing

@testable import RTCTransport

@Suite struct LimitedSlowStartTests {
  /// RFC 3742 §2: above `max_ssthresh` a round trip adds half of it.
  @Test func `a window that has reached the limit gains half the threshold per round trip`() {
    var slowStart = LimitedSlowStart(packetSize: 1000)
    #expect(slowStart.limit == 200_000)
    var limits: [Int] = []
    for round in 0..<4 {
      // As often as packets come; only the first of a round trip counts.
      for packet in 0..<20 {
        _ = slowStart.raise(
          window: slowStart.limit, roundTrip: .milliseconds(20), at: .start + .milliseconds(20 * round + packet))
      }
      limits.append(slowStart.limit)
    }
    #expect(limits == [300_000, 400_000, 500_000, 600_000])
  }

  @Test func `a window below the limit leaves it as it is`() {
    var slowStart = LimitedSlowStart(packetSize: 1000)
    let isRaised = slowStart.raise(window: 198_999, roundTrip: .milliseconds(20), at: .start + .seconds(9))
    #expect(!isRaised && slowStart.limit == 200_000)
  }

  /// Doubling loses 695 packets here, and as many again while it repairs that.
  @Test func `slow start ends with few losses on a path that holds 700 packets`() throws {
    let pair = SCTPPair()
    pair.connect()
    pair.capacity = .megabitsPerSecond(100)
    pair.queue = .milliseconds(50)
    for _ in 0..<40 { try pair.send(0, [UInt8](repeating: 0, count: 256 << 10)) }
    while pair.dropped[0] == 0, pair.now < .start + .seconds(2) { pair.run(for: .milliseconds(1)) }
    pair.run(for: .milliseconds(80))
    #expect((1...400).contains(pair.dropped[0]), "\(pair.dropped[0])")
    pair.run(for: .seconds(1))
    #expect(pair.b.messages.count == 40)
  }
}
