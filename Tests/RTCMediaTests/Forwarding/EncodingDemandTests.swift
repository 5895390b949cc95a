import RTCPrimitives
import Testing

@testable import RTCMedia

/// Which sizes of a picture are asked for.
struct EncodingDemandTests {
  /// A source, and the changes that he is told of.
  private struct Source {
    var demand: EncodingDemand
    private(set) var told: [[Bool]] = []

    init(_ count: Int) { demand = EncodingDemand(count: count) }

    /// - Parameter sent: what he sends, by default what he is asked for.
    mutating func see(_ seen: [Bool], sent: [Bool]? = nil, at seconds: Double) {
      let now = Instant.start + .milliseconds(Int(seconds * 1000))
      if demand.update(seen: seen, sent: sent ?? demand.asked, at: now) { told.append(demand.asked) }
    }
  }

  @Test func `before anything is said all are asked for, and all may be had`() {
    var source = Source(3)
    source.see([true, true, true], at: 0)
    #expect(source.told.isEmpty && source.demand.asked == [true, true, true])
    #expect((0..<3).allSatisfy(source.demand.mayBeHad))
  }

  @Test func `what nobody sees is asked for 5 s longer, a smaller size like a larger one`() {
    var source = Source(3)
    for time in [0, 1, 4, 4.9] { source.see([false, false, true], at: time) }
    #expect(source.told.isEmpty)
    source.see([false, false, true], at: 5)
    #expect(source.told == [[false, false, true]])
    // What he is asked for and does not send he cannot send; the others nobody has asked for.
    #expect([0, 1, 2].map(source.demand.mayBeHad) == [true, true, false])
  }

  @Test func `what is seen again is asked for at once`() {
    var source = Source(3)
    for time in [0.0, 5] { source.see([false, false, true], at: time) }
    source.see([true, false, true], at: 6)
    #expect(source.told == [[false, false, true], [true, false, true]])
  }

  @Test func `patience begins anew for each size, and whenever somebody has looked`() {
    var source = Source(3)
    source.see([true, true, false], at: 0)
    // Three seconds later one more is seen by nobody.
    source.see([true, false, false], at: 3)
    source.see([true, false, false], at: 5)
    #expect(source.told == [[true, true, false]])
    source.see([true, true, false], at: 7)
    source.see([true, false, false], at: 8)
    source.see([true, false, false], at: 12.9)
    #expect(source.told.count == 1)
    source.see([true, false, false], at: 13)
    #expect(source.told.last == [true, false, false])
  }

  @Test func `a picture that nobody sees in any size is given up`() {
    var source = Source(1)
    for time in [0.0, 5] { source.see([], at: time) }
    #expect(source.told == [[false]])
  }

  @Test func `a source who cannot send what he is asked for keeps the smaller sizes for ten seconds`() {
    var source = Source(3)
    // The largest does not come, at first because it takes a while to begin.
    for time in [0.0, 0.9] { source.see([false, true, false], sent: [true, true, false], at: time) }
    for time in [1.0, 2] { source.see([false, true, false], sent: [true, true, false], at: time) }
    source.see([false, true, false], at: 7)
    #expect(source.told == [[true, true, false]])
    for time in [11.9, 12, 16.9] { source.see([false, true, false], at: time) }
    #expect(source.told.count == 1)
    source.see([false, true, false], at: 17)
    #expect(source.told.last == [false, true, false])
    // Asked for more, he cannot: what is below comes back, too.
    for time in [18.0, 19, 20] { source.see([false, false, true], sent: [false, true, false], at: time) }
    #expect(source.told.last == [true, true, true])
  }

  @Test func `before anything is sent nobody is limited`() {
    var source = Source(2)
    for time in [0.0, 4] { source.see([false, true], sent: [false, false], at: time) }
    source.see([false, true], at: 5)
    #expect(source.told == [[false, true]])
  }

  @Test func `what begins below everything that is asked for stands in for it`() {
    var source = Source(3)
    #expect(!(0..<3).contains(where: source.demand.isStandIn))
    for time in [0.0, 5] { source.see([false, false, true], at: time) }
    #expect([0, 1, 2].map(source.demand.isStandIn) == [true, true, false])
    source.see([false, true, true], at: 6)
    #expect([0, 1, 2].map(source.demand.isStandIn) == [true, false, false])
    for time in [7.0, 12] { source.see([false, false, false], at: time) }
    #expect(!(0..<3).contains(where: source.demand.isStandIn))
  }
}
