/// The PT field of an RTCP packet.
///
/// - SeeAlso: RFC 3550 §12.1, RFC 4585 §6.1
public struct RTCPPacketType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let senderReport = RTCPPacketType(rawValue: 200)
  public static let receiverReport = RTCPPacketType(rawValue: 201)
  public static let sourceDescription = RTCPPacketType(rawValue: 202)
  public static let goodbye = RTCPPacketType(rawValue: 203)
  public static let applicationDefined = RTCPPacketType(rawValue: 204)
  /// Transport layer feedback (RTPFB).
  public static let transportLayerFeedback = RTCPPacketType(rawValue: 205)
  /// Payload-specific feedback (PSFB).
  public static let payloadSpecificFeedback = RTCPPacketType(rawValue: 206)
  /// Extended report (RFC 3611 §2).
  public static let extendedReport = RTCPPacketType(rawValue: 207)

  /// The abbreviation that RFC 3550 and RFC 4585 use, or the number.
  public var description: String {
    switch self {
    case .senderReport: "SR"
    case .receiverReport: "RR"
    case .sourceDescription: "SDES"
    case .goodbye: "BYE"
    case .applicationDefined: "APP"
    case .transportLayerFeedback: "RTPFB"
    case .payloadSpecificFeedback: "PSFB"
    case .extendedReport: "XR"
    default: "packet type \(rawValue)"
    }
  }
}

/// The FMT field of feedback messages.
enum RTCPFeedbackFormat {
  static let genericNACK: UInt8 = 1
  static let transportFeedback: UInt8 = 15
  static let pictureLossIndication: UInt8 = 1
  static let fullIntraRequest: UInt8 = 4
  static let applicationLayer: UInt8 = 15
}
