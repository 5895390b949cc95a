import RTCPrimitives
import Testing

@testable import RTCSession

@Suite struct ReplayWindowTests {
  /// The definition: what was seen is no longer new, and what lies 1024 or more behind the highest is not known.
  @Test(arguments: [1, 2, 3] as [UInt64]) func `a packet is new once, within the window`(seed: UInt64) {
    var dice = SeededGenerator(seed: seed, stream: "replay")
    var window = ReplayWindow()
    var seen: Set<Int> = []
    var highest = 60_000
    let isFirstNew = window.accept(SequenceNumber(UInt16(highest)))
    #expect(isFirstNew)
    seen.insert(highest)
    for _ in 0..<20_000 {
      let step = dice.next() % 50 == 0 ? Int(dice.next() % 3000) : Int(dice.next() % 8)
      let number = dice.next() % 2 == 0 ? highest + step : highest - Int(dice.next() % 1100)
      let isNew = number > highest - 1024 && !seen.contains(number)
      let isAccepted = window.accept(SequenceNumber(UInt16(truncatingIfNeeded: number)))
      #expect(isAccepted == isNew)
      if isNew { seen.insert(number) }
      highest = max(highest, number)
    }
  }
}
