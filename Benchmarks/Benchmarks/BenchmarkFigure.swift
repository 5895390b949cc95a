/// What `rtcsim bench` can be asked for.
public enum BenchmarkSubject: String, CaseIterable, Hashable, Sendable {
  case events, srtp, dtls, codecs, network, meetings
}

/// Measurements that stand in one table: one unit, and one floor that they are compared with.
public struct FigureGroup: Hashable, Sendable {
  public let subject: BenchmarkSubject
  public let title: String
  public let unit: FigureUnit
  /// What the floor is; `nil` when nothing but our own code is measured.
  public let floor: String?
}

/// What a figure counts.
public enum FigureUnit: String, Hashable, Sendable {
  case deliveries = "M deliveries/s"
  case allocations = "allocations/event"
  case forwardingAllocations = "allocations/packet"
  case realTime = "× real time"
  case packetRate = "kpackets/s"
  case handshakes = "handshakes/s"
  case pictures = "ms/picture"
  case megapixels = "ms/megapixel"
  case sound = "µs/20 ms"
  case frames = "ns/frame"
  case packets = "µs/packet"

  /// The figure of an operation that takes `nanoseconds`.
  ///
  /// - Parameter pixels: how many one operation handles.
  func value(of nanoseconds: Double, pixels: Int = 1) -> Double {
    switch self {
    case .deliveries: 1e3 / nanoseconds
    case .packetRate: 1e6 / nanoseconds
    case .handshakes: 1e9 / nanoseconds
    case .pictures: nanoseconds / 1e6
    case .megapixels: nanoseconds / Double(pixels)
    case .sound, .packets: nanoseconds / 1e3
    case .frames, .allocations, .forwardingAllocations, .realTime: nanoseconds
    }
  }
}

/// One figure of this machine.
public struct BenchmarkFigure: Hashable, Sendable {
  public let group: FigureGroup
  public let name: String
  /// In the group's unit.
  public var value: Double
  /// What the group's floor achieves, in the same unit.
  public var floor: Double?
  /// Our speed over the floor's speed: 1 when nothing is lost.
  public var ratio: Double?
  /// The least ratio that is wanted.
  public var wantedRatio: Double?
  /// The most that is wanted of a value without a floor.
  public var wantedValue: Double?
  /// How many times faster than the media plays.
  public var timesRealTime: Double?
  /// What this says about the figures of a cost file.
  public var costs: [CostSample] = []

  init(_ group: FigureGroup, _ name: String, value: Double) {
    self.group = group
    self.name = name
    self.value = value
  }

  /// The figure of operations that were timed, with their floor if there is one.
  ///
  /// - Parameters:
  ///   - pixels: how many one operation handles.
  ///   - duration: how long the media of one operation plays.
  init(_ group: FigureGroup, _ name: String, _ timing: Timing, pixels: Int = 1, duration: Duration? = nil) {
    self.init(group, name, value: group.unit.value(of: timing.median, pixels: pixels))
    floor = timing.floorMedian.map { group.unit.value(of: $0, pixels: pixels) }
    ratio = timing.medianRatio
    timesRealTime = duration.map { $0 / .nanoseconds(1) / timing.median }
  }

  /// Whether it is as good as wanted; `nil` when nothing is wanted.
  public var isAsWanted: Bool? {
    if let wantedRatio, let ratio { return ratio >= wantedRatio }
    return wantedValue.map { value <= $0 }
  }
}

/// Why a benchmark has no result.
public enum BenchmarkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A library or the operating system refused.
  case failed(operation: String, reason: String)
  /// Ours and the floor did not do the same work, so their times cannot be compared.
  case differentWork(String)
  /// A figure of the cost file was not measured.
  case notMeasured(figure: String)

  public var description: String {
    switch self {
    case .failed(let operation, let reason): "\(operation) failed: \(reason)"
    case .differentWork(let what): "\(what): ours and the floor's results differ, so their times cannot be compared"
    case .notMeasured(let figure): "nothing was measured for \(figure)"
    }
  }
}
