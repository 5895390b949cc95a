import RTCMedia
import RTCPrimitives
import Testing

/// Whatever a peer says, a controller neither traps nor leaves its limits; every one that is registered is tried.
struct CongestionRobustnessTests {
  private static let limits = RateLimits(
    minimum: .kilobitsPerSecond(50), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(4))

  private static var names: [String] { CongestionControllers.all.map(\.name) }

  private static func make(_ name: String) -> any CongestionController {
    CongestionControllers.named(name)!.make(limits, .start)
  }

  private func check(_ controller: any CongestionController, _ note: String) {
    let decision = controller.decision
    #expect(decision.target >= Self.limits.minimum && decision.target <= Self.limits.maximum, "\(note)")
    #expect(decision.pacingRate >= decision.target && decision.paddingRate <= decision.target, "\(note)")
    #expect((0...1).contains(decision.loss) && (0...1).contains(decision.frameReduction), "\(note)")
  }

  @Test(arguments: names, [UInt64](1...6)) func `no sequence of events traps or leaves the limits`(
    name: String, seed: UInt64
  ) {
    var controller = Self.make(name)
    var dice = SeededGenerator(seed: seed, stream: "fuzz")
    var now = Instant.start
    var sent: [SentPacket] = []
    var clock = Duration.seconds(100)
    for round in 0..<4000 {
      now += .microseconds(Int64(dice.next() % 60_000))
      switch dice.next() % 40 {
      case 0: controller.setAllocated(.bitsPerSecond(Int64(dice.next() % 10_000_000)), at: now)
      case 1: controller.handle(lossReport: 2 * dice.unit() - 0.5, of: Int(dice.next() % 300), at: now)
      case 2: controller.handle(lossReport: .nan, of: -3, at: now)
      case 3: controller.handle(roundTripTime: .milliseconds(Int64(dice.next() % 100_000) - 100), at: now)
      case 4: controller.handle(remoteEstimate: .bitsPerSecond(Int64(dice.next() % 9_000_000)), at: now)
      case 5: controller.setLimits(Self.limits, at: now)
      case 6: clock = .seconds(Int64(dice.next() % 2_000_000) - 1_000_000)
      case 7: now += .seconds(Int64(dice.next() % 4000))
      case 8...20:
        let results = (0..<Int(dice.next() % 30)).compactMap { _ -> PacketResult? in
          guard !sent.isEmpty else { return nil }
          let packet = sent[max(0, sent.count - 1 - Int(dice.next() % 60))]
          let wait = Duration.microseconds(Int64(dice.next() % 400_000) - 50_000)
          let isLost = dice.happens(withProbability: 0.2)
          return PacketResult(packet: packet, receivedAt: isLost ? nil : clock + (packet.sentAt - .start) + wait)
        }
        controller.handle(
          PacketFeedback(arrivedAt: now, results: results, bytesInFlight: .bytes(Int(dice.next() % 1_000_000))))
      default:
        let probe = controller.takeProbes().last?.id
        let size = dice.happens(withProbability: 0.1) ? 0 : Int(dice.next() % 1500)
        let packet = SentPacket(number: Int64(sent.count), size: .bytes(size), sentAt: now, probe: probe)
        sent.append(packet)
        controller.sent(packet)
      }
      if let timeout = controller.nextTimeout, timeout <= now { controller.handleTimeout(at: now) }
      check(controller, "\(name), seed \(seed), round \(round)")
    }
  }

  /// `count` packets of 1,000 bytes every 10 ms, all of which take `delay` on the receiver's clock.
  private func run(
    _ controller: inout any CongestionController, from start: Int64, _ count: Int64, at begin: Instant,
    delay: (Int64) -> Duration?
  ) -> Instant {
    var now = begin
    var results: [PacketResult] = []
    for number in start..<(start + count) {
      now += .milliseconds(10)
      let packet = SentPacket(number: number, size: .bytes(1000), sentAt: now)
      controller.sent(packet)
      results.append(PacketResult(packet: packet, receivedAt: delay(number).map { now - .start + $0 }))
      guard number % 6 == 5 else { continue }
      controller.handle(PacketFeedback(arrivedAt: now + .milliseconds(50), results: results, bytesInFlight: .zero))
      controller.handle(lossReport: 0, of: 6, at: now + .milliseconds(50))
      results.removeAll()
    }
    return now
  }

  @Test(arguments: names) func `an hour of silence and a clock that jumped leave a controller that works`(name: String)
  {
    var controller = Self.make(name)
    var now = run(&controller, from: 0, 600, at: .start) { _ in .milliseconds(30) }
    now += .seconds(3600)
    now = run(&controller, from: 600, 600, at: now) { _ in .seconds(-5000) }
    now = run(&controller, from: 1200, 1200, at: now) { _ in .seconds(9000) }
    check(controller, name)
    #expect(controller.decision.target >= .kilobitsPerSecond(280))
  }

  @Test(arguments: names.filter { $0 != "fixed" }) func `a path that stays empty lets the rate grow`(name: String) {
    var controller = Self.make(name)
    _ = run(&controller, from: 0, 1500, at: .start) { _ in .milliseconds(30) }
    #expect(controller.decision.target > .kilobitsPerSecond(450))
  }

  @Test(arguments: names.filter { $0 != "fixed" }) func `a queue that grows lowers the rate`(name: String) {
    var controller = Self.make(name)
    let now = run(&controller, from: 0, 1500, at: .start) { _ in .milliseconds(30) }
    let before = controller.decision.target
    // A third of what is sent fits: the queue grows by 20 ms with each packet.
    _ = run(&controller, from: 1500, 150, at: now) { .milliseconds(30 + 20 * ($0 - 1500)) }
    #expect(controller.decision.target < before)
  }

  @Test(arguments: names.filter { $0 != "fixed" }) func `the receiver's own estimate is a limit`(name: String) {
    var controller = Self.make(name)
    _ = run(&controller, from: 0, 600, at: .start) { _ in .milliseconds(30) }
    controller.handle(remoteEstimate: .kilobitsPerSecond(120), at: Instant.start + .seconds(7))
    #expect(controller.decision.target == .kilobitsPerSecond(120))
  }

  @Test func `without transport-wide feedback reports of loss lower the rate`() {
    var controller = Self.make("gcc")
    var now = Instant.start
    for _ in 0..<10 {
      now += .seconds(1)
      controller.handle(lossReport: 0, of: 100, at: now)
    }
    let before = controller.decision.target
    // Under 2 % the rate grows by 8 % a second, after the start phase.
    #expect(before > .kilobitsPerSecond(500) && before < .kilobitsPerSecond(700))
    now += .seconds(1)
    controller.handle(lossReport: 0.2, of: 100, at: now)
    // Over 10 % the rate is reduced by half the share that is lost.
    #expect(abs(controller.decision.target.bitsPerSecond - before.bitsPerSecond * 9 / 10) <= 1)
  }
}
