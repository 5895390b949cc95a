import RTCPrimitives

/// What is kept of the last packets of a stream, at their sequence numbers, until it is too old or newer ones take its place.
///
/// Age is measured at the time of the last packet, so that what a stream that pauses sent last stays; for repairs, at that of the
/// request. Memory follows the most that were young enough at once, up to the capacity. Nothing is looked through: a packet
/// touches its own place alone.
struct SequenceRing<Element: Sendable>: Sendable {
  private struct Slot: Sendable {
    var number: SequenceNumber
    var storedAt: Instant
    var repeatedAt: Instant?
    var element: Element
  }

  private let largestAge: Int64
  private let capacity: Int
  private var slots: [Slot?] = [nil]
  private var lastStore = Instant.start

  /// - Parameter capacity: packets, a power of two.
  init(capacity: Int, largestAge: Duration) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0 && capacity <= 32_768, "a power of two")
    self.largestAge = largestAge.nanoseconds
    self.capacity = capacity
  }

  /// Keeps `element`; gives what it takes the place of.
  mutating func store(_ element: Element, at number: SequenceNumber, _ now: Instant) -> Element? {
    lastStore = now
    while slots.count < capacity, let slot = slots[index(number)], isYoung(slot, at: now) { grow() }
    let old = slots[index(number)]?.element
    slots[index(number)] = Slot(number: number, storedAt: now, element: element)
    return old
  }

  /// What is kept of a packet that is to be sent again now; `nil` when it is too old, or was sent again less than a round trip
  /// ago.
  mutating func `repeat`(_ number: SequenceNumber, at now: Instant, roundTripTime: Duration) -> Element? {
    let index = index(number)
    guard let slot = slots[index], slot.number == number, isYoung(slot, at: now) else { return nil }
    if roundTripTime > .zero, let last = slot.repeatedAt, now - last < roundTripTime { return nil }
    slots[index]?.repeatedAt = now
    return slot.element
  }

  subscript(number: SequenceNumber) -> Element? {
    guard let slot = slots[index(number)], slot.number == number, isYoung(slot, at: lastStore) else { return nil }
    return slot.element
  }

  private func isYoung(_ slot: Slot, at now: Instant) -> Bool {
    now.nanoseconds - slot.storedAt.nanoseconds <= largestAge
  }

  private func index(_ number: SequenceNumber) -> Int { Int(number.rawValue) & (slots.count - 1) }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: nil, count: old.count * 2)
    for case .some(let slot) in old { slots[index(slot.number)] = slot }
  }
}
