import RTCPrimitives

/// One record of a DTLS 1.2 datagram, as far as it can be read without keys.
///
/// - SeeAlso: RFC 6347 §4.1
public struct DTLSRecord: Hashable, Sendable {
  /// What a record carries (RFC 5246 §6.2.1).
  public enum ContentType: UInt8, Sendable {
    case changeCipherSpec = 20
    case alert = 21
    case handshake = 22
    case applicationData = 23
  }

  /// The part of a record that is readable.
  public enum Content: Hashable, Sendable {
    case changeCipherSpec
    case alert(DTLSAlert)
    case handshake([DTLSHandshakeFragment])
    case applicationData
    /// A record of epoch 1 or later: only its content type and size are known.
    case encrypted
  }

  /// Bytes of a record header.
  public static let headerSize = 13

  public let contentType: ContentType
  /// 0xFEFF is DTLS 1.0 (also used by the first ClientHello), 0xFEFD is DTLS 1.2.
  public let version: UInt16
  /// Counts the changes of keys; 0 is not encrypted.
  public let epoch: UInt16
  /// 48 bits; begins at 0 in each epoch.
  public let sequenceNumber: UInt64
  public let content: Content
  /// Where the record stands in the datagram, header included.
  public let range: Range<Int>

  /// All records of a datagram.
  ///
  /// - Throws: what is wrong and at which offset; a datagram holds whole records or is malformed.
  public static func records(in datagram: Span<UInt8>) throws(DTLSRecordError) -> [DTLSRecord] {
    var records: [DTLSRecord] = []
    var offset = 0
    repeat {
      let record = try DTLSRecord(parsing: datagram, at: offset)
      records.append(record)
      offset = record.range.upperBound
    } while offset < datagram.count
    return records
  }

  /// The record that begins at `offset`.
  public init(parsing datagram: Span<UInt8>, at offset: Int) throws(DTLSRecordError) {
    let header = try Header(parsing: datagram, at: offset)
    contentType = header.contentType
    version = header.version
    epoch = header.epoch
    sequenceNumber = header.sequenceNumber
    range = offset..<header.body.upperBound
    content = try Self.content(of: header, in: datagram)
  }

  /// Whether `datagram` is whole records with valid headers, and each that is encrypted has a body of at least
  /// `smallestEncrypted` bytes; never allocates.
  public static func areWhole(_ datagram: Span<UInt8>, smallestEncrypted: Int) -> Bool {
    var offset = 0
    repeat {
      do throws(DTLSRecordError) {
        let header = try Header(parsing: datagram, at: offset)
        guard header.epoch == 0 || header.body.count >= smallestEncrypted else { return false }
        offset = header.body.upperBound
      } catch {
        return false
      }
    } while offset < datagram.count
    return true
  }

  private static func content(of header: Header, in datagram: Span<UInt8>) throws(DTLSRecordError) -> Content {
    guard header.epoch == 0 else { return .encrypted }
    switch header.contentType {
    case .applicationData: return .applicationData
    case .changeCipherSpec:
      guard header.body.count == 1, datagram[header.body.lowerBound] == 1 else {
        throw .malformedChangeCipherSpec(offset: header.body.lowerBound)
      }
      return .changeCipherSpec
    case .alert:
      guard header.body.count == 2 else { throw .malformedAlert(offset: header.body.lowerBound) }
      let level = datagram[header.body.lowerBound]
      let code = datagram[header.body.lowerBound + 1]
      guard let alert = DTLSAlert(level: level, code: code) else {
        throw .malformedAlert(offset: header.body.lowerBound)
      }
      return .alert(alert)
    case .handshake:
      var fragments: [DTLSHandshakeFragment] = []
      var offset = header.body.lowerBound
      repeat {
        let fragment = try DTLSHandshakeFragment(parsing: datagram, in: offset..<header.body.upperBound)
        fragments.append(fragment)
        offset = fragment.body.upperBound
      } while offset < header.body.upperBound
      return .handshake(fragments)
    }
  }
}

/// The fixed part of a record, and where its body stands.
private struct Header {
  var contentType: DTLSRecord.ContentType
  var version: UInt16
  var epoch: UInt16
  var sequenceNumber: UInt64
  var body: Range<Int>

  init(parsing datagram: Span<UInt8>, at offset: Int) throws(DTLSRecordError) {
    guard datagram.count - offset >= DTLSRecord.headerSize else {
      throw .truncated(offset: offset, needed: DTLSRecord.headerSize, available: datagram.count - offset)
    }
    guard let contentType = DTLSRecord.ContentType(rawValue: datagram[offset]) else {
      throw .unknownContentType(datagram[offset], offset: offset)
    }
    self.contentType = contentType
    version = datagram.bigEndianUInt16(at: offset + 1)
    guard version >> 8 == 0xFE else { throw .unknownVersion(version, offset: offset + 1) }
    epoch = datagram.bigEndianUInt16(at: offset + 3)
    sequenceNumber =
      UInt64(datagram.bigEndianUInt16(at: offset + 5)) << 32 | UInt64(datagram.bigEndianUInt32(at: offset + 7))
    let length = Int(datagram.bigEndianUInt16(at: offset + 11))
    let begin = offset + DTLSRecord.headerSize
    guard datagram.count - begin >= length else {
      throw .truncated(offset: begin, needed: length, available: datagram.count - begin)
    }
    guard length > 0 else { throw .emptyRecord(offset: offset) }
    body = begin..<begin + length
  }
}

/// What is wrong with the bytes of a DTLS datagram.
public enum DTLSRecordError: Error, Hashable, Sendable {
  case truncated(offset: Int, needed: Int, available: Int)
  case unknownContentType(UInt8, offset: Int)
  case unknownVersion(UInt16, offset: Int)
  case emptyRecord(offset: Int)
  case malformedChangeCipherSpec(offset: Int)
  case malformedAlert(offset: Int)
  /// A handshake fragment reaches beyond the message that it is a part of.
  case fragmentOutsideMessage(offset: Int, fragmentEnd: Int, messageLength: Int)
}

extension DTLSRecordError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let offset, let needed, let available):
      "at offset \(offset): \(needed) bytes needed, \(available) left"
    case .unknownContentType(let type, let offset): "at offset \(offset): \(type) is no DTLS content type"
    case .unknownVersion(let version, let offset):
      "at offset \(offset): 0x\(String(version, radix: 16)) is no version of DTLS"
    case .emptyRecord(let offset): "at offset \(offset): the record is empty"
    case .malformedChangeCipherSpec(let offset): "at offset \(offset): a change cipher spec is one byte of value 1"
    case .malformedAlert(let offset): "at offset \(offset): an alert is a level (1 or 2) and a description"
    case .fragmentOutsideMessage(let offset, let end, let length):
      "at offset \(offset): the fragment ends at \(end) of a message of \(length) bytes"
    }
  }
}
