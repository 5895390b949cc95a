import RTCPrimitives
import Testing

@testable import RTCMedia

/// What a receiver's link is divided into.
struct ForwardingAllocatorTests {
  private typealias Step = ForwardingSteps.Step

  /// 100, 300 and 1000 kbit/s.
  private let steps = [100, 300, 1000].enumerated().map {
    Step(ForwardedLayer(encoding: $0, temporal: 0), .kilobitsPerSecond($1), utility: Double($0))
  }

  private func request(upTo top: Int = 2, current: Int? = nil) -> ForwardingAllocator.Request {
    ForwardingAllocator.Request(
      steps: ForwardingSteps(Array(steps[...top])), current: current.map { ForwardedLayer(encoding: $0, temporal: 0) })
  }

  private func encodings(_ allocation: ForwardingAllocator.Allocation) -> [Int?] {
    allocation.layers.map { $0?.encoding }
  }

  @Test func `everybody's lowest layer comes before anybody's higher one`() {
    let allocation = ForwardingAllocator.allocate(.kilobitsPerSecond(600), among: Array(repeating: request(), count: 3))
    // 300 for all, 200 more for one, and 45 of headroom.
    #expect(encodings(allocation) == [1, 0, 0])
    #expect(allocation.used == .kilobitsPerSecond(500))
    #expect(allocation.wanted == .megabitsPerSecond(3))
    #expect(allocation.next == .kilobitsPerSecond(745))
  }

  @Test func `what does not fit is paused, the last ones first`() {
    let allocation = ForwardingAllocator.allocate(.kilobitsPerSecond(250), among: Array(repeating: request(), count: 3))
    // A picture that begins needs its rate twice.
    #expect(encodings(allocation) == [0, nil, nil])
    #expect(ForwardingAllocator.allocate(.zero, among: [request()]).layers == [nil])
  }

  @Test func `with room for everything nothing more is tried`() {
    let allocation = ForwardingAllocator.allocate(.megabitsPerSecond(3), among: [request(), request(upTo: 1)])
    #expect(encodings(allocation) == [2, 1])
    #expect(allocation.next == nil && allocation.used == allocation.wanted)
  }

  @Test(arguments: [800, 860, 880, 1100, 1149, 1151, 1300])
  func `between two sizes a picture keeps the one that it has`(_ budget: Int64) {
    let fresh = ForwardingAllocator.allocate(.kilobitsPerSecond(budget), among: [request(current: 1)])
    let kept = ForwardingAllocator.allocate(.kilobitsPerSecond(budget), among: [request(current: 2)])
    #expect(encodings(fresh) == [budget >= 1150 ? 2 : 1])
    #expect(encodings(kept) == [budget >= 870 ? 2 : 1])
  }

  @Test func `never more is given than there is and 15 % for what was there, whatever is asked for`() {
    var dice = SeededGenerator(seed: 7, stream: "allocator")
    for _ in 0..<2000 {
      let budget = DataRate.kilobitsPerSecond(Int64(dice.next() % 20_000))
      let requests = (0..<Int(dice.next() % 30)).map { _ in
        request(upTo: Int(dice.next() % 3), current: [nil, 0, 1, 2][Int(dice.next() % 4)])
      }
      let allocation = ForwardingAllocator.allocate(budget, among: requests)
      let sum = zip(requests, allocation.layers).reduce(DataRate.zero) { sum, entry in
        sum + (entry.0.steps.useful.first { $0.layer == entry.1 }?.rate ?? .zero)
      }
      #expect(sum == allocation.used && Double(sum.bitsPerSecond) <= 1.1501 * Double(budget.bitsPerSecond))
      // Nobody has a second step while somebody's first one would fit in its place.
      if allocation.layers.contains(nil), !allocation.layers.allSatisfy({ $0 == nil }) {
        #expect(allocation.layers.allSatisfy { ($0?.encoding ?? 0) == 0 } || budget < sum + .kilobitsPerSecond(200))
      }
      #expect((allocation.next == nil) == (sum == allocation.wanted))
    }
  }
}
