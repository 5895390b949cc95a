import Foundation
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

/// Transfers of six seconds beside what Chromium 156 was recorded to do on the same paths.
///
/// Reliable transfers under loss are in `DataChannelScenarioTests`: they take longer until the first slow start, which one
/// early or late loss ends, no longer decides.
/// - SeeAlso: `dc_chromium.json` and `dc_chromium_20M.json` among the recordings
@Suite struct SCTPRecordingTests {
  private static let messageSize = 16_384

  /// Sends messages of 16 KiB for six seconds, always with half a megabyte waiting.
  private struct Transfer {
    let pair: SCTPPair
    let reliability: DataChannelReliability
    private var begin: Instant
    /// When the messages that came had come.
    private(set) var arrivals: [Duration] = []

    init(over pair: SCTPPair, _ reliability: DataChannelReliability) {
      self.pair = pair
      self.reliability = reliability
      begin = pair.now
    }

    mutating func run() throws {
      let message = [UInt8](repeating: 0, count: messageSize)
      begin = pair.now
      while pair.now < begin + .seconds(6) {
        while pair.a.association.bufferedAmount(of: 0) < 512 << 10 {
          try pair.send(0, message, isOrdered: reliability == .reliable, reliability: reliability)
        }
        pair.run(for: .milliseconds(1))
        arrivals += Array(repeating: pair.now - begin, count: pair.b.messages.count)
        pair.forgetEvents()
      }
    }

    /// Payload that arrived in some part of the six seconds, in Mbit/s.
    func goodput(_ part: Range<Int>) -> Double {
      let bytes = arrivals.count { $0 > .seconds(part.lowerBound) && $0 <= .seconds(part.upperBound) } * messageSize
      return DataSize(bytes: bytes).rate(over: .seconds(part.count)).megabitsPerSecond
    }
  }

  /// The members of a recording that are looked at.
  private struct Recording: Decodable {
    let rtt_ms: Int
    let loss_each_way: Double
    let mode: String
    let goodput_kbps_whole, goodput_kbps_last_half: Int
  }

  private static let recordings = Vectors.sharedFolder.appending(path: "reference")
  private static var hasRecordings: Bool { FileManager.default.fileExists(atPath: recordings.path) }

  private static func recording(_ name: String) throws -> [Recording] {
    try Vectors.decode([Recording].self, from: Data(contentsOf: recordings.appending(path: name)))
  }

  private static func path(roundTrip: Int, loss: Double = 0, bottleneck: DataRate? = nil, seed: UInt64 = 1) -> SCTPPair
  {
    let pair = SCTPPair(seed: seed)
    pair.delay = .milliseconds(roundTrip / 2)
    pair.connect()
    pair.capacity = bottleneck
    pair.queue = .milliseconds(100)
    var dice = SeededGenerator(seed: seed, stream: "loss")
    if loss > 0 { pair.loses = { _, _ in dice.happens(withProbability: loss) } }
    return pair
  }

  /// Chromium's own reliable channel was recorded to stall here, and is no model.
  @Test(arguments: [20, 100]) func `behind 20 Mbit per second a reliable channel fills the path`(roundTrip: Int) throws
  {
    var transfer = Transfer(over: Self.path(roundTrip: roundTrip, bottleneck: .megabitsPerSecond(20)), .reliable)
    try transfer.run()
    #expect(transfer.goodput(3..<6) >= 16, "\(transfer.goodput(0..<6)), \(transfer.goodput(3..<6))")
  }

  @Test(arguments: [(20, 16.275, 18.525), (100, 10.639, 16.166)])
  func `behind 20 Mbit per second an unreliable channel is as fast as Chromium's within a quarter`(
    roundTrip: Int, whole: Double, lastHalf: Double
  ) throws {
    let path = Self.path(roundTrip: roundTrip, bottleneck: .megabitsPerSecond(20))
    var transfer = Transfer(over: path, .maxRetransmits(0))
    try transfer.run()
    #expect((0.75 * whole...1.25 * whole).contains(transfer.goodput(0..<6)), "\(transfer.goodput(0..<6))")
    #expect((0.75 * lastHalf...1.25 * lastHalf).contains(transfer.goodput(3..<6)), "\(transfer.goodput(3..<6))")
  }

  /// 250 pings, one each 20 ms, answered at once.
  @Test(arguments: [20, 100], [0, 0.01]) func `half of all pings take the round trip and at most 2 ms more`(
    roundTrip: Int, loss: Double
  ) throws {
    let pair = Self.path(roundTrip: roundTrip, loss: loss)
    var sent: [Instant] = []
    var times: [Duration] = []
    for step in 0..<(5_000 + 2_000) {
      if step % 20 == 0, sent.count < 250 {
        try pair.send(0, [UInt8(sent.count)])
        sent.append(pair.now)
      }
      pair.run(for: .milliseconds(1))
      for message in pair.b.messages { try pair.send(1, message.bytes) }
      for _ in pair.a.messages { times.append(pair.now - sent[times.count]) }
      pair.forgetEvents()
    }
    #expect(times.count == 250)
    let median = times.sorted()[125]
    #expect(median >= .milliseconds(roundTrip) && median <= .milliseconds(roundTrip + 2), "\(median)")
  }

  /// The figures above are the recordings'.
  @Test(.enabled(if: hasRecordings)) func `the recordings say what is expected here`() throws {
    let (lossy, narrow) = try (Self.recording("dc_chromium.json"), Self.recording("dc_chromium_20M.json"))
    func row(_ rows: [Recording], _ roundTrip: Int, _ mode: String, _ loss: Double) throws -> Recording {
      try #require(rows.first { $0.rtt_ms == roundTrip && $0.mode == mode && $0.loss_each_way == loss })
    }
    #expect(try row(lossy, 20, "reliable", 0.01).goodput_kbps_whole == 4697)
    #expect(try row(lossy, 100, "reliable", 0.01).goodput_kbps_whole == 1030)
    let near = try row(narrow, 20, "unreliable", 0)
    #expect((near.goodput_kbps_whole, near.goodput_kbps_last_half) == (16_275, 18_525))
    let far = try row(narrow, 100, "unreliable", 0)
    #expect((far.goodput_kbps_whole, far.goodput_kbps_last_half) == (10_639, 16_166))
  }
}
