import RTCMedia
import RTCPrimitives
import Testing

/// The rungs of the well-known ladder, and when they change.
struct RungLadderTests {
  /// A ladder that is told a rate for some seconds, 30 times each.
  private struct Walk {
    var ladder: RungLadder
    var now = Instant.start

    init(_ width: Int, _ height: Int, framesPerSecond: Int = 30, highest: Int64 = 6000) {
      ladder = RungLadder(
        VP8Settings(
          width: width, height: height, bitrate: .kilobitsPerSecond(highest), framesPerSecond: framesPerSecond))
    }

    /// The heights that it takes, in order.
    mutating func heights(_ kilobits: Int64, _ seconds: Double) -> [Int] {
      var heights: [Int] = []
      for _ in 0..<Int(seconds * 30) {
        now += .nanoseconds(33_333_334)
        if ladder.update(.kilobitsPerSecond(kilobits), at: now) { heights.append(ladder.size.height) }
      }
      return heights
    }
  }

  @Test(
    arguments: [
      (5000, 1920, 1080, 2500, 30), (2000, 1920, 1080, 2500, 30), (1999, 1280, 720, 1500, 30),
      (1150, 1280, 720, 1500, 30), (1000, 854, 480, 800, 30), (650, 854, 480, 800, 30), (649, 640, 360, 500, 30),
      (399, 426, 240, 300, 15), (10, 426, 240, 300, 15),
    ] as [(Int64, Int, Int, Int64, Int)])
  func `the first rate decides at once`(rate: Int64, width: Int, height: Int, highest: Int64, framesPerSecond: Int) {
    var ladder = RungLadder(VP8Settings(width: 1920, height: 1080, bitrate: .kilobitsPerSecond(6000)))
    _ = ladder.update(.kilobitsPerSecond(rate), at: .start)
    #expect(ladder.size == (width, height))
    #expect(ladder.highest == .kilobitsPerSecond(highest) && ladder.framesPerSecond == framesPerSecond)
  }

  @Test func `it descends after a second and climbs after three with a tenth more, over several rungs at once`() {
    var walk = Walk(1920, 1080)
    #expect(walk.heights(3000, 1) == [])
    #expect(walk.heights(500, 0.9) == [] && walk.heights(500, 0.2) == [360])
    #expect(walk.heights(3000, 2.9) == [])
    // A moment of less begins the waiting anew.
    #expect(walk.heights(500, 0.1) == [] && walk.heights(3000, 2.9) == [] && walk.heights(3000, 0.2) == [1080])
  }

  @Test func `a rate between two rungs does not flap`() {
    var walk = Walk(1920, 1080)
    #expect(walk.heights(1100, 1) == [480])
    // 1.15 Mbit/s is where 720p begins; around it nothing changes, and neither does it around where it was left.
    for _ in 0..<20 { #expect(walk.heights(1100, 1) + walk.heights(1250, 1) == []) }
    #expect(walk.heights(1300, 4) == [720])
    for _ in 0..<20 { #expect(walk.heights(1100, 0.8) + walk.heights(1250, 0.5) == []) }
  }

  @Test func `a camera of another size is the highest rung, and one beyond 1080p is made smaller`() {
    func first(_ width: Int, _ height: Int) -> RungLadder {
      var ladder = RungLadder(VP8Settings(width: width, height: height, bitrate: .kilobitsPerSecond(6000)))
      _ = ladder.update(.kilobitsPerSecond(5000), at: .start)
      return ladder
    }
    #expect(first(960, 540).size == (960, 540) && first(960, 540).highest == .kilobitsPerSecond(1500))
    #expect(first(320, 180).size == (320, 180) && first(320, 180).highest == .kilobitsPerSecond(300))
    #expect(first(3840, 2160).size == (1920, 1080) && first(3840, 2160).highest == .kilobitsPerSecond(2500))
    #expect(first(1080, 1920).size == (1080, 1920))
    var portrait = Walk(1080, 1920)
    #expect(portrait.heights(1000, 1) == [854] && portrait.ladder.size == (480, 854))
    #expect(RungLadder.highestBitrate(width: 640, height: 360) == .kilobitsPerSecond(500))
  }

  @Test func `the highest bitrate of an encoder is plenty for the rung that it reaches`() {
    var walk = Walk(640, 360, highest: 420)
    #expect(walk.heights(200, 1) == [240])
    #expect(walk.heights(420, 4) == [360] && walk.ladder.highest == .kilobitsPerSecond(420))
  }

  @Test func `what the processor cannot do counts beside the rate`() {
    var walk = Walk(1920, 1080)
    #expect(walk.heights(5000, 1) == [])
    walk.ladder.limit()
    #expect(walk.ladder.size == (1280, 720) && walk.ladder.step == 0 && walk.ladder.least == 1)
    for _ in 0..<10 { walk.ladder.limit() }
    #expect(walk.ladder.size == (426, 240))
    for _ in 0..<10 { walk.ladder.relax() }
    #expect(walk.ladder.size == (1920, 1080))
  }
}
