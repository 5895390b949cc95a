import RTCPrimitives

/// The stream and the transceiver of each source: a small open-addressed table, looked at for every packet.
///
/// A stream is not touched before it is found: of thousands none is in the cache.
struct SourceTable<Stream: AnyObject> {
  private struct Slot {
    var ssrc: UInt32 = 0
    /// -1 in a free slot.
    var transceiver: Int32 = -1
    var stream: Stream?
    /// Where the stream lies.
    var address: UnsafeRawPointer?

    var isFree: Bool { transceiver < 0 }
  }

  private var slots = Array(repeating: Slot(), count: 8)
  private var count = 0

  func find(_ ssrc: UInt32) -> (transceiver: Int, stream: Stream)? {
    let index = index(of: ssrc)
    guard !slots[index].isFree, let stream = slots[index].stream else { return nil }
    return (Int(slots[index].transceiver), stream)
  }

  /// Fetches the first bytes of a source's stream into the cache.
  func prefetch(_ ssrc: UInt32, bytes: Int32) { RTCPrimitives.prefetch(slots[index(of: ssrc)].address, bytes: bytes) }

  mutating func insert(_ ssrc: UInt32, transceiver: Int, stream: Stream) {
    if 2 * (count + 1) > slots.count {
      let old = slots
      slots = Array(repeating: Slot(), count: 2 * old.count)
      for slot in old where !slot.isFree { slots[index(of: slot.ssrc)] = slot }
    }
    let index = index(of: ssrc)
    if slots[index].isFree { count += 1 }
    slots[index] = Slot(
      ssrc: ssrc, transceiver: Int32(transceiver), stream: stream,
      address: UnsafeRawPointer(Unmanaged.passUnretained(stream).toOpaque()))
  }

  /// Takes a source out; those that were put behind it for want of room move up, so that they are found.
  mutating func remove(_ ssrc: UInt32) {
    let mask = slots.count - 1
    var hole = index(of: ssrc)
    guard !slots[hole].isFree else { return }
    count -= 1
    var index = (hole + 1) & mask
    while !slots[index].isFree {
      let home = Int(slots[index].ssrc) & mask
      if (index &- home) & mask >= (index &- hole) & mask {
        slots[hole] = slots[index]
        hole = index
      }
      index = (index + 1) & mask
    }
    slots[hole] = Slot()
  }

  /// Where a source is, or the free slot where it would be.
  private func index(of ssrc: UInt32) -> Int {
    var index = Int(ssrc) & (slots.count - 1)
    while !slots[index].isFree, slots[index].ssrc != ssrc { index = (index + 1) & (slots.count - 1) }
    return index
  }
}
