public import RTCPrimitives

/// How a client reaches its TURN server.
///
/// - SeeAlso: W3C webrtc-pc `RTCIceServerTransportProtocol`, RFC 8656 §3.1
public enum RelayProtocol: String, Hashable, Sendable, CaseIterable {
  case udp, tcp, tls

  /// What carries it over IP.
  public var transport: TransportProtocol {
    switch self {
    case .udp: .udp
    case .tcp, .tls: .tcp
    }
  }

  /// The higher, the better: a stream delays everything behind a lost segment, and TLS takes longer to begin.
  ///
  /// libwebrtc tells the three apart in the type preference of their candidates; RFC 8445 §5.1.2.2 leaves the order of
  /// candidates of one type to the local preference.
  var rank: Int {
    switch self {
    case .udp: 2
    case .tcp: 1
    case .tls: 0
    }
  }
}
