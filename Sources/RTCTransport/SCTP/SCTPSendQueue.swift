import RTCPrimitives
import RTCWire

/// Messages on their way into an SCTP implementation, and what of them has not left it.
///
/// Streams take turns; each may have a share in the implementation, beyond which its messages wait here.
struct SCTPSendQueue {
  /// How long the implementation is to go on with a message.
  enum Policy: Hashable {
    case reliable
    case retransmissions(UInt32)
    /// In milliseconds.
    case lifetime(UInt32)
  }

  /// The most that may wait, in bytes, as in libwebrtc.
  static let limit = 16 << 20
  /// What one stream may have in the implementation that was not transmitted yet.
  static let share = 256 << 10

  private struct Entry {
    let message: SCTPMessage
    let isOrdered: Bool
    let reliability: DataChannelReliability
    let insertedAt: Instant
  }

  private struct Waiting {
    let stream: UInt16
    var entries: [Entry] = []
    /// Those before it are gone.
    var first = 0
  }

  /// The streams with messages that wait; the first is next.
  private var waiting: [Waiting] = []
  private var waitingBytes = 0
  /// By stream.
  private var queued: [Int] = []
  private var unsent: [Int] = []
  private var unsentBytes = 0
  private var highestTSN: UInt32?

  /// Whether nothing waits, here or in the implementation.
  var isEmpty: Bool { waiting.isEmpty && unsentBytes == 0 }

  func isWaiting(on stream: UInt16) -> Bool { waiting.contains { $0.stream == stream } }

  /// Bytes of a stream that were not transmitted for the first time.
  func bufferedAmount(of stream: UInt16) -> Int {
    Int(stream) < queued.count ? queued[Int(stream)] + unsent[Int(stream)] : 0
  }

  /// The same of all streams.
  var bufferedAmount: Int { waitingBytes + unsentBytes }

  mutating func append(
    _ message: SCTPMessage, isOrdered: Bool, reliability: DataChannelReliability, at now: Instant
  ) throws(SCTPError) {
    guard waitingBytes + message.bytes.count <= Self.limit else {
      throw .bufferFull(waiting: waitingBytes, limit: Self.limit)
    }
    let stream = Int(message.stream)
    if stream >= queued.count {
      queued += Array(repeating: 0, count: stream + 1 - queued.count)
      unsent += Array(repeating: 0, count: stream + 1 - unsent.count)
    }
    waitingBytes += message.bytes.count
    queued[stream] += message.bytes.count
    let entry = Entry(message: message, isOrdered: isOrdered, reliability: reliability, insertedAt: now)
    if let index = waiting.firstIndex(where: { $0.stream == message.stream }) {
      waiting[index].entries.append(entry)
    } else {
      waiting.append(Waiting(stream: message.stream, entries: [entry]))
    }
  }

  /// The message to hand over next; those that have outlived their time are dropped. `noteHandedOver` is to follow.
  mutating func next(at now: Instant) -> (SCTPMessage, isOrdered: Bool, Policy)? {
    while let index = waiting.firstIndex(where: { unsent[Int($0.stream)] < Self.share }) {
      // Streams that have their share step back.
      if index > 0 { waiting.append(contentsOf: waiting[..<index]); waiting.removeFirst(index) }
      let entry = waiting[0].entries[waiting[0].first]
      switch entry.reliability {
      case .reliable: return (entry.message, entry.isOrdered, .reliable)
      case .maxRetransmits(let count): return (entry.message, entry.isOrdered, .retransmissions(count))
      case .maxPacketLifeTime(let time):
        let left = (entry.insertedAt + time - now).nanoseconds / 1_000_000
        if left > 0 || now == entry.insertedAt {
          return (entry.message, entry.isOrdered, .lifetime(UInt32(clamping: left)))
        }
        removeFirst()
      }
    }
    return nil
  }

  /// The message that `next` gave is in the implementation now.
  mutating func noteHandedOver() {
    let (stream, count) = removeFirst()
    unsent[Int(stream)] += count
    unsentBytes += count
  }

  /// Bytes of a stream were transmitted or given up.
  mutating func noteSent(_ count: Int, of stream: UInt16) {
    guard Int(stream) < unsent.count else { return }
    let count = min(count, unsent[Int(stream)])
    unsent[Int(stream)] -= count
    unsentBytes -= count
  }

  /// The implementation has nothing left.
  mutating func noteAllSent() {
    guard unsentBytes > 0 else { return }
    for stream in unsent.indices { unsent[stream] = 0 }
    unsentBytes = 0
  }

  /// Looks for what a packet of ours carries for the first time.
  mutating func noteTransmission(_ packet: Span<UInt8>) {
    guard unsentBytes > 0, packet.count > SCTPPacket.headerSize, let parsed = try? SCTPPacket.dataChunks(of: packet)
    else { return }
    for data in parsed {
      if let highestTSN, Int32(bitPattern: data.tsn &- highestTSN) <= 0 { continue }
      highestTSN = data.tsn
      noteSent(data.payload.count, of: data.stream)
    }
  }

  /// Removes the message whose turn it is, and lets the next stream have the next turn.
  @discardableResult
  private mutating func removeFirst() -> (stream: UInt16, count: Int) {
    var stream = waiting.removeFirst()
    let count = stream.entries[stream.first].message.bytes.count
    waitingBytes -= count
    queued[Int(stream.stream)] -= count
    stream.first += 1
    if stream.first == stream.entries.count { return (stream.stream, count) }
    if stream.first >= 16, stream.first * 2 >= stream.entries.count {
      stream.entries.removeFirst(stream.first)
      stream.first = 0
    }
    waiting.append(stream)
    return (stream.stream, count)
  }
}
