import RTCPrimitives
import RTCTransport

/// SCTP packets as application data of DTLS.
///
/// - SeeAlso: RFC 8261
extension MediaTransport {
  /// Whether SCTP packets wait for `drainPackets`.
  package var hasPackets: Bool { !data.isEmpty }

  /// Hands over the SCTP packets that came, in order.
  package mutating func drainPackets(_ body: (Span<UInt8>) -> Void) { data.drain(body) }

  /// Sends an SCTP packet.
  package mutating func sendPacket(_ packet: Span<UInt8>, at now: Instant, into datagrams: inout Transmissions) {
    var record = DTLSTransport.Output()
    swap(&record, &data.records)
    defer {
      record.removeAll()
      swap(&record, &data.records)
    }
    guard profile != nil, dtls?.send(packet, at: now, into: &record) == true else {
      drops.unsendablePackets += 1
      return
    }
    for index in 0..<record.datagramCount {
      if configuration.disclosesData { data.disclose(packet, in: record.datagram(index)) }
      if !ice.send(record.datagram(index), at: now, into: &datagrams) { drops.unsendablePackets += 1 }
    }
  }

  /// What was sent since the last time, in order; nothing where the configuration does not ask for it.
  package mutating func takeDisclosedRecords() -> [DisclosedRecord] { data.takeDisclosed() }
}

/// A record of DTLS and what is in it, for who is to see what only the two ends can.
public struct DisclosedRecord: Hashable, Sendable {
  /// As it is on the wire.
  public let record: [UInt8]
  public let content: [UInt8]
}

/// Application data of DTLS that came and that nobody has taken.
struct ApplicationData {
  private var bytes = ByteWriter()
  private var ranges: [Range<Int>] = []
  private var disclosed: [DisclosedRecord] = []
  /// Reused for what is sent.
  var records = DTLSTransport.Output()

  /// At most this many records wait for somebody to take them.
  private static let disclosedLimit = 4096

  var isEmpty: Bool { ranges.isEmpty }

  mutating func append(_ message: Span<UInt8>) {
    let begin = bytes.count
    bytes.append(message)
    ranges.append(begin..<bytes.count)
  }

  mutating func drain(_ body: (Span<UInt8>) -> Void) {
    for range in ranges { body(bytes.bytes.span.extracting(range)) }
    ranges.removeAll(keepingCapacity: true)
    bytes.removeAll()
  }

  mutating func disclose(_ content: Span<UInt8>, in record: Span<UInt8>) {
    guard disclosed.count < Self.disclosedLimit else { return }
    disclosed.append(DisclosedRecord(record: record.array(), content: content.array()))
  }

  mutating func takeDisclosed() -> [DisclosedRecord] {
    defer { disclosed.removeAll(keepingCapacity: true) }
    return disclosed
  }
}
