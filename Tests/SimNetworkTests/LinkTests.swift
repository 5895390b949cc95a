import RTCPrimitives
import SimNetwork
import Testing

@Suite struct LinkTests {
  private func link(_ configuration: Link.Configuration, seed: UInt64 = 1) -> Link {
    Link(configuration, dice: SeededGenerator(seed: seed, stream: "link"))
  }

  @Test func `a packet takes its serialisation and the propagation delay`() {
    var link = link(.init(rate: .megabitsPerSecond(8), propagationDelay: .milliseconds(10)))
    #expect(link.transmit(.bytes(1000), at: .start) == .arrives(Instant(nanoseconds: 11_000_000)))
    #expect(link.transmit(.bytes(1000), at: .start) == .arrives(Instant(nanoseconds: 12_000_000)))
    #expect(
      link.transmit(.bytes(500), at: Instant(nanoseconds: 5_000_000)) == .arrives(Instant(nanoseconds: 15_500_000)))
  }

  @Test func `a queue that is limited in bytes drops at the tail and serves in order`() {
    var link = link(.init(rate: .megabitsPerSecond(8), queueLimit: .size(.bytes(3000))))
    let verdicts = (0..<5).map { _ in link.transmit(.bytes(1000), at: .start) }
    #expect(verdicts.filter { $0 == .dropped(.queueFull) }.count == 2)
    #expect(verdicts[2] == .arrives(Instant(nanoseconds: 3_000_000)))
    #expect(link.statistics(at: .start).queueDrops == 2)
    #expect(link.statistics(at: .start).firstQueueDrop == .start)
  }

  @Test func `a queue that is limited in time keeps nothing longer than that`() {
    var link = link(.init(rate: .megabitsPerSecond(8), queueLimit: .time(.milliseconds(200))))
    var accepted = 0
    for _ in 0..<1000 {
      guard case .arrives(let time) = link.transmit(.bytes(1000), at: .start) else { continue }
      accepted += 1
      #expect(time <= .start + .milliseconds(201))
    }
    #expect(accepted == 201)
  }

  @Test func `what a saturated link delivers is its rate`() {
    var link = link(.init(rate: .kilobitsPerSecond(1000), queueLimit: .time(.milliseconds(100))))
    var delivered = 0
    for millisecond in 0..<10_000 {
      let now = Instant.start + .milliseconds(millisecond)
      guard case .arrives(let time) = link.transmit(.bytes(500), at: now), time <= .start + .seconds(10) else {
        continue
      }
      delivered += 500 * 8
    }
    #expect(abs(Double(delivered) / 10 - 1_000_000) < 10_000)
  }

  @Test(arguments: [1, 2, 3] as [UInt64], [0.01, 0.1, 0.5])
  func `independent loss lies within four deviations of its probability`(seed: UInt64, probability: Double) {
    var link = link(.init(loss: .independent(probability: probability)), seed: seed)
    let count = 20_000
    let lost = (0..<count).filter { _ in link.transmit(.bytes(100), at: .start) == .dropped(.lost) }.count
    let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
    #expect(abs(Double(lost) - Double(count) * probability) < 4 * deviation)
    #expect(link.statistics(at: .start).lostPackets == Int64(lost))
  }

  @Test func `the two-state model loses its mean in bursts of its mean length`() {
    let model = LossModel.gilbertElliott(toBad: 0.02, toGood: 0.25, lossInGood: 0, lossInBad: 1)
    var link = link(.init(loss: model))
    var lost = 0
    var bursts = 0
    var inBurst = false
    for _ in 0..<200_000 {
      let loses = link.transmit(.bytes(100), at: .start) == .dropped(.lost)
      if loses { lost += 1 }
      if loses, !inBurst { bursts += 1 }
      inBurst = loses
    }
    #expect(abs(Double(lost) / 200_000 - model.meanLoss) < 0.005)
    #expect(abs(Double(lost) / Double(bursts) - 4) < 0.2)
  }

  @Test func `jitter without reordering keeps the order and with it does not`() {
    for reorders in [false, true] {
      var link = link(.init(jitter: .uniform(maximum: .milliseconds(20), reorders: reorders)))
      let times = (0..<1000).compactMap { index -> Instant? in
        let now = Instant.start + .milliseconds(index)
        guard case .arrives(let time) = link.transmit(.bytes(100), at: now) else { return nil }
        #expect(time >= now)
        return time
      }
      #expect((times == times.sorted()) == !reorders)
    }
  }
}
