import RTCMedia
import RTCPrimitives
import Testing

/// How often feedback leaves, and what it tells.
struct TransportFeedbackGeneratorTests {
  /// Runs packets that come every `interval` for ten seconds, and gives the reports with their times.
  private func reports(
    every interval: Duration, hasVideo: Bool, until end: Duration = .seconds(10)
  ) -> [(time: Instant, report: TransportFeedbackGenerator.Report)] {
    var generator = TransportFeedbackGenerator()
    generator.hasVideo = hasVideo
    var reports: [(Instant, TransportFeedbackGenerator.Report)] = []
    var next = Instant.start + .milliseconds(3)
    var number = SequenceNumber(65_500)
    while next < .start + end {
      while let due = generator.nextTimeout, due <= next {
        for report in generator.handleTimeout(at: due) { reports.append((due, report)) }
      }
      generator.received(number, at: next)
      number = number.next
      next += interval
    }
    return reports
  }

  // Chromium was recorded to send 15.8 a second with video and 9.0 with sound alone (steady_summary.csv), and as many as
  // packets came where these were few (twcc_rate.csv: 6.3 for 6.7 packets).
  @Test(arguments: [(8, true, 15.8), (33, true, 15.4), (20, false, 9.0), (150, true, 6.7)])
  func `feedback is as frequent as Chromium's`(interval: Int, hasVideo: Bool, recorded: Double) {
    let rate = Double(reports(every: .milliseconds(interval), hasVideo: hasVideo).count) / 10
    #expect(abs(rate - recorded) <= 0.1 * recorded, "\(rate)")
  }

  @Test func `every packet is told of once, in order, across the wrap of the numbers`() throws {
    let reports = reports(every: .milliseconds(7), hasVideo: true)
    var expected = try #require(reports.first).report.base
    for (_, report) in reports {
      #expect(report.base == expected)
      #expect(report.arrivals.allSatisfy { $0 != nil })
      expected = report.base + report.arrivals.count
    }
  }

  @Test func `a gap is told as not received, and a late packet is told of when it has come`() {
    var generator = TransportFeedbackGenerator()
    generator.hasVideo = true
    for number: UInt16 in [10, 12, 13] { generator.received(SequenceNumber(number), at: .start) }
    let first = generator.handleTimeout(at: generator.nextTimeout ?? .start)
    #expect(first.map(\.base) == [10] && first.first?.arrivals.map { $0 != nil } == [true, false, true, true])
    generator.received(11, at: .start + .milliseconds(80))
    let second = generator.handleTimeout(at: generator.nextTimeout ?? .start)
    #expect(second.first?.base == 11 && second.first?.arrivals.first == .some(.start + .milliseconds(80)))
  }

  @Test func `nothing is sent in silence, and the next packet starts the timer again`() {
    var generator = TransportFeedbackGenerator()
    generator.received(1, at: .start)
    #expect(generator.handleTimeout(at: generator.nextTimeout ?? .start).count == 1)
    #expect(generator.handleTimeout(at: generator.nextTimeout ?? .start).isEmpty)
    #expect(generator.nextTimeout == nil)
    generator.received(2, at: .start + .seconds(5))
    #expect(generator.nextTimeout != nil)
  }

  @Test func `whatever numbers come, memory is bounded and no report is empty`() {
    var dice = SeededGenerator(seed: 1, stream: "feedback")
    var generator = TransportFeedbackGenerator()
    generator.hasVideo = true
    var now = Instant.start
    for _ in 0..<20_000 {
      now += .microseconds(Int64(dice.next() % 20_000))
      generator.received(SequenceNumber(UInt16(truncatingIfNeeded: dice.next())), at: now)
      guard let due = generator.nextTimeout, due <= now else { continue }
      for report in generator.handleTimeout(at: now) {
        #expect(report.arrivals.count <= 500 && report.arrivals.contains { $0 != nil })
      }
    }
  }
}
