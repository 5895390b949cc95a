import RTCTransport
import RTCWire

/// What the section of the data channels states of this side.
///
/// - SeeAlso: RFC 8841, RFC 9429 §5.2.1
public struct LocalData: Hashable, Sendable {
  /// The identification tag of its section.
  public var mid: String
  public var port: UInt16
  /// The largest message that is taken, in bytes.
  public var maxMessageSize: Int

  public init(
    mid: String, port: UInt16 = SCTPConfiguration.port, maxMessageSize: Int = SCTPConfiguration.maxMessageSize
  ) {
    self.mid = mid
    self.port = port
    self.maxMessageSize = maxMessageSize
  }
}

/// What both sides agreed on for data channels.
public struct NegotiatedData: Hashable, Sendable {
  public var mid: String
  public var localPort: UInt16
  public var remotePort: UInt16
  /// The largest message that the peer takes, in bytes.
  public var remoteMaxMessageSize: Int

  init(mid: String, local: MediaDescription, remote: MediaDescription) {
    self.mid = mid
    localPort = local.dataPort
    remotePort = remote.dataPort
    let stated = remote.attributes.maxMessageSize ?? UInt64(SCTPConfiguration.unstatedMaxMessageSize)
    // Zero is any size (RFC 8841 §6.1).
    remoteMaxMessageSize = stated == 0 ? .max : Int(clamping: stated)
  }
}

extension MediaDescription {
  /// The kind of section that carries data channels.
  static let dataKind = "application"
  private static let dataFormat = "webrtc-datachannel"

  /// Whether the section is for data channels: SCTP over DTLS, as RFC 8841 or as its drafts before 2017 wrote it.
  public var isData: Bool {
    guard kind == Self.dataKind else { return false }
    switch transport {
    case "UDP/DTLS/SCTP", "TCP/DTLS/SCTP": return formats == [Self.dataFormat]
    case "DTLS/SCTP": return draftPort != nil
    default: return false
    }
  }

  /// The SCTP port: RFC 8841's attribute, or the format that a draft's `a=sctpmap` explains.
  fileprivate var dataPort: UInt16 {
    attributes.sctpPort ?? draftPort ?? SCTPConfiguration.port
  }

  /// `a=sctpmap:5000 webrtc-datachannel 1024` of the format 5000.
  private var draftPort: UInt16? {
    guard let text = attributes.value(of: "sctpmap"), let format = formats.first, let port = UInt16(format),
      text.split(separator: " ").prefix(2).map(String.init) == [format, Self.dataFormat]
    else { return nil }
    return port
  }

  /// Turns a section into the answer to one that a draft's peer wrote.
  mutating func answerDraft(_ offered: MediaDescription, port: UInt16) {
    guard offered.draftPort != nil else { return }
    formats = [String(port)]
    attributes.removeAll { $0.name == "sctp-port" }
    attributes.append(.other(name: "sctpmap", value: "\(port) \(Self.dataFormat) \(SCTPConfiguration().streams)"))
  }
}

extension OfferAnswer {
  /// The section of the data channels; it has no direction (RFC 8841 §5).
  func section(of data: LocalData, transport protocolName: String = "UDP/DTLS/SCTP", setup: SetupRole)
    -> MediaDescription
  {
    MediaDescription(
      kind: MediaDescription.dataKind, port: 9, transport: protocolName, formats: ["webrtc-datachannel"],
      connection: .unspecified,
      attributes: [
        .iceUfrag(transport.iceUfrag), .icePwd(transport.icePwd), .fingerprint(transport.fingerprint), .setup(setup),
        .mid(data.mid), .sctpPort(data.port), .maxMessageSize(UInt64(data.maxMessageSize)),
      ])
  }
}
