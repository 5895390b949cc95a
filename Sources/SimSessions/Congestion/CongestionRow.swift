public import RTCPrimitives

/// What a phase of a case came to, over the flows that go forward.
public struct CongestionRow: Hashable, Sendable {
  public var testCase: String
  public var phase: String
  public var controller: String
  public var seed: UInt64
  /// The mean of the link, IP layer; `nil` for no limit.
  public var capacity: DataRate?
  /// What the controllers allow, all headers included: the sum over the flows.
  public var meanEstimate: DataRate
  /// The bitrate of the video encoders: the sum over the flows.
  public var meanTarget: DataRate
  /// What was sent, payload of RTP with repetitions: the sum over the flows.
  public var meanRate: DataRate
  /// What the link carried over its capacity, IP layer, whoever sent it; `nil` for no limit.
  public var utilisation: Double?
  /// Of the longest waits in 100 ms each.
  public var p95Queue: Duration
  /// Of the packets that were sent into the link.
  public var lossPercent: Double
  /// Of the rates of the flows that were there all the time; `nil` for fewer than two.
  public var jain: Double?
  /// From the beginning of the phase until the link carried 80 % of its capacity in a second; `nil` for never.
  public var timeTo80: Duration?
  /// The smallest mean rate of a flow, on the wire.
  public var smallestRate: DataRate
  /// What was expected and did not come, in words; empty when all is well.
  public var failures: [String]
  /// Whether anything was expected.
  public var isJudged: Bool
  public var traceHash: String

  public var passes: Bool { failures.isEmpty }
}

extension CongestionRun {
  /// What the phases of the case came to.
  public func rows() -> [CongestionRow] { rows(of: result()) }

  /// - Parameter flows: whose rates are summed up, by their places; `nil` for all that go forward.
  public func rows(of result: Result, flows: [Int]? = nil) -> [CongestionRow] {
    testCase.phases.map { row(of: $0, in: result, flows) }
  }

  private func row(of phase: CongestionCase.Phase, in result: Result, _ flows: [Int]?) -> CongestionRow {
    let judged = result.samples.filter { $0.time > phase.judgedFrom && $0.time <= phase.end }
    let forward = flows ?? testCase.flows.indices.filter { testCase.flows[$0].direction == .forward }
    let seconds = max(Self.interval.inSeconds, Double(judged.count) * Self.interval.inSeconds)
    func mean(_ value: (FlowSample) -> Int64) -> DataRate {
      let sum = judged.reduce(0) { sum, sample in sum + forward.reduce(0) { $0 + value(sample.flows[$1]) } }
      return .bitsPerSecond(sum / Int64(max(1, judged.count)))
    }
    func rate(_ flow: Int) -> Double { Double(judged.reduce(0) { $0 + $1.flows[flow].wireBytes }) * 8 / seconds }
    let capacity = testCase.forward.meanRate(from: phase.judgedFrom, to: phase.end)
    let carried = Double(judged.reduce(0) { $0 + $1.carriedBytes }) * 8 / seconds
    let payload = judged.reduce(0) { sum, sample in sum + forward.reduce(0) { $0 + sample.flows[$1].payloadBytes } }
    let offered = judged.reduce(0) { $0 + $1.offeredPackets }
    let dropped = judged.reduce(0) { $0 + $1.droppedPackets }
    let rates = forward.filter { flow in judged.allSatisfy { $0.flows[flow].isActive } }.map(rate)
    var row = CongestionRow(
      testCase: testCase.name, phase: phase.name, controller: controller.name, seed: seed, capacity: capacity,
      meanEstimate: mean { $0.isActive ? $0.estimate.bitsPerSecond : 0 },
      meanTarget: mean { $0.isActive ? $0.target.bitsPerSecond : 0 },
      meanRate: .bitsPerSecond(Int64(Double(payload) * 8 / seconds)),
      utilisation: capacity.map { carried / Double($0.bitsPerSecond) },
      p95Queue: p95(judged),
      lossPercent: offered > 0 ? 100 * Double(dropped) / Double(offered) : 0,
      jain: Self.jain(rates), timeTo80: timeTo80(of: phase, in: result.samples),
      smallestRate: .bitsPerSecond(Int64(rates.min() ?? 0)), failures: [], isJudged: !phase.bands.isEmpty,
      traceHash: result.traceHash)
    row.failures = phase.bands.failures(of: row)
    return row
  }

  /// Of a whole phase, with what is not judged.
  func p95Queue(of phase: CongestionCase.Phase, in result: Result) -> Duration {
    p95(result.samples.filter { $0.time > phase.start && $0.time <= phase.end })
  }

  private func p95(_ samples: [Sample]) -> Duration {
    let waits = samples.map(\.queueingDelay).sorted()
    return waits.isEmpty ? .zero : waits[min(waits.count - 1, Int(0.95 * Double(waits.count)))]
  }

  /// Jain's index of fairness: 1 when all rates are equal (Jain, Chiu and Hawe 1984).
  static func jain(_ rates: [Double]) -> Double? {
    let squares = rates.reduce(0) { $0 + $1 * $1 }
    guard rates.count > 1, squares > 0 else { return nil }
    let sum = rates.reduce(0, +)
    return sum * sum / (Double(rates.count) * squares)
  }

  private func timeTo80(of phase: CongestionCase.Phase, in samples: [Sample]) -> Duration? {
    let own = samples.filter { $0.time > phase.start && $0.time <= phase.end }
    let window = 10
    for end in own.indices where end + 1 >= window {
      let last = own[(end + 1 - window)...end]
      guard let capacity = last.last?.capacity else { return nil }
      let rate = Double(last.reduce(0) { $0 + $1.carriedBytes }) * 8 / (Double(window) * Self.interval.inSeconds)
      if rate >= 0.8 * Double(capacity.bitsPerSecond) { return own[end].time - phase.start }
    }
    return nil
  }
}

extension CongestionCase.Bands {
  func failures(of row: CongestionRow) -> [String] {
    var failures: [String] = []
    if let utilisation, let found = row.utilisation, !utilisation.contains(found) {
      failures.append(
        "utilisation \(percent(found)) is not \(percent(utilisation.lowerBound)) to \(percent(utilisation.upperBound))")
    }
    if let estimate, !estimate.contains(row.meanEstimate) {
      failures.append(
        "estimate \(row.meanEstimate.rounded) is not \(estimate.lowerBound.rounded) to \(estimate.upperBound.rounded)")
    }
    if let largestQueue, row.p95Queue > largestQueue {
      failures.append(
        "p95 queueing delay \(Int(row.p95Queue.milliseconds)) ms is more than \(Int(largestQueue.milliseconds)) ms")
    }
    if let smallestJain, let found = row.jain, found < smallestJain {
      failures.append("Jain's index \(hundredths(found)) is less than \(hundredths(smallestJain))")
    }
    if let smallestRate, row.smallestRate < smallestRate {
      failures.append("a flow has \(row.smallestRate.rounded), less than \(smallestRate.rounded)")
    }
    return failures
  }

  private func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
  private func hundredths(_ value: Double) -> String { "\((100 * value).rounded() / 100)" }
}

extension DataRate {
  /// In whole kilobits.
  fileprivate var rounded: String { "\((bitsPerSecond + 500) / 1000) kbit/s" }
}
