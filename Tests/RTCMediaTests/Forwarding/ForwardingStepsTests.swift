import RTCPrimitives
import Testing

@testable import RTCMedia

/// In which order a picture gets better.
struct ForwardingStepsTests {
  /// Three sizes in three temporal layers each, at these rates of each size, of which the layers take 40, 60 and 100 %.
  private func steps(_ rates: [Int64] = [150, 500, 2500]) -> ForwardingSteps {
    ForwardingSteps(
      zip(rates, [180, 360, 720]).enumerated().flatMap { encoding, size in
        zip([0.4, 0.6, 1], [0.25, 0.5, 1]).enumerated().map { temporal, layer in
          ForwardingSteps.Step(
            ForwardedLayer(encoding: encoding, temporal: temporal),
            DataRate.kilobitsPerSecond(size.0).scaled(by: layer.0),
            utility: ForwardingSteps.utility(height: size.1, frameShare: layer.1))
        }
      })
  }

  private func names(_ steps: ForwardingSteps) -> [String] {
    steps.useful.map { "S\($0.layer.encoding)T\($0.layer.temporal)" }
  }

  @Test func `twice the size is better at half of the frames and worse at a quarter`() {
    func utility(_ height: Int, _ share: Double) -> Double {
      ForwardingSteps.utility(height: height, frameShare: share)
    }
    for height in [90, 180, 270, 360, 720] {
      #expect(utility(2 * height, 0.5) > utility(height, 1) && utility(height, 1) > utility(2 * height, 0.25))
      // Of one size more frames are better, of one frame rate more pixels.
      #expect(utility(height, 1) > utility(height, 0.5) && utility(height + 1, 0.5) > utility(height, 0.5))
    }
  }

  @Test func `all frames of one size come before half of those of the next, and nobody gets a quarter of a larger one`()
  {
    #expect(names(steps()) == ["S0T0", "S0T1", "S0T2", "S1T1", "S1T2", "S2T1", "S2T2"])
  }

  @Test func `what costs as much as something better is left out, whichever is the larger`() {
    // Here the small picture takes more than half of the frames of the next size.
    #expect(names(steps([400, 500, 2500])) == ["S0T0", "S1T0", "S1T1", "S1T2", "S2T1", "S2T2"])
    #expect(names(steps([3000, 500, 400])) == ["S2T0", "S2T1", "S2T2"])
    #expect(names(steps([0, 0, 0])) == ["S2T2"])
  }

  @Test
  func `whatever the rates, each step is worth more and takes more than the one before, and none better is missing`() {
    var dice = SeededGenerator(seed: 11, stream: "steps")
    for _ in 0..<500 {
      let rates = (0..<3).map { _ in Int64(dice.next() % 3000) }
      let (all, useful) = (steps(rates), steps(rates).useful)
      for (one, next) in zip(useful, useful.dropFirst()) { #expect(one.rate < next.rate && one.utility < next.utility) }
      let best = steps(rates).useful.last?.utility
      #expect(best == ForwardingSteps.utility(height: 720, frameShare: 1))
      // Divided among one, everything that fits gives the best that fits.
      let budget = DataRate.kilobitsPerSecond(Int64(dice.next() % 4000))
      let layer = ForwardingAllocator.allocate(
        budget, among: [.init(steps: all, current: ForwardedLayer(encoding: 2, temporal: 2))]
      ).layers[0]
      let fits = useful.last { $0.rate.scaled(by: 1 / (1 + ForwardingAllocator.headroom)) <= budget }
      #expect(layer == fits?.layer)
    }
  }

  @Test func `what is forwarded is kept by what it is worth, not by its name`() {
    // 40, 60 and 100 kbit/s of the smaller, 92 of a quarter of the larger, which is worth less than all of the smaller.
    let request = ForwardingAllocator.Request(
      steps: steps([100, 230, 2500]), current: ForwardedLayer(encoding: 0, temporal: 2))
    #expect(names(request.steps).prefix(4) == ["S0T0", "S0T1", "S1T0", "S0T2"])
    #expect(ForwardingAllocator.allocate(.kilobitsPerSecond(88), among: [request]).layers == [request.current])
    #expect(
      ForwardingAllocator.allocate(.kilobitsPerSecond(86), among: [request]).layers
        == [ForwardedLayer(encoding: 1, temporal: 0)])
  }
}
