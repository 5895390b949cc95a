import RTCPrimitives
import RTCSession

/// One workload on one connection, as one end sees it: what it sends next, and what came.
///
/// A message begins with its number (64 bits) and the time at which it was sent (64 bits, nanoseconds); zeros follow.
struct DataFlow {
  static let headerSize = 16
  /// A sender of a file goes on when no more than this waits, and until twice as much does.
  static let lowWaterMark = 256 << 10
  static let highWaterMark = 2 * lowWaterMark

  /// The number of the data channel in its connection.
  let channel: Int
  /// Who sends, where a server forwards; `nil` for the peer. Nothing is sent on such a channel.
  let sender: String?
  /// When the next message of those that are sent by the clock is due.
  var nextSend = Instant.distantFuture
  /// What is left of a file.
  var remaining = 0
  private(set) var report: DataReport
  /// The first message that is expected, of what a server forwards the first that came: those before it were sent to
  /// others. And the one after the newest that came.
  private var firstNumber: Int
  private var nextNumber = 0

  init(_ workload: DataWorkload, channel: Int, sender: String? = nil) {
    self.channel = channel
    self.sender = sender
    firstNumber = sender == nil ? 0 : .max
    report = DataReport(workload)
  }

  /// The next chunk of a file; what is left after it is nothing or has room for a header.
  func nextChunk(of limit: Int) -> Int {
    let rest = remaining - limit
    return 1..<Self.headerSize ~= rest ? limit - Self.headerSize : min(limit, remaining)
  }

  /// A message with the next number.
  func message(size: Int, at now: Instant) -> DataChannelMessage {
    var writer = ByteWriter(reserving: size)
    writer.append(UInt64(report.messagesSent))
    writer.append(UInt64(now.nanoseconds))
    writer.appendZeros(size - Self.headerSize)
    return .binary(writer.bytes)
  }

  mutating func noteSent(_ bytes: Int) {
    report.messagesSent += 1
    report.bytesSent += bytes
  }

  mutating func noteRefused() { report.messagesRefused += 1 }

  /// Counts a message; one without a header is none of ours.
  mutating func receive(_ bytes: [UInt8], at now: Instant) {
    var reader = ByteReader(bytes.span)
    guard let number = try? reader.readUInt64(), let time = try? reader.readUInt64(),
      let sent = Int64(exactly: time), sent <= now.nanoseconds, number < Int.max
    else { return }
    report.messagesReceived += 1
    report.bytesReceived += bytes.count
    if number < nextNumber { report.messagesOutOfOrder += 1 }
    nextNumber = max(nextNumber, Int(number) + 1)
    firstNumber = min(firstNumber, Int(number))
    report.messagesExpected = nextNumber - firstNumber
    report.latency.insert(nanoseconds: now.nanoseconds - sent)
    report.firstSent = min(report.firstSent, Instant(nanoseconds: sent))
    report.lastArrived = now
  }
}
