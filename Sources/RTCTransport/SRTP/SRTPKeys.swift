/// The secret from which all keys of one direction are derived (RFC 3711 §4.3).
public struct SRTPMasterKey: Hashable, Sendable {
  public let key: [UInt8]
  public let salt: [UInt8]

  public init(key: [UInt8], salt: [UInt8]) {
    self.key = key
    self.salt = salt
  }
}

/// What one side needs to protect what it sends and to read what it receives.
public struct SRTPKeys: Hashable, Sendable {
  public let profile: SRTPProfile
  /// Protects what this side sends.
  public let local: SRTPMasterKey
  /// Protects what the other side sends.
  public let remote: SRTPMasterKey

  /// - Throws: `SRTPError.wrongKeyLength` when a key or salt does not fit the profile.
  public init(profile: SRTPProfile, local: SRTPMasterKey, remote: SRTPMasterKey) throws(SRTPError) {
    for part in [local, remote] {
      guard part.key.count == profile.keyLength, part.salt.count == profile.saltLength else {
        throw .wrongKeyLength(
          profile: profile, key: part.key.count, salt: part.salt.count)
      }
    }
    self.profile = profile
    self.local = local
    self.remote = remote
  }

  /// Cuts exported keying material: client key, server key, client salt, server salt.
  ///
  /// - Parameter isClient: whether this side was the DTLS client.
  /// - Throws: `SRTPError.wrongMaterialLength`.
  /// - SeeAlso: RFC 5764 §4.2
  public init(profile: SRTPProfile, keyingMaterial: [UInt8], isClient: Bool) throws(SRTPError) {
    guard keyingMaterial.count == profile.keyingMaterialLength else {
      throw .wrongMaterialLength(profile: profile, actual: keyingMaterial.count)
    }
    let key = profile.keyLength
    let salt = profile.saltLength
    let client = SRTPMasterKey(
      key: Array(keyingMaterial[0..<key]), salt: Array(keyingMaterial[2 * key..<2 * key + salt]))
    let server = SRTPMasterKey(
      key: Array(keyingMaterial[key..<2 * key]), salt: Array(keyingMaterial[(2 * key + salt)...]))
    self.profile = profile
    local = isClient ? client : server
    remote = isClient ? server : client
  }
}
