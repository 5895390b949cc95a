public import RTCPrimitives
import RTCWire

/// Puts VP8 frames together from packets in any order, and gives out complete ones in decoding order: each frame
/// follows its predecessor without a gap in the sequence numbers, or is a key frame.
///
/// An incomplete frame is never given out. While one is incomplete, what follows it waits, until it is repaired or a
/// later key frame has been complete for some time (packets may just be out of order). In a stream with temporal layers
/// also the next frame that needs nothing of what is missing goes on, when a repair has had its time; frames that do are
/// left out (`TemporalContinuity`).
///
/// A forwarding unit that leaves out layers numbers packets anew: without a gap nothing is missing, whatever pictures are.
/// It is trusted to begin with a layer only where that can be decoded.
///
/// - SeeAlso: RFC 7741 §4.5
public struct VP8FrameAssembler: ~Copyable, Sendable {
  /// What became of a packet.
  public enum Insertion: Hashable, Sendable {
    case kept
    /// It was there already.
    case duplicate
    /// Its frame was given out or skipped.
    case stale
  }

  /// Whether nothing can be given out before a key frame: at the beginning, and after `requireKeyFrame`.
  public private(set) var needsKeyFrame = true
  /// Frames that came too late behind a key frame or a frame that does without them, or that needed one that did; counted by
  /// their first packets that arrived.
  public private(set) var framesSkipped = 0

  /// Two to a cache line: in a large run the slots of thousands of streams are touched in turn.
  ///
  /// The order of the members leaves no holes.
  private struct Slot {
    /// The extended sequence number.
    var number: Int64 = .min
    var arrival = Instant.start
    var copy = PacketPool.Copy.none
    /// Bytes on the wire without the descriptor.
    var size: UInt16 = 0
    var timestamp: UInt32 = 0
    var marks: Marks = []
    var tag = LayerTag.none
  }

  private struct Marks: OptionSet {
    let rawValue: UInt8

    static let startsFrame = Marks(rawValue: 1)
    static let startsKeyFrame = Marks(rawValue: 2)
    static let isLast = Marks(rawValue: 4)
    static let isPadding = Marks(rawValue: 8)
    static let hasElided = Marks(rawValue: 16)
  }

  /// A frame that is being looked at, and how far its packets are known to be there.
  private struct Scan {
    let start: Int64
    var next: Int64
    /// When it was found complete.
    var completion: Instant?
    init(at start: Int64) {
      self.start = start
      next = start
    }
  }

  private var slots: [Slot]
  private var pool = PacketPool()
  private var extender = SequenceExtender()
  /// The frame after the one that was given out last.
  private var following: Scan?
  /// The latest key frame of which the first packet is there.
  private var keyFrame: Scan?
  /// Everything before it was given out or skipped.
  private var horizon: Int64 = .min
  /// Which temporal layers are whole; `nil` in a stream without.
  private var continuity: TemporalContinuity?

  /// How long a repair takes, for which a frame waits that does without what is missing.
  public var roundTripTime: Duration = .milliseconds(100)
  private let patience: Duration
  private let capacity: Int

  /// - Parameters:
  ///   - capacity: packets that can be waiting, a power of two; memory grows up to it on demand.
  ///   - patience: how long a complete key frame waits for the incomplete frames before it, and another frame longer than a
  ///     repair takes.
  public init(capacity: Int = 512, patience: Duration = .milliseconds(30)) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0 && capacity <= 16_384, "a power of two")
    self.patience = patience
    self.capacity = capacity
    slots = Array(repeating: Slot(), count: min(capacity, 32))
  }

  /// Whether packets wait behind a gap.
  public var isBlocked: Bool {
    guard let following, let highest = extender.highest else { return false }
    return highest >= following.next
  }

  /// Takes a packet.
  ///
  /// - Parameters:
  ///   - payload: the RTP payload without padding: descriptor and as much of the frame as exists.
  ///   - elided: bytes of the frame that follow without existing.
  /// - Throws: `TruncatedInput` for a payload that ends inside its descriptor; nothing changes then.
  @discardableResult
  public mutating func insert(
    _ number: SequenceNumber, timestamp: UInt32, marker: Bool, payload: Span<UInt8>, elided: Int = 0, at now: Instant
  ) throws(TruncatedInput) -> Insertion {
    guard payload.count > 0 else { return insertPadding(number, at: now) }
    var reader = ByteReader(payload)
    let descriptor = try VP8PayloadDescriptor(parsing: &reader)
    let part = payload.extracting(reader.offset..<payload.count)
    var marks: Marks = []
    if descriptor.startsFrame {
      marks.insert(.startsFrame)
      if part.count > 0, part[0] & 1 == 0 { marks.insert(.startsKeyFrame) }
    }
    if marker { marks.insert(.isLast) }
    if elided > 0 { marks.insert(.hasElided) }
    // A UDP datagram has at most 65,507 bytes.
    let slot = Slot(
      arrival: now, size: UInt16(clamping: part.count + elided), timestamp: timestamp, marks: marks,
      tag: LayerTag(descriptor))
    return place(slot, number, bytes: part)
  }

  /// The next frame that can be decoded; `nil` until more packets arrive. To be called after every packet.
  public mutating func nextFrame(at now: Instant) -> AssembledFrame? {
    skipPadding()
    while var scan = following {
      guard let end = advance(&scan) else {
        following = scan
        guard isCutShort(scan) else { break }
        giveUp(scan)
        continue
      }
      if canDecode(slots[slotIndex(scan.start)]) { return give(scan.start..<end) }
      giveUp(scan)
    }
    if let range = independentFrame(at: now) { return give(range) }
    guard var scan = keyFrame, let end = advance(&scan) else { return nil }
    let completion = scan.completion ?? now
    scan.completion = completion
    keyFrame = scan
    guard following == nil || now - completion >= patience else { return nil }
    skip(to: scan.start)
    return give(scan.start..<end)
  }

  /// Gives up what is missing: only a key frame continues. For a gap that is not repaired, and for a decoder that
  /// failed.
  public mutating func requireKeyFrame() {
    needsKeyFrame = true
    following = nil
    continuity = nil
  }

  // MARK: - Packets

  /// A packet of padding alone only fills its place among the sequence numbers.
  private mutating func insertPadding(_ number: SequenceNumber, at now: Instant) -> Insertion {
    place(Slot(arrival: now, marks: .isPadding), number, bytes: Span())
  }

  private mutating func place(_ packet: Slot, _ number: SequenceNumber, bytes: Span<UInt8>) -> Insertion {
    let extended = extender.extend(number)
    guard extended >= horizon else { return .stale }
    while slots.count < capacity, ![.min, extended].contains(slots[slotIndex(extended)].number) { grow() }
    let index = slotIndex(extended)
    guard slots[index].number != extended else { return .duplicate }
    // A number further back than the buffer is long: what is newer keeps its place.
    guard slots[index].number < extended else { return .stale }
    if slots[index].number != .min { overrun(slots[index].number) }
    var packet = packet
    packet.number = extended
    if !packet.marks.contains(.hasElided), bytes.count > 0 { packet.copy = pool.store(bytes) }
    slots[index] = packet
    if packet.marks.contains(.startsKeyFrame), extended > keyFrame?.start ?? .min { keyFrame = Scan(at: extended) }
    return .kept
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(), count: old.count * 2)
    for slot in old where slot.number != .min { slots[slotIndex(slot.number)] = slot }
  }

  /// The buffer is full: the packet at `number` and all before it are lost to newer ones.
  private mutating func overrun(_ number: Int64) {
    if let following, following.start <= number { requireKeyFrame() }
    if let keyFrame, keyFrame.start <= number { self.keyFrame = nil }
    discard(number)
  }

  // MARK: - Frames

  /// Moves over packets that are there.
  ///
  /// - Returns: one past the frame's last packet when it is complete.
  private func advance(_ scan: inout Scan) -> Int64? {
    if scan.completion != nil { return scan.next }
    let first = slots[slotIndex(scan.start)]
    guard first.number == scan.start, first.marks.contains(.startsFrame) else { return nil }
    while true {
      let slot = slots[slotIndex(scan.next)]
      guard slot.number == scan.next else { return nil }
      guard slot.marks.contains(.isPadding) || slot.timestamp == first.timestamp else { return nil }
      scan.next += 1
      if slot.marks.contains(.isLast) { return scan.next }
    }
  }

  /// Whether another frame stands where this one should go on: its sender gave up the rest before it was numbered, as
  /// Chromium's pacer does when a key frame is to go out first. No repair helps.
  private func isCutShort(_ scan: Scan) -> Bool {
    let (first, slot) = (slots[slotIndex(scan.start)], slots[slotIndex(scan.next)])
    return scan.next > scan.start && slot.number == scan.next && !slot.marks.contains(.isPadding)
      && slot.timestamp != first.timestamp
  }

  /// Whether a frame that follows without a gap can be decoded; the slot is that of its first packet.
  private func canDecode(_ first: Slot) -> Bool {
    first.marks.contains(.startsKeyFrame) || continuity?.canDecode(first.tag) ?? true
  }

  /// Goes on behind a frame that cannot be given out; when others refer to it, a key frame is needed.
  private mutating func giveUp(_ scan: Scan) {
    let tag = slots[slotIndex(scan.start)].tag
    guard continuity != nil, tag.layer > 0 else { return requireKeyFrame() }
    continuity?.giveUp(tag)
    skip(to: scan.next)
    horizon = scan.next
    following = Scan(at: scan.next)
    skipPadding()
  }

  /// The next frame that can be decoded without what is missing before it, when it has waited long enough; what lies before
  /// it is given up then.
  private mutating func independentFrame(at now: Instant) -> Range<Int64>? {
    guard let following, let continuity, let highest = extender.highest else { return nil }
    var gap = TemporalContinuity.Gap()
    var last: UInt32?
    var number = following.start
    while number <= highest {
      let slot = slots[slotIndex(number)]
      number += 1
      guard slot.number == number - 1, !slot.marks.contains(.isPadding), slot.timestamp != last else { continue }
      // Key frames are looked at elsewhere, and who leaves the layers begins with one.
      guard !slot.tag.isNone, !slot.marks.contains(.startsKeyFrame) else { return nil }
      last = slot.timestamp
      var scan = Scan(at: slot.number)
      if let end = advance(&scan), continuity.canDecode(slot.tag, behind: gap) {
        let range = scan.start..<end
        guard now - completion(of: range) >= roundTripTime + patience else { return nil }
        self.continuity?.giveUp(gap, before: slot.tag)
        skip(to: range.lowerBound)
        return range
      }
      gap.note(slot.tag)
    }
    return nil
  }

  private func completion(of range: Range<Int64>) -> Instant {
    range.reduce(.start) { max($0, slots[slotIndex($1)].arrival) }
  }

  /// Moves the beginning of the next frame over padding.
  private mutating func skipPadding() {
    while let start = following?.start {
      let slot = slots[slotIndex(start)]
      guard slot.number == start, !slot.marks.contains(.startsFrame) else { return }
      // The middle of a frame where one should begin: its sender lost count, and no repair helps.
      guard slot.marks.contains(.isPadding) else { return requireKeyFrame() }
      discard(start)
      horizon = start + 1
      following = Scan(at: start + 1)
    }
  }

  private mutating func give(_ range: Range<Int64>) -> AssembledFrame {
    let first = slots[slotIndex(range.lowerBound)]
    var size = 0
    var completion = first.arrival
    var firstArrival = first.arrival
    var isElided = false
    for number in range {
      let slot = slots[slotIndex(number)]
      size += Int(slot.size)
      completion = max(completion, slot.arrival)
      firstArrival = min(firstArrival, slot.arrival)
      isElided = isElided || slot.marks.contains(.hasElided)
    }
    let bytes = isElided ? [] : collect(range, size: size)
    for number in range { discard(number) }
    horizon = range.upperBound
    following = Scan(at: range.upperBound)
    if let keyFrame, keyFrame.start < horizon { self.keyFrame = nil }
    let isKeyFrame = first.marks.contains(.startsKeyFrame)
    if isKeyFrame { needsKeyFrame = false }
    noteGiven(first.tag, isKeyFrame: isKeyFrame)
    return AssembledFrame(
      isKeyFrame: isKeyFrame, rtpTimestamp: first.timestamp,
      firstSequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: range.lowerBound)),
      lastSequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: range.upperBound - 1)),
      packetCount: range.count, size: .bytes(size), bytes: bytes, firstArrival: firstArrival, completion: completion)
  }

  private mutating func noteGiven(_ tag: LayerTag, isKeyFrame: Bool) {
    if isKeyFrame || tag.isNone { continuity = tag.isNone ? nil : TemporalContinuity(tag) }
    continuity?.noteGiven(tag)
  }

  private func collect(_ range: Range<Int64>, size: Int) -> [UInt8] {
    var bytes = ByteWriter(reserving: size)
    for number in range {
      let copy = slots[slotIndex(number)].copy
      if !copy.isNone { bytes.append(pool.bytes(of: copy)) }
    }
    return bytes.bytes
  }

  private mutating func skip(to number: Int64) {
    guard let highest = extender.highest else { return }
    let oldest = max(highest - Int64(slots.count) + 1, horizon)
    for earlier in oldest..<max(number, oldest) {
      let slot = slots[slotIndex(earlier)]
      guard slot.number == earlier else { continue }
      if slot.marks.contains(.startsFrame) { framesSkipped += 1 }
      discard(earlier)
    }
  }

  private mutating func discard(_ number: Int64) {
    let index = slotIndex(number)
    if !slots[index].copy.isNone { pool.release(slots[index].copy) }
    slots[index] = Slot()
  }

  private func slotIndex(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (slots.count - 1) }
}
