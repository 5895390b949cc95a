import RTCPrimitives

/// The kinds of handshake messages, under their names in the RFCs.
///
/// - SeeAlso: RFC 5246 §7.4, RFC 6347 §4.3.2
public struct DTLSHandshakeType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let helloRequest = DTLSHandshakeType(rawValue: 0)
  public static let clientHello = DTLSHandshakeType(rawValue: 1)
  public static let serverHello = DTLSHandshakeType(rawValue: 2)
  public static let helloVerifyRequest = DTLSHandshakeType(rawValue: 3)
  public static let newSessionTicket = DTLSHandshakeType(rawValue: 4)
  public static let certificate = DTLSHandshakeType(rawValue: 11)
  public static let serverKeyExchange = DTLSHandshakeType(rawValue: 12)
  public static let certificateRequest = DTLSHandshakeType(rawValue: 13)
  public static let serverHelloDone = DTLSHandshakeType(rawValue: 14)
  public static let certificateVerify = DTLSHandshakeType(rawValue: 15)
  public static let clientKeyExchange = DTLSHandshakeType(rawValue: 16)
  public static let finished = DTLSHandshakeType(rawValue: 20)

  /// The name in the RFC, such as `ClientHello`.
  public var description: String {
    switch self {
    case .helloRequest: "HelloRequest"
    case .clientHello: "ClientHello"
    case .serverHello: "ServerHello"
    case .helloVerifyRequest: "HelloVerifyRequest"
    case .newSessionTicket: "NewSessionTicket"
    case .certificate: "Certificate"
    case .serverKeyExchange: "ServerKeyExchange"
    case .certificateRequest: "CertificateRequest"
    case .serverHelloDone: "ServerHelloDone"
    case .certificateVerify: "CertificateVerify"
    case .clientKeyExchange: "ClientKeyExchange"
    case .finished: "Finished"
    default: "handshake type \(rawValue)"
    }
  }
}

/// A handshake message, or a part of one, that is not encrypted.
///
/// - SeeAlso: RFC 6347 §4.2.2
public struct DTLSHandshakeFragment: Hashable, Sendable {
  /// Bytes of a fragment's header.
  public static let headerSize = 12

  public let type: DTLSHandshakeType
  /// The length of the whole message without header, in bytes.
  public let messageLength: Int
  /// Numbers the messages of each side from 0; a retransmission keeps its number.
  public let messageSequence: UInt16
  /// Where in the message this part begins.
  public let fragmentOffset: Int
  /// Where the part stands in the datagram, without its header.
  public let body: Range<Int>

  /// Whether this is the whole message.
  public var isWhole: Bool { fragmentOffset == 0 && body.count == messageLength }

  init(parsing datagram: Span<UInt8>, in range: Range<Int>) throws(DTLSRecordError) {
    let begin = range.lowerBound
    guard range.count >= Self.headerSize else {
      throw .truncated(offset: begin, needed: Self.headerSize, available: range.count)
    }
    type = DTLSHandshakeType(rawValue: datagram[begin])
    messageLength = Self.uInt24(datagram, at: begin + 1)
    messageSequence = datagram.bigEndianUInt16(at: begin + 4)
    fragmentOffset = Self.uInt24(datagram, at: begin + 6)
    let length = Self.uInt24(datagram, at: begin + 9)
    let available = range.count - Self.headerSize
    guard available >= length else {
      throw .truncated(offset: begin + Self.headerSize, needed: length, available: available)
    }
    guard fragmentOffset + length <= messageLength else {
      throw .fragmentOutsideMessage(
        offset: begin + 6, fragmentEnd: fragmentOffset + length, messageLength: messageLength)
    }
    body = begin + Self.headerSize..<begin + Self.headerSize + length
  }

  private static func uInt24(_ bytes: Span<UInt8>, at offset: Int) -> Int {
    Int(bytes[offset]) << 16 | Int(bytes.bigEndianUInt16(at: offset + 1))
  }
}
