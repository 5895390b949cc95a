import RTCPrimitives
import SimNodes
import Testing

struct ProcessorTests {
  /// Handshakes of 1 ms, packets of 1 µs and 2 ns per byte, pictures of 3 ps per pixel.
  private var costs: MeasuredCosts {
    var costs = MeasuredCosts()
    costs.dtlsHandshake = 1_000_000
    costs.sendPacket = LinearCost(fixedNanoseconds: 1000, picosecondsEach: 2000)
    costs.encodeVideo = LinearCost(picosecondsEach: 3)
    return costs
  }

  private func instant(_ microseconds: Int64) -> Instant { Instant(nanoseconds: microseconds * 1000) }

  @Test func `work on an idle core takes its time`() {
    var processor = Processor(cores: 1, costs: costs)
    #expect(processor.charge(.dtlsHandshake, at: instant(500)) == instant(1500))
    #expect(processor.charge(.sendPacket(bytes: 500), at: instant(2000)) == instant(2002))
    #expect(processor.charge(.encodeVideo(pixels: 1_000_000), at: instant(3000)) == instant(3003))
    #expect(processor.waiting.durations.maximum == .zero)
  }

  @Test func `work behind other work waits for it`() {
    var processor = Processor(cores: 1, costs: costs)
    for index in 1...5 {
      #expect(processor.charge(.dtlsHandshake, at: instant(0)) == instant(Int64(index) * 1000))
    }
    #expect(processor.queueDelay(at: instant(0)) == .milliseconds(5))
    #expect(processor.queueDelay(at: instant(4500)) == .microseconds(500))
    #expect(processor.queueDelay(at: instant(9000)) == .zero)
    #expect(processor.waiting.durations.maximum == .milliseconds(4))
  }

  @Test func `k cores work on k pieces at once`() {
    var processor = Processor(cores: 3, costs: costs)
    let ends = (0..<7).map { _ in processor.charge(.dtlsHandshake, at: instant(0)).nanoseconds / 1_000_000 }
    #expect(ends == [1, 1, 1, 2, 2, 2, 3])
  }

  /// Work of 1 ms every 0.8 ms on two cores: the load is 1.25 of 2 cores.
  @Test func `below capacity nothing waits and the utilisation is the offered load`() {
    var processor = Processor(cores: 2, costs: costs)
    for index in 0..<1000 { _ = processor.charge(.dtlsHandshake, at: instant(Int64(index) * 800)) }
    #expect(processor.waiting.durations.maximum == .zero)
    #expect(processor.waiting.firstLong == nil)
    let before = processor.busyTime(at: instant(799_200))
    #expect(processor.busyTime(at: instant(900_000)) == .milliseconds(1000))
    // The last piece has just begun, and the one before it has 0.2 ms to go.
    #expect(before == .microseconds(998_800))
  }

  /// Work of 1 ms every 0.5 ms on one core: the queue grows by half of the time.
  @Test func `above capacity the wait grows with time and the utilisation is full`() {
    var processor = Processor(cores: 1, costs: costs)
    for index in 0..<1000 {
      let now = instant(Int64(index) * 500)
      #expect(processor.queueDelay(at: now) == .microseconds(Int64(index) * 500))
      _ = processor.charge(.dtlsHandshake, at: now)
      #expect(processor.busyTime(at: now) == now - .start)
    }
    #expect(processor.waiting.firstLong == instant(201 * 500))
    #expect(processor.waiting.durations.maximum == .microseconds(499_500))
    // Waits are spread evenly over 0 ... 499.5 ms.
    let percentile = processor.waiting.durations.percentile(0.95)!.milliseconds
    #expect((474.5...474.5 * 17 / 16).contains(percentile))
  }

  @Test func `more than one in twenty long waits is an overload, one in twenty is none`() {
    for (count, isOverloaded) in [(5, false), (6, true)] {
      var processor = Processor(cores: 1, costs: costs)
      // The first piece waits for nothing; `count` more come while 101 ms of work are ahead.
      for _ in 0..<101 { _ = processor.charge(.dtlsHandshake, at: .start) }
      processor.resetWaiting()
      for _ in 0..<count { _ = processor.charge(.iceCheck, at: .start) }
      for index in 0..<(100 - count) { _ = processor.charge(.iceCheck, at: instant(Int64(200_000 + index))) }
      #expect(processor.waiting.isOverloaded == isOverloaded)
      #expect(processor.waiting.firstLong == .start)
    }
  }

  @Test func `refused work of one kind is an overload however much other work is done in time`() {
    var processor = Processor(cores: 4, costs: costs)
    for index in 0..<10_000 { _ = processor.charge(.iceCheck, at: instant(Int64(index) * 1000)) }
    for index in 0..<19 { _ = processor.charge(.encodeAudio, at: instant(10_000_000 + Int64(index) * 1000)) }
    processor.refuse(.audioEncode, at: instant(10_020_000))
    #expect(!processor.waiting.isOverloaded)
    processor.refuse(.audioEncode, at: instant(10_021_000))
    #expect(processor.waiting.isOverloaded)
    #expect(processor.waiting.firstLong == instant(10_020_000))
    #expect(processor.waiting.refused(.audioEncode) == 2)
  }

  @Test func `a window of measurement begins anew`() {
    var processor = Processor(cores: 1, costs: costs)
    for _ in 0..<200 { _ = processor.charge(.dtlsHandshake, at: .start) }
    #expect(processor.waiting.firstLong != nil)
    processor.resetWaiting()
    #expect(processor.waiting.firstLong == nil)
    #expect(processor.waiting.durations.percentile(0.95) == nil)
    #expect(processor.charged == .milliseconds(200))
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func `the categories add up to the busy time`(seed: UInt64) {
    var everything = MeasuredCosts()
    for path in [
      \MeasuredCosts.encodeVideo, \.decodeVideo, \.composeVideo, \.scaleVideo, \.mixAudio, \.protectPacket,
      \.unprotectPacket, \.receivePacket, \.sendPacket,
    ] { everything[keyPath: path] = LinearCost(fixedNanoseconds: 777, picosecondsEach: 1234) }
    for path in [
      \MeasuredCosts.encodeAudio, \.decodeAudio, \.forwardPacket, \.dtlsHandshake, \.iceCheck,
    ] { everything[keyPath: path] = 4321 }
    var dice = SeededGenerator(seed: seed, stream: "work")
    var processor = Processor(cores: 4, costs: everything)
    var now = Instant.start
    var total = Duration.zero
    var previous = Duration.zero
    for _ in 0..<5000 {
      now += .nanoseconds(Int64(dice.next() % 2000))
      let amount = Int(dice.next() % 1500)
      let all: [Work] = [
        .encodeVideo(pixels: amount), .decodeVideo(pixels: amount), .encodeAudio, .decodeAudio,
        .protectPacket(bytes: amount), .unprotectPacket(bytes: amount), .receivePacket(bytes: amount),
        .sendPacket(bytes: amount), .forwardPacket, .mixAudio(inputs: amount), .composeVideo(pixels: amount),
        .scaleVideo(pixels: amount), .dtlsHandshake, .iceCheck,
      ]
      let work = all[Int(dice.next() % UInt64(all.count))]
      total += everything.time(for: work)
      let end = processor.charge(work, at: now)
      #expect(end >= now + everything.time(for: work))
      let busy = processor.busyTime(at: now)
      #expect(busy >= previous && busy <= (now - .start) * 4)
      previous = busy
    }
    let sum = WorkCategory.allCases.reduce(Duration.zero) { $0 + processor.charged($1) }
    #expect(sum == total)
    #expect(processor.charged == total)
    #expect(processor.busyTime(at: now + .seconds(1)) == total)
    #expect(WorkCategory.allCases.allSatisfy { processor.charged($0) > .zero })
    #expect(processor.waiting.durations.count == 5000)
  }

  @Test func `every category has its own place`() {
    #expect(WorkCategory.allCases.map(\.index) == Array(0..<WorkCategory.allCases.count))
  }
}
