import RTCMedia
import RTCPrimitives
import Testing

@Suite struct ReceptionStatisticsTests {
  @Test func `jitter follows the formula of RFC 3550`() {
    var generator = SeededGenerator(seed: 1, stream: "jitter")
    var statistics = ReceptionStatistics(clockRate: 90_000)
    var exact = 0.0
    var lastTransit: Double?
    for index in 0..<2000 {
      // Arrivals on whole ticks of 1/90000 s, late by up to 30 ms.
      let late = Int64(generator.next() % 2700)
      let timestamp = UInt32(truncatingIfNeeded: Int64(index) * 3000 + 0xFFFF_FF00)
      let ticks = Int64(index) * 3000 + late
      let now = Instant(nanoseconds: (ticks * 100_000 + 8) / 9)
      statistics.insert(SequenceNumber(UInt16(truncatingIfNeeded: index)), timestamp: timestamp, at: now)
      let transit = Double(late)
      if let lastTransit { exact += (abs(transit - lastTransit) - exact) / 16 }
      lastTransit = transit
      // The integer form of A.8 truncates by less than one sixteenth per step.
      #expect(abs(Double(statistics.jitter) - exact) <= 2)
    }
    #expect(exact > 500)
  }

  @Test func `even arrival has no jitter, whatever the offset of its clock`() {
    var statistics = ReceptionStatistics(clockRate: 48_000)
    for index in 0..<100 {
      statistics.insert(
        SequenceNumber(UInt16(index)), timestamp: 4_294_967_000 &+ UInt32(index * 960),
        at: .start + .milliseconds(20 * index + 3))
    }
    #expect(statistics.jitter == 0)
  }

  @Test func `a report counts what is missing since the one before, over the wrap`() {
    var statistics = ReceptionStatistics(clockRate: 48_000)
    #expect(statistics.packetsExpected == 0)
    var number: SequenceNumber = 65_500
    func isLost(_ index: Int) -> Bool { index % 10 == 5 }
    for index in 0..<100 {
      if !isLost(index) { statistics.insert(number, timestamp: 0, at: .start) }
      number = number.next
    }
    let first = statistics.report()
    // 10 of 100: fraction 25/256; the highest number is 65599, one wrap and 63.
    #expect(first?.fractionLost == 25)
    #expect(first?.cumulativeLost == 10)
    #expect(first?.extendedHighestSequenceNumber == 65_599)
    for _ in 0..<50 {
      statistics.insert(number, timestamp: 0, at: .start)
      number = number.next
    }
    let second = statistics.report()
    #expect(second?.fractionLost == 0)
    #expect(second?.cumulativeLost == 10)
    #expect(statistics.packetsReceived == 140)
  }

  @Test func `duplicates make the loss negative and the fraction zero`() {
    var statistics = ReceptionStatistics(clockRate: 48_000)
    for number: UInt16 in [1, 2, 2, 2, 3] { statistics.insert(SequenceNumber(number), timestamp: 0, at: .start) }
    let report = statistics.report()
    #expect(report?.cumulativeLost == -2)
    #expect(report?.fractionLost == 0)
  }

  @Test func `a jump is believed at the second packet`() {
    var statistics = ReceptionStatistics(clockRate: 48_000)
    let numbers: [UInt16] = [10, 11, 30_000, 12, 40_000, 40_001, 40_002]
    let accepted = numbers.map { statistics.insert(SequenceNumber($0), timestamp: 0, at: .start) }
    #expect(accepted == [true, true, false, true, false, true, true])
    #expect(statistics.packetsExpected == 2)
    #expect(statistics.packetsLost == 0)
  }
}
