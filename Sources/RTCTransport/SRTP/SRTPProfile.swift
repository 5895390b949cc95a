/// How SRTP encrypts and authenticates, as negotiated by DTLS.
///
/// The raw value is the number in the `use_srtp` extension.
/// - SeeAlso: RFC 5764 §4.1.2, RFC 7714 §14.2, RFC 8827 §6.5
public enum SRTPProfile: UInt16, CaseIterable, Hashable, Sendable {
  case aes128CMHMACSHA1_80 = 0x0001
  case aeadAES128GCM = 0x0007

  /// Bytes of a master key.
  @inlinable public var keyLength: Int { 16 }

  /// Bytes of a master salt.
  @inlinable public var saltLength: Int {
    switch self {
    case .aes128CMHMACSHA1_80: 14
    case .aeadAES128GCM: 12
    }
  }

  /// Bytes of the authentication tag of a packet.
  @inlinable public var tagLength: Int {
    switch self {
    case .aes128CMHMACSHA1_80: 10
    case .aeadAES128GCM: 16
    }
  }

  /// How many bytes an RTP packet grows by.
  @inlinable public var rtpOverhead: Int { tagLength }

  /// How many bytes an RTCP packet grows by: the tag, and the E flag with the SRTCP index (RFC 3711 §3.4).
  @inlinable public var rtcpOverhead: Int { tagLength + 4 }

  /// Bytes that both sides export from the DTLS session (RFC 5764 §4.2).
  public var keyingMaterialLength: Int { 2 * (keyLength + saltLength) }
}

extension SRTPProfile: CustomStringConvertible {
  /// The name in the IANA registry.
  public var description: String {
    switch self {
    case .aes128CMHMACSHA1_80: "SRTP_AES128_CM_HMAC_SHA1_80"
    case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
    }
  }
}
