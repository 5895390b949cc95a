import RTCPrimitives
import Testing

@testable import RTCMedia

@Suite struct DelayHistogramTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>) func `its quantiles are those of a sorted list`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: "delays")
    var histogram = DelayHistogram()
    var list: [Int64] = []
    // Among the first 116 the n-th has n times the weight of the first: it stands n times in the list.
    for number in 1...116 {
      let delay = Int64(generator.next() % 1_500_000_000)
      histogram.insert(delay)
      list += Array(repeating: delay, count: number)
      guard number % 10 == 0 else { continue }
      let sorted = list.sorted()
      // Percentiles that fall between two elements of the list, where rounding decides nothing.
      for part in [Float(0.4999), 0.9003, 0.9501] {
        let rank = Int((Float(sorted.count) * part).rounded(.up)) - 1
        #expect(histogram.quantile(part) == (sorted[rank] / DelayHistogram.step + 1) * DelayHistogram.step)
      }
    }
  }

  @Test func `later on a delay loses 1.7 % of its weight with each that follows`() {
    var histogram = DelayHistogram()
    for _ in 0..<1000 { histogram.insert(0) }
    histogram.insert(500_000_000)
    // 0.017 · 0.983ⁿ is more than 1 % until n = 30.
    for _ in 0..<30 { histogram.insert(0) }
    #expect(histogram.quantile(0.99) == 520_000_000)
    for _ in 0..<2 { histogram.insert(0) }
    #expect(histogram.quantile(0.99) == 20_000_000)
  }

  @Test func `what is longer than two seconds counts as two seconds`() {
    var histogram = DelayHistogram()
    histogram.insert(.max)
    #expect(histogram.quantile(0.95) == 2_000_000_000)
  }

  @Test func `the estimate is 80 ms until half a second was seen`() {
    var estimator = AudioDelayEstimator()
    for index in 0..<26 {
      #expect(estimator.target == 80_000_000)
      estimator.insert(UInt32(index * 960), at: .start + .milliseconds(20 * index))
    }
    estimator.insert(26 * 960, at: .start + .milliseconds(520))
    #expect(estimator.target == 20_000_000)
  }
}
