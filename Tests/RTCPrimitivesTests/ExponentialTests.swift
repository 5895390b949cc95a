import RTCPrimitives
import Testing

@Suite struct ExponentialTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `as many exponential deviates exceed t as e to the minus t says`(seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "test")
    let count = 40_000
    let deviates = (0..<count).map { _ in dice.exponential() }
    #expect(abs(deviates.reduce(0, +) / Double(count) - 1) < 0.02)
    // e^-1, e^-2, e^-0.1, e^-4
    for (limit, share) in [(1.0, 0.367_879), (2, 0.135_335), (0.1, 0.904_837), (4, 0.018_316)] {
      let found = deviates.filter { $0 > limit }.count
      let deviation = (Double(count) * share * (1 - share)).squareRoot()
      #expect(abs(Double(found) - Double(count) * share) < 4 * deviation, "\(limit)")
    }
  }
}
