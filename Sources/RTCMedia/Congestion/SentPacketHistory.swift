public import RTCPrimitives

/// The packets of a transport that were sent and not told of yet, by their transport-wide numbers.
///
/// Joins what the receiver says with what was sent. Memory follows what is in flight and does not grow beyond 32,768
/// packets, half of what the numbers can tell apart.
public struct SentPacketHistory: Sendable {
  private static let largestCapacity = 1 << 15
  /// One for each number that may still be told of, at its number modulo the capacity; `number` says whose it is.
  private var slots = [SentPacket](
    repeating: SentPacket(number: -1, size: .zero, sentAt: .start), count: 256)
  /// The number of the next packet.
  public private(set) var next: Int64 = 0
  /// Everything before it was told of, as received or not, and is not in flight any more.
  private var acknowledged: Int64 = 0
  /// What was sent and has not been told of.
  public private(set) var bytesInFlight = DataSize.zero
  private var referenceTimes = ReferenceTimeExtender()

  public init() {}

  /// Notes a packet that leaves; it bears the number that was `next` before.
  public mutating func sent(_ size: DataSize, at now: Instant, probe: ProbeCluster.ID? = nil) -> SentPacket {
    let packet = SentPacket(number: next, size: size, sentAt: now, probe: probe)
    if next - acknowledged >= Int64(slots.count) { grow() }
    slots[index(next)] = packet
    next += 1
    bytesInFlight += size
    return packet
  }

  /// What a feedback means; `nil` when it is about nothing that was sent.
  ///
  /// A packet that is told of as lost may be told of as received later, when it was only late.
  /// - Parameters:
  ///   - base: the number of the first status.
  ///   - referenceTime: in units of 64 ms, as it stands in the packet.
  ///   - count: of statuses.
  ///   - delta: for each number from `base` on the step of 250 µs since the one before; `nil` for one that did not come.
  public mutating func handle(
    base: SequenceNumber, referenceTime: Int32, count: Int, delta: (Int) -> Int16?, at now: Instant
  ) -> PacketFeedback? {
    var number = extended(base)
    var time = referenceTimes.extend(referenceTime).nanoseconds
    var results: [PacketResult] = []
    results.reserveCapacity(count)
    for offset in 0..<count {
      let delta = delta(offset)
      if let delta { time += 250_000 * Int64(delta) }
      defer { number += 1 }
      guard let packet = packet(number) else { continue }
      results.append(PacketResult(packet: packet, receivedAt: delta == nil ? nil : .nanoseconds(time)))
      if delta != nil { slots[index(number)].number = -1 }
    }
    acknowledge(before: min(number, next))
    guard !results.isEmpty else { return nil }
    return PacketFeedback(arrivedAt: now, results: results, bytesInFlight: bytesInFlight)
  }

  /// Counts nothing as in flight that was sent so far; what is told of it later still counts as told.
  public mutating func forgetFlight() { acknowledge(before: next) }

  private func packet(_ number: Int64) -> SentPacket? {
    guard number >= 0, number < next, next - number <= Int64(slots.count) else { return nil }
    let packet = slots[index(number)]
    return packet.number == number ? packet : nil
  }

  /// The number nearest to the last one sent.
  private func extended(_ number: SequenceNumber) -> Int64 {
    let last = next - 1
    return last + Int64(number.distance(from: SequenceNumber(UInt16(truncatingIfNeeded: last))))
  }

  private mutating func acknowledge(before number: Int64) {
    while acknowledged < number {
      let slot = slots[index(acknowledged)]
      // The slot of a packet that has arrived bears no number any more, but still its size.
      if slot.number == acknowledged || slot.number == -1 { bytesInFlight -= slot.size }
      acknowledged += 1
    }
  }

  private func index(_ number: Int64) -> Int { Int(number & Int64(slots.count - 1)) }

  private mutating func grow() {
    guard slots.count < Self.largestCapacity else { return acknowledge(before: acknowledged + 1) }
    let old = slots
    slots = Array(repeating: SentPacket(number: -1, size: .zero, sentAt: .start), count: 2 * old.count)
    for number in max(0, next - Int64(old.count))..<next {
      slots[index(number)] = old[Int(number & Int64(old.count - 1))]
    }
  }
}

/// Extends the reference time of feedback, 24 bits of 64 ms, to one that does not wrap (every 12.4 days).
///
/// A peer that jumps on and on begins anew after 139 years, so that no arithmetic with its times overflows.
private struct ReferenceTimeExtender: Sendable {
  private var last: Int64?
  private static let limit: Int64 = 1 << 36

  mutating func extend(_ value: Int32) -> Duration {
    let wide: Int64
    if let last {
      // Sign extension of the difference in 24 bits.
      let difference = Int64(Int32(truncatingIfNeeded: (Int64(value) - last) << 8) >> 8)
      wide = abs(last + difference) < Self.limit ? last + difference : Int64(value)
    } else {
      wide = Int64(value)
    }
    last = wide
    return .milliseconds(64) * Int(wide)
  }
}
