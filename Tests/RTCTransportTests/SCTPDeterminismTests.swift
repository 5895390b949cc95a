import Foundation
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct SCTPDeterminismTests {
  /// Mixed traffic over a path with loss; the hash of every packet with its time.
  private static func run(seed: UInt64, seconds: Int = 5) -> UInt64 {
    let pair = SCTPPair(seed: seed)
    var dice = SeededGenerator(seed: 7, stream: "loss")
    pair.loses = { _, _ in dice.happens(withProbability: 0.05) }
    pair.connect()
    for round in 0..<seconds * 10 {
      for side in 0..<2 {
        try? pair.send(side, [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 3000))
        try? pair.send(side, [1, 2, 3], stream: 1, isOrdered: false, reliability: .maxRetransmits(0))
        try? pair.send(side, [4, 5], stream: 2, reliability: .maxPacketLifeTime(.milliseconds(50)))
      }
      if round % 20 == 0 { pair.reset(0, [2]) }
      pair.run(for: .milliseconds(100))
    }
    pair.close(0)
    return pair.hash
  }

  @Test func `a run that is repeated in one process has the same packets, and another seed has others`() {
    let first = Self.run(seed: 1)
    #expect(Self.run(seed: 1) == first)
    #expect(Self.run(seed: 2) != first)
    #expect(Self.run(seed: 1) == first)
  }

  @Test func `runs on threads beside each other do not see each other`() async {
    let alone = (1...4).map { Self.run(seed: UInt64($0)) }
    let together = await withTaskGroup(of: (Int, UInt64).self) { group in
      for index in 0..<4 { group.addTask { (index, Self.run(seed: UInt64(index + 1))) } }
      var hashes = [UInt64](repeating: 0, count: 4)
      for await (index, hash) in group { hashes[index] = hash }
      return hashes
    }
    #expect(together == alone)
  }

  /// The anonymous files of private copies that are loaded in this process.
  private static func copies() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
      .count {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.contains("usrsctp")
          ?? false
      }
  }

  private static func residentPages() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }

  @Test func `a hundred runs leave no copy of the library and no memory behind`() throws {
    for _ in 0..<20 { _ = Self.run(seed: 1, seconds: 1) }
    let before = try Self.residentPages()
    for _ in 0..<80 { _ = Self.run(seed: 1, seconds: 1) }
    // Other tests run beside this one; eighty copies that stayed would take a hundred megabytes or more.
    #expect(try Self.residentPages() - before < (64 << 20) / 4096)
    #expect(try Self.copies() < 40)
  }
}
