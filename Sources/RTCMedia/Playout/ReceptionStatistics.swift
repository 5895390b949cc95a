public import RTCPrimitives
import RTCWire

/// What a receiver reports about one RTP stream, in the units of an RTCP report block.
///
/// - SeeAlso: RFC 3550 §6.4.1
public struct ReceptionSummary: Hashable, Sendable {
  /// Loss since the report before, in 1/256.
  public let fractionLost: UInt8
  /// Packets expected less packets received since the beginning; negative when there were duplicates. 24 bits.
  public let cumulativeLost: Int32
  /// The highest sequence number, with the number of its wraps in the upper half.
  public let extendedHighestSequenceNumber: UInt32
  /// Interarrival jitter in RTP clock ticks.
  public let jitter: UInt32
}

/// Counts one RTP stream at its receiver.
///
/// - SeeAlso: RFC 3550 appendices A.1 (sequence numbers), A.3 (loss), A.8 (jitter)
/// - Note: A source is valid from its first packet on (no probation): its SSRC is known from signaling.
public struct ReceptionStatistics: Sendable {
  /// Packets, duplicates and retransmissions included.
  public private(set) var packetsReceived: Int64 = 0
  private let clock: RTPClock
  private var baseSequenceNumber: UInt32 = 0
  private var highest: UInt32?
  /// After a jump: the number that would make it a restart of the sender.
  private var restart: SequenceNumber?
  private var priorExpected: Int64 = 0
  private var priorReceived: Int64 = 0
  private var lastTransit: UInt32?
  /// In sixteenths of a tick.
  private var scaledJitter: UInt32 = 0

  private static let largestDropout = 3000
  private static let largestDisorder = 100

  public init(clockRate: UInt32) { clock = RTPClock(rate: clockRate, offset: 0) }

  /// Counts a packet that arrived.
  ///
  /// - Parameter isRetransmission: whether it was asked for. It may lie further back than reordering goes, and its travel
  ///   time says nothing about jitter.
  /// - Returns: whether it belongs to the stream; the first packet after a large jump does not yet.
  @discardableResult
  public mutating func insert(
    _ number: SequenceNumber, timestamp: UInt32, at now: Instant, isRetransmission: Bool = false
  ) -> Bool {
    if isRetransmission, highest != nil {
      packetsReceived += 1
      return true
    }
    guard follow(number) else { return false }
    packetsReceived += 1
    measureJitter(timestamp, at: now)
    return true
  }

  /// Packets that should have arrived since the beginning.
  public var packetsExpected: Int64 { highest.map { Int64($0) - Int64(baseSequenceNumber) + 1 } ?? 0 }

  /// Packets expected less packets received.
  public var packetsLost: Int64 { packetsExpected - packetsReceived }

  /// Interarrival jitter in RTP clock ticks.
  public var jitter: UInt32 { scaledJitter >> 4 }

  /// Interarrival jitter as a time.
  public var jitterDuration: Duration { clock.duration(ofTicks: Int64(jitter)) }

  /// The figures of a report block, and the beginning of the next report's interval; `nil` before the first packet.
  public mutating func report() -> ReceptionSummary? {
    guard let highest else { return nil }
    let expected = packetsExpected - priorExpected
    let lost = expected - (packetsReceived - priorReceived)
    priorExpected = packetsExpected
    priorReceived = packetsReceived
    return ReceptionSummary(
      fractionLost: expected > 0 && lost > 0 ? UInt8(min(255, (lost << 8) / expected)) : 0,
      cumulativeLost: Int32(max(-0x80_0000, min(0x7F_FFFF, packetsLost))), extendedHighestSequenceNumber: highest,
      jitter: jitter)
  }

  private mutating func follow(_ number: SequenceNumber) -> Bool {
    guard let highest else {
      begin(with: number)
      return true
    }
    let step = Int(number.rawValue &- UInt16(truncatingIfNeeded: highest))
    if step < Self.largestDropout {
      self.highest = highest &+ UInt32(step)
      restart = nil
    } else if step <= 65_536 - Self.largestDisorder {
      guard number == restart else {
        restart = number.next
        return false
      }
      begin(with: number)
    }
    return true
  }

  private mutating func begin(with number: SequenceNumber) {
    baseSequenceNumber = UInt32(number.rawValue)
    highest = baseSequenceNumber
    restart = nil
    packetsReceived = 0
    priorExpected = 0
    priorReceived = 0
    lastTransit = nil
  }

  private mutating func measureJitter(_ timestamp: UInt32, at now: Instant) {
    let transit = clock.timestamp(at: now) &- timestamp
    defer { lastTransit = transit }
    guard let lastTransit else { return }
    let difference = Int32(bitPattern: transit &- lastTransit).magnitude
    scaledJitter = scaledJitter &+ difference &- ((scaledJitter &+ 8) >> 4)
  }
}
