public import RTCPrimitives

/// The user name fragment and password of one agent in one generation.
///
/// - SeeAlso: RFC 8445 §5.3
public struct ICECredentials: Hashable, Sendable {
  public let ufrag: String
  public let password: String
  let key: MessageIntegrityKey

  public init(ufrag: String, password: String) {
    self.ufrag = ufrag
    self.password = password
    key = MessageIntegrityKey(shortTerm: password)
  }

  /// Random credentials: 24 bits of fragment and 144 bits of password.
  public init(using entropy: inout EntropySource) {
    self.init(ufrag: entropy.iceCharacters(4), password: entropy.iceCharacters(24))
  }
}
