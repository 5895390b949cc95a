import RTCPrimitives

/// One chunk of an SCTP packet.
///
/// - SeeAlso: RFC 9260 §3.2
public struct SCTPChunk: Hashable, Sendable {
  /// The types that WebRTC knows, by their numbers.
  public enum Kind: UInt8, Sendable, CaseIterable {
    case data = 0
    case initiation = 1
    case initiationAcknowledgement = 2
    case selectiveAcknowledgement = 3
    case heartbeat = 4
    case heartbeatAcknowledgement = 5
    case abort = 6
    case shutdown = 7
    case shutdownAcknowledgement = 8
    case error = 9
    case cookieEcho = 10
    case cookieAcknowledgement = 11
    case shutdownComplete = 14
    case reconfiguration = 130
    case forwardTSN = 192
  }

  /// What a chunk says, where it is more than its bytes.
  public enum Content: Hashable, Sendable {
    case data(SCTPData)
    /// INIT or INIT ACK.
    case initiation(SCTPInitiation)
    case selectiveAcknowledgement(SCTPSelectiveAcknowledgement)
    case shutdown(cumulativeTSN: UInt32)
    case forwardTSN(SCTPForwardTSN)
    case reconfiguration([SCTPReconfiguration])
    case opaque
  }

  /// Bytes of a chunk's header.
  public static let headerSize = 4

  public let type: UInt8
  public let flags: UInt8
  /// Where the chunk stands in the packet: its header included, its padding not.
  public let range: Range<Int>
  public let content: Content

  /// `nil` for a type that is not known here.
  public var kind: Kind? { Kind(rawValue: type) }

  /// The name that the RFC gives the type.
  public var name: String { kind?.name ?? "chunk type \(type)" }

  /// What follows the header.
  public var body: Range<Int> { range.lowerBound + Self.headerSize..<range.upperBound }

  init(parsing bytes: Span<UInt8>, at offset: Int) throws(SCTPPacketError) {
    var reader = ByteReader(bytes, in: offset..<bytes.count)
    let length: Int
    do throws(TruncatedInput) {
      type = try reader.readUInt8()
      flags = try reader.readUInt8()
      length = Int(try reader.readUInt16())
    } catch {
      throw .truncated(error)
    }
    guard length >= Self.headerSize, length <= bytes.count - offset else {
      throw .wrongChunkLength(length, type: type, offset: offset)
    }
    range = offset..<offset + length
    guard type != Kind.reconfiguration.rawValue else {
      content = .reconfiguration(
        try SCTPReconfiguration.parameters(in: bytes, at: offset + Self.headerSize..<offset + length))
      return
    }
    var body = ByteReader(bytes, in: offset + Self.headerSize..<offset + length)
    do throws(TruncatedInput) {
      switch Kind(rawValue: type) {
      case .data: content = .data(try SCTPData(&body, flags: flags))
      case .initiation, .initiationAcknowledgement: content = .initiation(try SCTPInitiation(&body))
      case .selectiveAcknowledgement: content = .selectiveAcknowledgement(try SCTPSelectiveAcknowledgement(&body))
      case .shutdown: content = .shutdown(cumulativeTSN: try body.readUInt32())
      case .forwardTSN: content = .forwardTSN(try SCTPForwardTSN(&body))
      case .heartbeat, .heartbeatAcknowledgement, .abort, .shutdownAcknowledgement, .error, .cookieEcho,
        .cookieAcknowledgement, .shutdownComplete, .reconfiguration, nil:
        content = .opaque
      }
    } catch {
      throw .wrongChunkLength(length, type: type, offset: offset)
    }
  }
}

extension SCTPChunk.Kind {
  /// The name in RFC 9260 §3.2, RFC 3758 and RFC 6525.
  public var name: String {
    switch self {
    case .data: "DATA"
    case .initiation: "INIT"
    case .initiationAcknowledgement: "INIT ACK"
    case .selectiveAcknowledgement: "SACK"
    case .heartbeat: "HEARTBEAT"
    case .heartbeatAcknowledgement: "HEARTBEAT ACK"
    case .abort: "ABORT"
    case .shutdown: "SHUTDOWN"
    case .shutdownAcknowledgement: "SHUTDOWN ACK"
    case .error: "ERROR"
    case .cookieEcho: "COOKIE ECHO"
    case .cookieAcknowledgement: "COOKIE ACK"
    case .shutdownComplete: "SHUTDOWN COMPLETE"
    case .reconfiguration: "RE-CONFIG"
    case .forwardTSN: "FORWARD TSN"
    }
  }
}
