import RTCPrimitives
import Testing

struct DurationTests {
  @Test(arguments: [0, 1, -1, 999_999_999, 1_000_000_000, -1_000_000_001, 1_500_000_000_000_000_001, .max, .min])
  func `a duration of so many nanoseconds has so many, and is the one of the standard library`(count: Int64) {
    #expect(Duration.nanoseconds(count).nanoseconds == count)
    #expect(Duration.nanoseconds(count) == .nanoseconds(Int128(count)))
  }

  @Test func `parts of a nanosecond are cut off towards zero`() {
    #expect(Duration(secondsComponent: 2, attosecondsComponent: 1_999_999_999).nanoseconds == 2_000_000_001)
    #expect(Duration(secondsComponent: -2, attosecondsComponent: -1_999_999_999).nanoseconds == -2_000_000_001)
  }
}
