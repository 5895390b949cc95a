import RTCPrimitives

/// FIR: commands sources to send a key frame.
///
/// - SeeAlso: RFC 5104 §4.3.1
public struct FullIntraRequest: Hashable, Sendable {
  /// One command.
  public struct Entry: Hashable, Sendable {
    /// The source that is to send a key frame.
    public var ssrc: UInt32
    /// Grows by one with each new command; a repeated command repeats it.
    public var sequenceNumber: UInt8

    public init(ssrc: UInt32, sequenceNumber: UInt8) {
      self.ssrc = ssrc
      self.sequenceNumber = sequenceNumber
    }
  }

  public var senderSSRC: UInt32
  /// Not used: the sources stand in the entries.
  public var mediaSSRC: UInt32
  /// At least one.
  public let entries: [Entry]

  /// - Precondition: there is an entry.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32 = 0, entries: [Entry]) {
    precondition(!entries.isEmpty, "a FIR commands at least one source")
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.entries = entries
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    guard body.size >= 16, body.size.isMultiple(of: 8) else {
      throw .invalidSize(
        body.type, offset: body.position(0), size: body.size, expected: "8 and 8 for each of at least one FIR entry")
    }
    senderSSRC = body.uint32(at: 0)
    mediaSSRC = body.uint32(at: 4)
    var entries: [Entry] = []
    for offset in stride(from: 8, to: body.size, by: 8) {
      entries.append(Entry(ssrc: body.uint32(at: offset), sequenceNumber: body.uint8(at: offset + 4)))
    }
    self.entries = entries
  }

  /// Appends the packet.
  public func write(into writer: inout ByteWriter) {
    writer.appendRTCP(.payloadSpecificFeedback, count: Int(RTCPFeedbackFormat.fullIntraRequest)) { writer in
      writer.append(senderSSRC)
      writer.append(mediaSSRC)
      for entry in entries {
        writer.append(entry.ssrc)
        writer.append(entry.sequenceNumber)
        writer.appendUInt24(0)
      }
    }
  }
}
