public import RTCPrimitives

/// An `a=` line: what WebRTC uses as a typed value, everything else as its text.
///
/// - SeeAlso: RFC 8866 §5.13, RFC 9429 §5
public enum SDPAttribute: Hashable, Sendable {
  // The section and its streams.
  case mid(String)
  case direction(MediaDirection)
  case msid(MediaStreamIdentification)
  case ssrc(SourceAttribute)
  case ssrcGroup(SourceGroup)
  indirect case rid(RestrictionIdentifier)
  indirect case simulcast(SimulcastDescription)

  // RTP.
  case rtpmap(RTPMap)
  case fmtp(FormatParameters)
  case rtcpFeedback(RTCPFeedback)
  case extmap(HeaderExtensionMap)
  case extmapAllowMixed
  indirect case rtcp(RTCPPort)
  case rtcpMux
  case rtcpMuxOnly
  case rtcpRsize
  /// How much media a packet holds.
  case ptime(Duration)
  case maxptime(Duration)

  // Transport.
  case group(MediaGroup)
  case bundleOnly
  case iceUfrag(String)
  case icePwd(String)
  case iceOptions([String])
  case iceLite
  indirect case candidate(ICECandidate)
  case endOfCandidates
  indirect case fingerprint(CertificateFingerprint)
  case setup(SetupRole)
  case tlsID(String)
  case sctpPort(UInt16)
  /// In bytes; 0 for any size.
  case maxMessageSize(UInt64)

  /// An attribute that is not interpreted.
  case other(name: String, value: String?)

  /// The name before the colon.
  public var name: String {
    switch self {
    case .mid: "mid"
    case .direction(let direction): direction.rawValue
    case .msid: "msid"
    case .ssrc: "ssrc"
    case .ssrcGroup: "ssrc-group"
    case .rid: "rid"
    case .simulcast: "simulcast"
    case .rtpmap: "rtpmap"
    case .fmtp: "fmtp"
    case .rtcpFeedback: "rtcp-fb"
    case .extmap: "extmap"
    case .extmapAllowMixed: "extmap-allow-mixed"
    case .rtcp: "rtcp"
    case .rtcpMux: "rtcp-mux"
    case .rtcpMuxOnly: "rtcp-mux-only"
    case .rtcpRsize: "rtcp-rsize"
    case .ptime: "ptime"
    case .maxptime: "maxptime"
    case .group: "group"
    case .bundleOnly: "bundle-only"
    case .iceUfrag: "ice-ufrag"
    case .icePwd: "ice-pwd"
    case .iceOptions: "ice-options"
    case .iceLite: "ice-lite"
    case .candidate: "candidate"
    case .endOfCandidates: "end-of-candidates"
    case .fingerprint: "fingerprint"
    case .setup: "setup"
    case .tlsID: "tls-id"
    case .sctpPort: "sctp-port"
    case .maxMessageSize: "max-message-size"
    case .other(let name, _): name
    }
  }

  /// Appends `name` or `name:value`.
  public func write(into writer: inout ByteWriter) {
    writer.append(name)
    switch self {
    case .direction, .extmapAllowMixed, .rtcpMux, .rtcpMuxOnly, .rtcpRsize, .bundleOnly, .iceLite, .endOfCandidates,
      .other(_, nil):
      return
    case .mid(let value), .iceUfrag(let value), .icePwd(let value), .tlsID(let value), .other(_, let value?):
      writer.append(":\(value)")
    case .msid(let value): value.write(into: &writer)
    case .ssrc(let value): value.write(into: &writer)
    case .ssrcGroup(let value): value.write(into: &writer)
    case .rid(let value): value.write(into: &writer)
    case .simulcast(let value): value.write(into: &writer)
    case .rtpmap(let value): value.write(into: &writer)
    case .fmtp(let value): value.write(into: &writer)
    case .rtcpFeedback(let value): value.write(into: &writer)
    case .extmap(let value): value.write(into: &writer)
    case .rtcp(let value): value.write(into: &writer)
    case .group(let value): value.write(into: &writer)
    case .candidate(let value): value.write(into: &writer)
    case .fingerprint(let value): value.write(into: &writer)
    case .setup(let role): writer.append(":\(role.rawValue)")
    case .ptime(let duration), .maxptime(let duration):
      writer.append(":")
      writer.append(milliseconds: duration)
    case .iceOptions(let options):
      writer.append(":")
      writer.append(joined: options, separator: " ")
    case .sctpPort(let port): writer.append(":\(port)")
    case .maxMessageSize(let size): writer.append(":\(size)")
    }
  }

  func writeLine(into writer: inout ByteWriter) {
    writer.append("a=")
    write(into: &writer)
    writer.append("\r\n")
  }
}

extension SDPAttribute: CustomStringConvertible {
  /// `name` or `name:value`.
  public var description: String {
    var writer = ByteWriter()
    write(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
