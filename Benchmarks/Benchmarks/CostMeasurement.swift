import RTCTransport
import SimNodes
import SimSessions

/// A figure of a cost file.
public enum CostFigure: Hashable, Sendable {
  case videoEncode(codec: String)
  case videoDecode(codec: String)
  case audioEncode(codec: String)
  case audioDecode(codec: String)
  case srtpProtect(SRTPProfile)
  case srtpUnprotect(SRTPProfile)
  case networkSend, networkReceive, forward, audioMix, videoCompose, videoScale, dtlsHandshake, iceCheck
}

/// One piece of work with so many pixels, bytes or inputs took so long.
public struct CostSample: Hashable, Sendable {
  public var figure: CostFigure
  /// Pixels, bytes or inputs, as the figure counts them; 0 for a figure that does not.
  public var count = 0
  public var nanoseconds: Double

  public init(_ figure: CostFigure, count: Int = 0, nanoseconds: Double) {
    self.figure = figure
    self.count = count
    self.nanoseconds = nanoseconds
  }
}

extension LinearCost {
  /// The line with the least squares of relative errors through the samples; neither part is negative. Samples of one
  /// count give their mean.
  package init(fitting samples: [CostSample]) {
    let points = samples.map { (x: Double($0.count), y: max($0.nanoseconds, 0.001)) }
    func sum(_ term: ((x: Double, y: Double)) -> Double) -> Double { points.reduce(0) { $0 + term($1) } }
    var (fixed, each) = (0.0, 0.0)
    if Set(samples.map(\.count)).count < 2 {
      fixed = sum(\.y) / Double(max(1, points.count))
    } else {
      // Each point weighs 1/y², so that the errors of small and large ones count alike.
      let (w, wx, wxx) = (sum { 1 / ($0.y * $0.y) }, sum { $0.x / ($0.y * $0.y) }, sum { $0.x * $0.x / ($0.y * $0.y) })
      let (wy, wxy) = (sum { 1 / $0.y }, sum { $0.x / $0.y })
      each = (w * wxy - wx * wy) / (w * wxx - wx * wx)
      fixed = (wy - each * wx) / w
      if each < 0 { (fixed, each) = (wy / w, 0) }
      if fixed < 0 { (fixed, each) = (0, wxy / wxx) }
    }
    self.init(fixedNanoseconds: Int64(fixed.rounded()), picosecondsEach: Int64((each * 1000).rounded()))
  }
}

extension CostFile {
  /// The cost file of a machine on which all figures were measured.
  ///
  /// - Parameters:
  ///   - name: the file's name without its ending.
  ///   - date: the day of the measurement, such as `2025-01-31`.
  /// - Throws: `notMeasured`.
  public init(
    name: String, machine: Machine, date: String, figures: [BenchmarkFigure]
  ) throws(BenchmarkError) {
    self.init(
      name: name, machine: machine.description,
      source: "rtcsim bench --costs on \(date): medians of the CPU time of one thread; "
        + machine.libraries.joined(separator: ", "))
    let samples = figures.flatMap(\.costs)
    func cost(_ figure: CostFigure) throws(BenchmarkError) -> LinearCost {
      let found = samples.filter { $0.figure == figure }
      guard !found.isEmpty else { throw .notMeasured(figure: "\(figure)") }
      return LinearCost(fitting: found)
    }
    videoEncode["VP8"] = try cost(.videoEncode(codec: "VP8"))
    videoDecode["VP8"] = try cost(.videoDecode(codec: "VP8"))
    audioEncode["opus"] = try cost(.audioEncode(codec: "opus"))
    audioDecode["opus"] = try cost(.audioDecode(codec: "opus"))
    for profile in SRTPProfile.allCases {
      srtpProtect[profile.scenarioName] = try cost(.srtpProtect(profile))
      srtpUnprotect[profile.scenarioName] = try cost(.srtpUnprotect(profile))
    }
    networkSend = try cost(.networkSend)
    networkReceive = try cost(.networkReceive)
    forward = try cost(.forward)
    audioMix = try cost(.audioMix)
    videoCompose = try cost(.videoCompose)
    videoScale = try cost(.videoScale)
    dtlsHandshake = try cost(.dtlsHandshake)
    iceCheck = try cost(.iceCheck)
  }
}
