import RTCPrimitives
import SimSessions
import Testing

struct QuantityTests {
  @Test(arguments: [
    ("30s", Duration.seconds(30)), ("100ms", .milliseconds(100)), ("1.5s", .milliseconds(1500)), ("2m", .seconds(120)),
    ("2min", .seconds(120)), ("1h", .seconds(3600)), ("250us", .microseconds(250)), ("250µs", .microseconds(250)),
    ("7ns", .nanoseconds(7)), ("0", .zero), ("0ms", .zero), ("0.1ms", .microseconds(100)), (" 5 ms", .milliseconds(5)),
    ("0.000000001s", .nanoseconds(1)), ("1.500s", .milliseconds(1500)),
  ])
  func `a duration is read exactly`(text: String, duration: Duration) throws {
    #expect(try Duration(quantity: text) == duration)
  }

  @Test(arguments: [
    ("800k", 800_000), ("2M", 2_000_000), ("1.5Mbit/s", 1_500_000), ("10Mbps", 10_000_000), ("64000", 64_000),
    ("1G", 1_000_000_000), ("32 kbit/s", 32_000), ("0.3M", 300_000), ("0", 0), ("9 bit/s", 9), ("40Kbps", 40_000),
  ])
  func `a rate is read exactly in bits per second`(text: String, bitsPerSecond: Int64) throws {
    #expect(try DataRate(quantity: text) == .bitsPerSecond(bitsPerSecond))
  }

  private let durations = Duration.allowedQuantity
  private let rates = DataRate.allowedQuantity

  @Test func `what is no duration says why`() {
    #expect(throws: QuantityError.unknownUnit("", found: "30", allowed: durations)) { try Duration(quantity: "30") }
    #expect(throws: QuantityError.unknownUnit("x", found: "30x", allowed: durations)) { try Duration(quantity: "30x") }
    #expect(throws: QuantityError.negative(found: "-1s", allowed: durations)) { try Duration(quantity: "-1s") }
    #expect(throws: QuantityError.outOfRange(found: "0.1ns", allowed: durations)) { try Duration(quantity: "0.1ns") }
    #expect(throws: QuantityError.outOfRange(found: "9999999999h", allowed: durations)) {
      try Duration(quantity: "9999999999h")
    }
  }

  @Test(arguments: ["", "s", ".", "1.", ".5s", "1.2.3s", "--1s", "1e3s", "nan", "∞s"])
  func `what is no number is refused`(text: String) {
    #expect(throws: QuantityError.self) { try Duration(quantity: text) }
    #expect(throws: QuantityError.self) { try DataRate(quantity: text) }
  }

  @Test func `what is no rate says why`() {
    #expect(throws: QuantityError.unknownUnit("m", found: "2m", allowed: rates)) { try DataRate(quantity: "2m") }
    #expect(throws: QuantityError.unknownUnit("MB/s", found: "2MB/s", allowed: rates)) {
      try DataRate(quantity: "2MB/s")
    }
    #expect(throws: QuantityError.negative(found: "-5M", allowed: rates)) { try DataRate(quantity: "-5M") }
    #expect(throws: QuantityError.outOfRange(found: "0.0001k", allowed: rates)) { try DataRate(quantity: "0.0001k") }
    #expect(
      QuantityError.negative(found: "-5M", allowed: "a rate").description
        == "found '-5M', which is negative, allowed: a rate")
  }

  @Test(arguments: ["30s", "1500ms", "90s", "250us", "7ns", "0s"])
  func `a duration is written as it is read`(text: String) throws {
    #expect(try Duration(quantity: text).quantity == text)
  }

  @Test(arguments: ["800k", "1500k", "2M", "1G", "17", "0"])
  func `a rate is written as it is read`(text: String) throws { #expect(try DataRate(quantity: text).quantity == text) }
}
