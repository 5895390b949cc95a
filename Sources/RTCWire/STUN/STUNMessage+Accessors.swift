import RTCPrimitives

/// Typed access: the first attribute of a type counts, and what follows MESSAGE-INTEGRITY does not.
extension STUNMessage {
  /// The attributes that a receiver regards: whatever stands behind MESSAGE-INTEGRITY is left out, save
  /// MESSAGE-INTEGRITY-SHA256 and FINGERPRINT; whatever stands behind MESSAGE-INTEGRITY-SHA256, save FINGERPRINT
  /// (RFC 8489 §14.5, §14.6).
  public var effectiveAttributes: [STUNAttribute] {
    var result: [STUNAttribute] = []
    visitEffective { attribute in
      result.append(attribute)
      return false
    }
    return result
  }

  /// The comprehension-required attributes that are not known here, for a 420 answer (RFC 8489 §6.3.1).
  public var unknownRequiredTypes: [STUNAttributeType] {
    var result: [STUNAttributeType] = []
    visitEffective { attribute in
      if case .unknown(let type, _) = attribute, type.isComprehensionRequired { result.append(type) }
      return false
    }
    return result
  }

  public var mappedAddress: Endpoint? { first { if case .mappedAddress(let value) = $0 { value } else { nil } } }
  public var xorMappedAddress: Endpoint? { first { if case .xorMappedAddress(let value) = $0 { value } else { nil } } }
  public var username: String? { first { if case .username(let value) = $0 { value } else { nil } } }
  public var realm: String? { first { if case .realm(let value) = $0 { value } else { nil } } }
  public var nonce: String? { first { if case .nonce(let value) = $0 { value } else { nil } } }
  public var software: String? { first { if case .software(let value) = $0 { value } else { nil } } }
  public var errorCode: STUNErrorCode? { first { if case .errorCode(let value) = $0 { value } else { nil } } }
  public var alternateServer: Endpoint? { first { if case .alternateServer(let value) = $0 { value } else { nil } } }
  public var unknownAttributes: [STUNAttributeType]? {
    first { if case .unknownAttributes(let value) = $0 { value } else { nil } }
  }
  /// The 20 bytes of MESSAGE-INTEGRITY.
  public var messageIntegrity: [UInt8]? { first { if case .messageIntegrity(let value) = $0 { value } else { nil } } }
  public var fingerprint: UInt32? { first { if case .fingerprint(let value) = $0 { value } else { nil } } }

  public var priority: UInt32? { first { if case .priority(let value) = $0 { value } else { nil } } }
  public var useCandidate: Bool { first { if case .useCandidate = $0 { true } else { nil } } ?? false }
  /// The tie-breaker of a controlled agent.
  public var iceControlled: UInt64? { first { if case .iceControlled(let value) = $0 { value } else { nil } } }
  /// The tie-breaker of a controlling agent.
  public var iceControlling: UInt64? { first { if case .iceControlling(let value) = $0 { value } else { nil } } }

  public var channelNumber: UInt16? { first { if case .channelNumber(let value) = $0 { value } else { nil } } }
  /// LIFETIME as a duration.
  public var lifetime: Duration? { first { if case .lifetime(let seconds) = $0 { .seconds(seconds) } else { nil } } }
  public var xorPeerAddress: Endpoint? { first { if case .xorPeerAddress(let value) = $0 { value } else { nil } } }
  /// Every XOR-PEER-ADDRESS, in order (CreatePermission may hold several).
  public var xorPeerAddresses: [Endpoint] {
    effectiveAttributes.compactMap { if case .xorPeerAddress(let value) = $0 { value } else { nil } }
  }
  public var xorRelayedAddress: Endpoint? {
    first { if case .xorRelayedAddress(let value) = $0 { value } else { nil } }
  }
  public var data: [UInt8]? { first { if case .data(let value) = $0 { value } else { nil } } }
  public var requestedTransport: UInt8? { first { if case .requestedTransport(let value) = $0 { value } else { nil } } }
  public var requestedAddressFamily: UInt8? {
    first { if case .requestedAddressFamily(let value) = $0 { value } else { nil } }
  }
  /// The family of a second relayed endpoint, with the number that STUN gives it.
  public var additionalAddressFamily: UInt8? {
    first { if case .additionalAddressFamily(let value) = $0 { value } else { nil } }
  }
  /// Why there is no relayed endpoint of a family.
  public var addressErrorCode: (family: UInt8, error: STUNErrorCode)? {
    first { if case .addressErrorCode(let family, let error) = $0 { (family, error) } else { nil } }
  }
  /// Every XOR-RELAYED-ADDRESS, in order (a dual allocation has two).
  public var xorRelayedAddresses: [Endpoint] {
    effectiveAttributes.compactMap { if case .xorRelayedAddress(let value) = $0 { value } else { nil } }
  }
  public var reservationToken: UInt64? { first { if case .reservationToken(let value) = $0 { value } else { nil } } }
  /// Whether EVEN-PORT also reserves the next port; `nil` without EVEN-PORT.
  public var evenPort: Bool? { first { if case .evenPort(let reserveNext) = $0 { reserveNext } else { nil } } }

  /// The handshake packet in a check, empty when there is none to carry; `nil` when the sender does not embed
  /// (draft-hancke-webrtc-sped-00 §3.3.2.1).
  public var dtlsInSTUN: [UInt8]? {
    first { if case .unknown(.dtlsInSTUN, let value) = $0 { value } else { nil } }
  }
  /// The CRC-32 of handshake packets that have arrived embedded (draft-hancke-webrtc-sped-00 §3.3.2.2).
  public var dtlsInSTUNAcknowledgements: [UInt32] {
    let bytes: [UInt8] =
      first { if case .unknown(.dtlsInSTUNAcknowledgement, let value) = $0 { value } else { nil } } ?? []
    return stride(from: 0, to: bytes.count - 3, by: 4).map { bytes.span.bigEndianUInt32(at: $0) }
  }

  private func first<Value>(_ extract: (STUNAttribute) -> Value?) -> Value? {
    var found: Value?
    visitEffective { attribute in
      found = extract(attribute)
      return found != nil
    }
    return found
  }

  /// Calls `body` with each effective attribute until it returns true.
  private func visitEffective(_ body: (STUNAttribute) -> Bool) {
    var (sealed, sealedBySHA256) = (false, false)
    for attribute in attributes {
      switch attribute {
      case .fingerprint: break
      case .messageIntegritySHA256:
        if sealedBySHA256 { continue }
        sealedBySHA256 = true
      case .messageIntegrity:
        if sealed || sealedBySHA256 { continue }
        sealed = true
      default: if sealed || sealedBySHA256 { continue }
      }
      if body(attribute) { return }
    }
  }
}
