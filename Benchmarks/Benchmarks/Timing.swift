import Glibc

/// CPU time of the calling thread: what else the machine does disturbs it little.
enum Stopwatch {
  static var nanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// The nanoseconds that `body` takes.
  static func time(_ body: () throws(BenchmarkError) -> Void) throws(BenchmarkError) -> Double {
    let begin = nanoseconds
    try body()
    return Double(nanoseconds - begin)
  }
}

/// How much is measured.
public struct BenchmarkEffort: Hashable, Sendable {
  /// How often each operation is timed.
  public var rounds: Int
  /// What the number of operations in one round is divided by.
  public var divisor: Int
  /// How long the star sends.
  public var starDuration: Duration
  /// Pictures that are coded.
  public var pictureSizes: [PictureSize]
  /// How many people meet.
  public var meetingSize: Int

  public struct PictureSize: Hashable, Sendable {
    public var width: Int
    public var height: Int
    public var kilobitsPerSecond: Int

    public init(width: Int, height: Int, kilobitsPerSecond: Int) {
      self.width = width
      self.height = height
      self.kilobitsPerSecond = kilobitsPerSecond
    }

    public var pixels: Int { width * height }
  }

  public init(rounds: Int, divisor: Int, starDuration: Duration, pictureSizes: [PictureSize], meetingSize: Int) {
    self.rounds = rounds
    self.divisor = divisor
    self.starDuration = starDuration
    self.pictureSizes = pictureSizes
    self.meetingSize = meetingSize
  }

  /// Enough for medians that hold within a few percent.
  public static let full = BenchmarkEffort(
    rounds: 15, divisor: 1, starDuration: .seconds(20),
    pictureSizes: [
      PictureSize(width: 320, height: 180, kilobitsPerSecond: 250),
      PictureSize(width: 640, height: 360, kilobitsPerSecond: 800),
      PictureSize(width: 1280, height: 720, kilobitsPerSecond: 2500),
    ], meetingSize: 100)

  /// `count` operations, or what is left of them.
  func operations(_ count: Int) -> Int { max(2, count / divisor) }
}

/// Nanoseconds per operation, ours and the floor's, one pair per round.
struct Timing {
  private(set) var own: [Double] = []
  private(set) var floor: [Double] = []

  mutating func append(own nanoseconds: Double, floor floorNanoseconds: Double) {
    own.append(nanoseconds)
    floor.append(floorNanoseconds)
  }

  var median: Double { Self.median(own) }
  var floorMedian: Double? { floor.isEmpty ? nil : Self.median(floor) }
  /// The median of the rounds' ratios: both of a round met the same machine.
  var medianRatio: Double? { floor.isEmpty ? nil : Self.median(zip(floor, own).map { $0 / $1 }) }
  var best: Double { own.min() ?? 0 }
  var floorBest: Double? { floor.min() }

  /// Times `own` and `floor` alternately, each first in every other round, after one round that is not counted.
  ///
  /// - Parameters:
  ///   - operations: how many operations one call does.
  ///   - prepare: what both need, not timed; gets the number of the round.
  ///   - check: whether both did the same, not timed.
  static func alternate(
    rounds: Int, operations: Int, prepare: (Int) throws(BenchmarkError) -> Void = { _ in },
    own: () throws(BenchmarkError) -> Void, floor: () throws(BenchmarkError) -> Void,
    check: () throws(BenchmarkError) -> Void = {}
  ) throws(BenchmarkError) -> Timing {
    var timing = Timing()
    for round in 0...rounds {
      try prepare(round)
      var floorTime = 0.0
      if round % 2 == 1 { floorTime = try Stopwatch.time(floor) }
      let ownTime = try Stopwatch.time(own)
      if round % 2 == 0 { floorTime = try Stopwatch.time(floor) }
      try check()
      guard round > 0 else { continue }
      timing.append(own: ownTime / Double(operations), floor: floorTime / Double(operations))
    }
    return timing
  }

  /// Times `own` again and again, after one round that is not counted.
  static func alone(
    rounds: Int, operations: Int, own: () throws(BenchmarkError) -> Void
  ) throws(BenchmarkError) -> Timing {
    var timing = Timing()
    for round in 0...rounds {
      let time = try Stopwatch.time(own)
      if round > 0 { timing.own.append(time / Double(operations)) }
    }
    return timing
  }

  /// The middle value, or the mean of the two in the middle; 0 of none.
  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
