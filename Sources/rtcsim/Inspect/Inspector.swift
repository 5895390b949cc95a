import RTCPrimitives
import RTCTransport
import RTCWire

/// Decodes bytes of any kind that rtcsim speaks.
struct Inspector {
  var integrityKey: MessageIntegrityKey?

  func inspect(_ bytes: [UInt8], as format: InspectionFormat) throws(InspectionError) -> Inspection {
    switch try kind(of: bytes, as: format) {
    case .sdp: try inspectSDP(bytes)
    case .stun: try inspectSTUN(bytes)
    case .rtp: try inspectRTP(bytes)
    case .rtcp: try inspectRTCP(bytes)
    case .dtls: try inspectDTLS(bytes)
    case .sctp: try inspectSCTP(bytes)
    case .channelData: try inspectChannelData(bytes)
    case .pcap: try inspectCapture(bytes)
    }
  }

  private func kind(of bytes: [UInt8], as format: InspectionFormat) throws(InspectionError) -> Inspection.Kind {
    switch format {
    case .auto: try Self.recognize(bytes)
    case .sdp: .sdp
    case .stun: .stun
    case .rtp: .rtp
    case .rtcp: .rtcp
    case .dtls: .dtls
    case .sctp: .sctp
    case .channelData: .channelData
    case .pcap: .pcap
    }
  }

  /// What `bytes` are, by their beginning.
  ///
  /// - SeeAlso: RFC 7983 §7
  static func recognize(_ bytes: [UInt8]) throws(InspectionError) -> Inspection.Kind {
    guard let first = bytes.first else { throw .unrecognized(reason: "the input is empty") }
    if Capture.begins(bytes) { return .pcap }
    if bytes.count >= 2, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first), bytes[1] == UInt8(ascii: "=") {
      return .sdp
    }
    switch Demultiplexer.classify(bytes.span) {
    case .stun: return .stun
    case .dtls: return .dtls
    case .turnChannel: return .channelData
    case .rtp: return .rtp
    case .rtcp: return .rtcp
    case .zrtp, .quic, .unknown:
      throw .unrecognized(reason: "no kind of packet begins with byte \(first) (RFC 7983 §7)")
    }
  }
}
