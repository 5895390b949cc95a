import RTCPrimitives

/// Transport-wide feedback: which packets of a transport arrived, and when.
///
/// Chunks and delta sizes are chosen anew on writing, as libwebrtc chooses them.
/// - SeeAlso: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1
public struct TransportFeedback: Hashable, Sendable {
  static let fixedSize = 16

  /// What is told about one packet.
  public enum Status: Hashable, Sendable {
    case notReceived
    /// Received, this many steps of 250 µs after the packet received before it (or after the reference time).
    case received(steps: Int16)
    /// The reserved symbol 3.
    case reserved
  }

  /// The unit of arrival times.
  public static let step = Duration.microseconds(250)
  /// The unit of the reference time.
  public static let referenceUnit = Duration.milliseconds(64)

  public var senderSSRC: UInt32
  public var mediaSSRC: UInt32
  /// The transport sequence number of the first status.
  public var baseSequenceNumber: SequenceNumber
  /// Multiples of 64 ms on the receiver's clock; 24 bits signed, it wraps.
  public var referenceTime: Int32
  /// Counts feedback messages, so that lost ones are noticed.
  public var feedbackPacketCount: UInt8
  /// One for each packet from `baseSequenceNumber` on, at most 65535.
  public var statuses: [Status]

  public init(
    senderSSRC: UInt32, mediaSSRC: UInt32, baseSequenceNumber: SequenceNumber, referenceTime: Int32,
    feedbackPacketCount: UInt8, statuses: [Status]
  ) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.baseSequenceNumber = baseSequenceNumber
    self.referenceTime = referenceTime
    self.feedbackPacketCount = feedbackPacketCount
    self.statuses = statuses
  }

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    try body.require(Self.fixedSize)
    senderSSRC = body.uint32(at: 0)
    mediaSSRC = body.uint32(at: 4)
    baseSequenceNumber = SequenceNumber(body.uint16(at: 8))
    let count = Int(body.uint16(at: 10))
    referenceTime = Int32(bitPattern: body.uint24(at: 12) << 8) >> 8
    feedbackPacketCount = body.uint8(at: 15)

    var symbols: [UInt8] = []
    symbols.reserveCapacity(count)
    var offset = Self.fixedSize
    while symbols.count < count {
      try body.require(2, at: offset)
      TransportFeedbackChunk(rawValue: body.uint16(at: offset)).appendSymbols(to: &symbols, limit: count)
      offset += 2
    }

    // Some senders count deltas as padding, so these may reach up to the padding count.
    let end = body.size + max(0, body.paddingLength - 1)
    statuses = []
    statuses.reserveCapacity(count)
    for symbol in symbols {
      switch symbol {
      case 0: statuses.append(.notReceived)
      case 3: statuses.append(.reserved)
      default:
        let size = Int(symbol)
        guard offset + size <= end else {
          throw .truncated(
            body.type, TruncatedInput(offset: body.position(offset), needed: size, available: end - offset))
        }
        let steps = size == 1 ? Int16(body.uint8(at: offset)) : Int16(bitPattern: body.uint16(at: offset))
        statuses.append(.received(steps: steps))
        offset += size
      }
    }
  }

  /// The packets that arrived, in order of their numbers, with their arrival on the clock of the reference time.
  public var arrivals: [(number: SequenceNumber, time: Duration)] {
    var result: [(SequenceNumber, Duration)] = []
    var time = Self.referenceUnit * Int(referenceTime)
    for (index, status) in statuses.enumerated() {
      guard case .received(let steps) = status else { continue }
      time += Self.step * Int(steps)
      result.append((baseSequenceNumber + index, time))
    }
    return result
  }

  /// Appends the packet. When it is not whole words, it ends with 1 to 3 bytes of RTP padding.
  ///
  /// - Precondition: there are at most 65535 statuses.
  public func write(into writer: inout ByteWriter) {
    precondition(statuses.count <= Int(UInt16.max), "transport feedback is about at most 65535 packets")
    let symbols = statuses.map(\.symbol)
    writer.appendRTCP(.transportLayerFeedback, count: Int(RTCPFeedbackFormat.transportFeedback)) { writer in
      writer.append(senderSSRC)
      writer.append(mediaSSRC)
      writer.append(baseSequenceNumber.rawValue)
      writer.append(UInt16(statuses.count))
      writer.appendUInt24(UInt32(bitPattern: referenceTime))
      writer.append(feedbackPacketCount)
      var offset = 0
      while offset < symbols.count {
        writer.append(TransportFeedbackChunk(packing: symbols, from: &offset).rawValue)
      }
      for status in statuses {
        guard case .received(let steps) = status else { continue }
        if status.symbol == 1 {
          writer.append(UInt8(steps))
        } else {
          writer.append(UInt16(bitPattern: steps))
        }
      }
    }
  }
}

extension TransportFeedback.Status {
  /// The packet status symbol, which is also the size of the delta in bytes, unless it is 3.
  fileprivate var symbol: UInt8 {
    switch self {
    case .notReceived: 0
    case .received(let steps): 0...255 ~= steps ? 1 : 2
    case .reserved: 3
    }
  }
}
