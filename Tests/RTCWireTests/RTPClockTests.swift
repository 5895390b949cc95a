import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTPClockTests {
  @Test func `every nanosecond survives the way to NTP time and back`() {
    var generator = SeededGenerator(seed: 1, stream: "ntp")
    for _ in 0..<10_000 {
      let instant = Instant(
        nanoseconds: Int64.random(in: -1_000_000_000_000_000_000...2_000_000_000_000_000_000, using: &generator))
      #expect(NTPClock.simulation.instant(of: NTPClock.simulation.timestamp(at: instant)) == instant)
    }
  }

  // RFC 3550 figure 2: the example of the round-trip computation. Its NTP times are b44d:b705:2000:0000 and
  // b710:8000 (middle) at the receiver of the report; the delay is 5.25 s and the result 6.125 s.
  @Test func `the round-trip example of RFC 3550 comes out`() {
    let sent = NTPTimestamp(seconds: 0xb44d_b705, fraction: 0x2000_0000)
    #expect(sent.compact.rawValue == 0xb705_2000)
    #expect(CompactNTP(.milliseconds(5250)).rawValue == 0x0005_4000)
    let arrival = NTPTimestamp(seconds: 0xb44d_b710, fraction: 0x8000_0000)
    let roundTrip = CompactNTP(
      rawValue: arrival.compact.rawValue - sent.compact.rawValue - CompactNTP(.milliseconds(5250)).rawValue)
    #expect(roundTrip.duration == .milliseconds(6125))
  }

  @Test func `delays outside of 16 bits of seconds are limited`() {
    #expect(CompactNTP(.seconds(-1)) == .zero)
    #expect(CompactNTP(.seconds(70_000)).rawValue == .max)
  }

  @Test func `send times are compared across their wrap`() {
    let before = AbsoluteSendTime(rawValue: 0xFF_FFFF)
    let after = AbsoluteSendTime(rawValue: 0x03_FFFF)
    #expect(after.duration(since: before) == .seconds(1))
    #expect(before.duration(since: after) == .seconds(-1))
    #expect(AbsoluteSendTime(NTPTimestamp(seconds: 65, fraction: 0x8000_0000)).sinceWrap == .milliseconds(1500))
  }

  @Test func `a sampling clock counts ticks and wraps`() {
    let clock = RTPClock(rate: 90_000, offset: 0xFFFF_FFFF)
    #expect(clock.timestamp(at: .start) == 0xFFFF_FFFF)
    #expect(clock.timestamp(at: .start + .seconds(1)) == 89_999)
    #expect(clock.timestamp(at: .start + .nanoseconds(11_111)) == 0xFFFF_FFFF)
    #expect(clock.timestamp(at: .start + .nanoseconds(11_112)) == 0)
    #expect(clock.timestamp(at: .start + .seconds(400_000_000)) == UInt32((400_000_000 * 90_000 - 1) % (1 << 32)))
    #expect(clock.duration(from: 0xFFFF_FFFF, to: 89_999) == .seconds(1))
  }
}
