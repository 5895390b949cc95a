/// Why a packet was not protected or not accepted, or why a session could not be made.
public enum SRTPError: Error, Hashable, Sendable {
  case wrongKeyLength(profile: SRTPProfile, key: Int, salt: Int)
  case wrongMaterialLength(profile: SRTPProfile, actual: Int)
  /// The tag does not belong to the packet: forged, damaged, or another key.
  case authenticationFailed
  /// A packet with this index was accepted before.
  case replayed
  /// The index lies before the replay window, so a replay cannot be told from a late packet.
  case tooOldForReplayWindow
  /// Header, extension or trailer do not fit into the packet's `size` in bytes.
  case malformed(size: Int)
  /// 2^48 RTP or 2^31 RTCP packets were protected with one key (RFC 3711 §9.2).
  case keyExhausted
  /// Any other status of libsrtp2 (`srtp_err_status_t`).
  case library(status: UInt32)
}

extension SRTPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongKeyLength(let profile, let key, let salt):
      "\(profile) takes a key of \(profile.keyLength) and a salt of \(profile.saltLength) bytes, not \(key) and \(salt)"
    case .wrongMaterialLength(let profile, let actual):
      "\(profile) takes \(profile.keyingMaterialLength) bytes of keying material, not \(actual)"
    case .authenticationFailed: "the authentication tag is wrong"
    case .replayed: "the packet was received before"
    case .tooOldForReplayWindow: "the packet is older than the replay window"
    case .malformed(let size): "the packet of \(size) bytes is malformed"
    case .keyExhausted: "the key has protected as many packets as it may"
    case .library(let status): "libsrtp2 reports status \(status)"
    }
  }
}
