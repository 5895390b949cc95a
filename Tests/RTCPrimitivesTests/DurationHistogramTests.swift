import RTCPrimitives
import Testing

@Suite struct DurationHistogramTests {
  @Test func `of nothing there is no percentile`() { #expect(DurationHistogram().percentile(0.5) == nil) }

  @Test(arguments: [1, 2, 3] as [UInt64]) func `a percentile is at most a sixteenth or 1 µs above the exact one`(
    seed: UInt64
  ) throws {
    var dice = SeededGenerator(seed: seed, stream: "histogram")
    var histogram = DurationHistogram()
    var exact: [Int64] = []
    for _ in 0..<2000 {
      // From nanoseconds to hours.
      let value = Int64(dice.next() >> (21 + dice.next() % 40))
      histogram.insert(nanoseconds: value)
      exact.append(value)
    }
    exact.sort()
    for fraction in [0.0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1] {
      let rank = max(1, Int((fraction * 2000).rounded(.up)))
      let value = exact[rank - 1]
      let found = try #require(histogram.percentile(fraction)).nanoseconds
      #expect(found >= value && found <= value + max(1000, value / 16), "\(fraction)")
    }
    #expect(histogram.maximum.nanoseconds == exact[1999])
  }

  @Test func `a merged histogram is the histogram of both`() {
    var (first, second, both) = (DurationHistogram(), DurationHistogram(), DurationHistogram())
    for value in 0..<100 as Range<Int64> {
      first.insert(nanoseconds: value * 1000)
      second.insert(nanoseconds: value * 777_777)
      both.insert(nanoseconds: value * 1000)
      both.insert(nanoseconds: value * 777_777)
    }
    first.merge(second)
    #expect(first == both)
  }

  @Test func `what is longer than any bucket is still counted`() {
    var histogram = DurationHistogram()
    histogram.insert(nanoseconds: .max)
    #expect(histogram.percentile(1) != nil)
    #expect(histogram.count == 1)
  }
}
