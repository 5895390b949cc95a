public import RTCWire

/// Why a DTLS transport failed.
public enum DTLSFailure: Error, Hashable, Sendable {
  /// The peer's certificate is not the one that signaling announced.
  case fingerprintMismatch(presented: DTLSFingerprint)
  /// The peer gave up.
  case alertReceived(DTLSAlert)
  /// The sides have no SRTP profile in common.
  case noSharedSRTPProfile
  /// Twelve retransmissions were not answered.
  case timedOut
  /// The peer broke the protocol, in OpenSSL's words.
  case openSSL(reason: String)
}

extension DTLSFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fingerprintMismatch(let presented): "the peer's certificate has another fingerprint: \(presented)"
    case .alertReceived(let alert): "the peer sent the alert \(alert)"
    case .noSharedSRTPProfile: "the peer shares no SRTP profile"
    case .timedOut: "the peer does not answer"
    case .openSSL(let reason): "OpenSSL reports: \(reason)"
    }
  }
}
