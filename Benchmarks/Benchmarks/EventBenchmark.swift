import CFloors
import RTCPrimitives

/// The star through the real kernel and actors, against a loop by hand over `std::priority_queue`.
enum EventBenchmark {
  private static let deliveries = FigureGroup(
    subject: .events, title: "Kernel: a star of 100 senders with 24 receivers each, into actors, both hashes on",
    unit: .deliveries, floor: "C++ priority_queue")
  private static let allocations = FigureGroup(
    subject: .events, title: "Kernel: memory, in the second half of the run", unit: .allocations, floor: nil)

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [
      BenchmarkStep(.events, "events", seconds: 4) { () throws(BenchmarkError) in try measure(effort) }
    ]
  }

  private static func measure(_ effort: BenchmarkEffort) throws(BenchmarkError) -> [BenchmarkFigure] {
    var star = StarWorkload()
    star.duration = effort.starDuration
    var own = star.run()
    var floor = runFloor(star)
    let pairs = min(5, effort.rounds)
    let timing = try Timing.alternate(
      rounds: pairs, operations: Int(own.deliveries), own: { own = star.run() }, floor: { floor = runFloor(star) },
      check: { () throws(BenchmarkError) in
        guard own.deliveries == floor.deliveries, own.checksum == floor.checksum else {
          throw .differentWork("the star")
        }
      })
    var best = BenchmarkFigure(deliveries, "best of \(pairs) pairs", value: deliveries.unit.value(of: timing.best))
    best.floor = timing.floorBest.map { deliveries.unit.value(of: $0) }
    best.ratio = timing.floorBest.map { $0 / timing.best }
    best.wantedRatio = 1.3
    var median = BenchmarkFigure(deliveries, "median of \(pairs) pairs", timing)
    median.wantedRatio = 1.3
    return [best, median] + memory(own)
  }

  private static func memory(_ result: StarWorkload.Result) -> [BenchmarkFigure] {
    guard let warm = result.warm else { return [] }
    var figure = BenchmarkFigure(
      allocations, "\(warm.allocations) in \(warm.events) events",
      value: Double(warm.allocations) / Double(max(1, warm.events)))
    figure.wantedValue = 0
    return [figure]
  }

  private static func runFloor(_ star: StarWorkload) -> floor_star_result {
    floor_star(
      Int32(star.senders), Int32(star.receiversPerSender), Int32(star.packetsPerSecond), Int32(star.packetSize.bytes),
      star.linkRate.bitsPerSecond, star.delay.nanoseconds, star.duration.nanoseconds)
  }
}
