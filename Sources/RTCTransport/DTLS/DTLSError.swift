/// OpenSSL could not be set up.
public enum DTLSError: Error, Hashable, Sendable {
  /// `operation` failed for OpenSSL's own `reason`.
  case library(operation: String, reason: String)
  /// The MTU leaves no room for a handshake.
  case mtuTooSmall(Int, minimum: Int)
  /// A transport needs at least one SRTP profile to offer or accept.
  case noSRTPProfile
}

extension DTLSError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .library(let operation, let reason): "OpenSSL's \(operation) failed: \(reason)"
    case .mtuTooSmall(let mtu, let minimum): "an MTU of \(mtu) bytes is less than \(minimum)"
    case .noSRTPProfile: "no SRTP profile was given"
    }
  }
}
