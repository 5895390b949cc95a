import RTCMedia
import RTCPrimitives
import Testing

/// What layers there are and what each gets, against libwebrtc's tables and the arithmetic that follows from them.
struct SimulcastTests {
  private func kilobits(_ rates: [DataRate]) -> [Int64] { rates.map { $0.bitsPerSecond / 1000 } }

  private func allocator(_ width: Int = 1280, _ height: Int = 720) -> SimulcastAllocator {
    SimulcastAllocator(layers: SimulcastFormat.layers(width: width, height: height, wanted: 3))
  }

  @Test func `720p is sent in three layers, each half as large as the next`() {
    let layers = SimulcastFormat.layers(width: 1280, height: 720, wanted: 3)
    #expect(layers.map(\.width) == [320, 640, 1280])
    #expect(layers.map(\.height) == [180, 360, 720])
    #expect(kilobits(layers.map(\.target)) == [150, 500, 2500])
    #expect(kilobits(layers.map(\.maximum)) == [200, 700, 2500])
    #expect(kilobits(layers.map(\.minimum)) == [30, 150, 600])
  }

  private static let widths: [(width: Int, height: Int, layers: [Int])] = [
    (1920, 1080, [480, 960, 1920]), (960, 540, [240, 480, 960]), (640, 360, [320, 640]), (480, 270, [240, 480]),
    (320, 180, [320]), (160, 90, [160]), (1278, 718, [318, 638, 1276]),
  ]

  @Test(arguments: widths)
  func `small pictures have fewer layers, and odd ones are cut`(width: Int, height: Int, expected: [Int]) {
    #expect(SimulcastFormat.layers(width: width, height: height, wanted: 3).map(\.width) == expected)
    #expect(SimulcastFormat.layers(width: width, height: height, wanted: 1).map(\.width) == [width])
  }

  @Test func `bitrates between two lines of the table follow the number of pixels`() {
    // 800x450 has 360,000 pixels, 640x360 230,400 and 960x540 518,400: 45 % of the way.
    let format = SimulcastFormat(width: 800, height: 450)
    #expect(kilobits([format.maximum, format.target, format.minimum]) == [925, 815, 240])
    #expect(format.layers == 2)
    // 93 % of the way up to 960x540 is near enough to it.
    #expect(SimulcastFormat(width: 940, height: 530).layers == 3)
    let large = SimulcastFormat(width: 3840, height: 2160)
    #expect(kilobits([large.maximum, large.target, large.minimum]) == [5000, 4000, 800])
    let small = SimulcastFormat(width: 160, height: 90)
    #expect(kilobits([small.maximum, small.target, small.minimum]) == [200, 150, 30])
  }

  /// Kilobits per second in all and per layer.
  private static let shares: [(total: Int64, layers: [Int64])] = [
    (10, [30, 0, 0]), (100, [100, 0, 0]), (170, [170, 0, 0]), (299, [200, 0, 0]), (300, [150, 150, 0]),
    (700, [150, 550, 0]), (1249, [150, 700, 0]), (1250, [150, 500, 600]), (3150, [150, 500, 2500]),
    (9000, [150, 500, 2500]),
  ]

  @Test(arguments: shares)
  func `layers get their targets from below and the highest what is left`(total: Int64, expected: [Int64]) {
    var allocator = allocator()
    #expect(kilobits(allocator.allocate(.kilobitsPerSecond(total))) == expected)
  }

  @Test func `a layer that went off comes back with a fifth more than its minimum`() {
    var allocator = allocator()
    func rates(_ total: Int64) -> [Int64] { kilobits(allocator.allocate(.kilobitsPerSecond(total))) }
    #expect(rates(1250) == [150, 500, 600])
    #expect(rates(1249) == [150, 700, 0])
    #expect(rates(1369) == [150, 700, 0])
    #expect(rates(1370) == [150, 500, 720])
    #expect(rates(1250) == [150, 500, 600])
    #expect(rates(200) == [200, 0, 0])
    #expect(rates(329) == [200, 0, 0])
    #expect(rates(330) == [150, 180, 0])
  }

  @Test func `a layer that is not wanted is passed over, and needs no threshold when it is the lowest`() {
    var allocator = allocator()
    allocator.isWanted = [true, false, true]
    #expect(kilobits(allocator.allocate(.kilobitsPerSecond(5000))) == [150, 0, 2500])
    #expect(kilobits([allocator.highest, allocator.padding]) == [2650, 870])
    allocator.isWanted = [false, true, false]
    #expect(kilobits(allocator.allocate(.kilobitsPerSecond(5000))) == [0, 700, 0])
    #expect(kilobits([allocator.highest, allocator.padding]) == [700, 0])
    allocator.isWanted = [false, false, false]
    #expect(kilobits(allocator.allocate(.kilobitsPerSecond(5000))) == [0, 0, 0])
    #expect(kilobits([allocator.highest, allocator.padding]) == [0, 0])
  }

  @Test func `a smaller layer stands in for the smallest that is wanted while there is too little for it`() {
    var allocator = allocator()
    func rates(_ total: Int64) -> [Int64] { kilobits(allocator.allocate(.kilobitsPerSecond(total))) }
    allocator.isWanted = [false, false, true]
    #expect(rates(600) == [0, 0, 600])
    #expect(rates(599) == [0, 599, 0])
    // Padding reaches what brings the wanted one back, which is a fifth more than its minimum.
    #expect(kilobits([allocator.highest, allocator.padding]) == [2500, 720])
    #expect(rates(719) == [0, 700, 0])
    #expect(rates(720) == [0, 0, 720])
    #expect(kilobits([allocator.padding]) == [0])
    #expect(rates(179) == [179, 0, 0] && rates(20) == [30, 0, 0])
    allocator.isWanted = [true, false, true]
    #expect(rates(599) == [200, 0, 0])
  }

  @Test func `three layers of 720p can use 3150 kbit/s, and padding reaches what brings the last one back`() {
    var allocator = allocator()
    #expect(kilobits([allocator.highest, allocator.padding]) == [3150, 1370])
    _ = allocator.allocate(.kilobitsPerSecond(1000))
    #expect(allocator.allocate(allocator.padding).allSatisfy { $0 > .zero })
  }

  @Test func `nothing is given out twice, whatever there is and whatever was before`() {
    var generator = SeededGenerator(seed: 3, stream: "allocation")
    for (width, height) in [(1920, 1080), (1280, 720), (800, 450), (320, 180)] {
      var allocator = allocator(width, height)
      for _ in 0..<500 {
        let total = DataRate.bitsPerSecond(Int64(generator.next() % 7_000_000))
        allocator.isWanted = allocator.layers.map { _ in generator.happens(withProbability: 0.8) }
        let rates = allocator.allocate(total)
        let lowest = allocator.isWanted.firstIndex(of: true)
        let sum = rates.reduce(DataRate.zero, +)
        #expect(sum <= max(total, lowest.map { allocator.layers[$0].minimum } ?? .zero))
        #expect(sum <= allocator.highest || lowest == nil)
        for (index, rate) in rates.enumerated() where rate > .zero {
          #expect(allocator.isWanted[index] || index < lowest ?? 0)
          #expect((allocator.layers[index].minimum...allocator.layers[index].maximum).contains(rate))
        }
      }
    }
  }
}
