import RTCPrimitives
import RTCTransport
import RTCWire

/// STUN and TURN messages.
///
/// - SeeAlso: RFC 8489 §5
extension Inspector {
  func inspectSTUN(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let message: STUNMessage
    do throws(STUNError) {
      message = try STUNMessage(parsing: bytes.span)
    } catch {
      throw .malformed(.stun, reason: "\(error)")
    }
    var fields: [Inspection.Field] = [
      .init(0..<2, "message type", "\(message.method) \(message.messageClass)", "RFC 8489 §5"),
      .init(2..<4, "message length", "\(bytes.count - 20)", "bytes after the header"),
      .init(4..<8, "magic cookie", "0x2112a442", "RFC 8489 §5"),
      .init(8..<20, "transaction ID", "\(message.transactionID)", "ties a response to its request"),
    ]
    var attributes: [JSON] = []
    var offset = 20
    for attribute in message.attributes {
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      let value = offset + 4..<offset + 4 + length
      fields.append(
        .init(
          offset..<value.upperBound, "\(attribute.type)", attribute.inspectedValue,
          "\(length) bytes, \(attribute.type.inspectedMeaning)"))
      attributes.append(attribute.json(of: bytes[value]))
      offset = value.lowerBound + (length + 3) & ~3
    }
    let fingerprint = fingerprint(of: bytes)
    fields.append(.init(nil, "fingerprint", fingerprint, "CRC-32 of the message, RFC 8489 §14.7"))
    var json: JSON = [
      "kind": "stun", "class": .string("\(message.messageClass)"), "method": .string("\(message.method)"),
      "transactionId": .string("\(message.transactionID)"), "attributes": .array(attributes),
      "fingerprint": .string(fingerprint),
    ]
    if let integrityKey {
      let integrity = integrity(of: bytes, key: integrityKey)
      fields.append(.init(nil, "integrity", integrity, "HMAC under the password, RFC 8489 §14.5, §14.6"))
      json.append("integrity", .string(integrity))
    }
    return Inspection(
      title: "STUN \(message.method) \(message.messageClass), \(bytes.count) bytes (RFC 8489, RFC 8656)",
      fields: fields,
      of: bytes, json: json)
  }

  private func fingerprint(of bytes: [UInt8]) -> String {
    switch STUNMessage.fingerprintStatus(of: bytes.span) {
    case .valid: "ok"
    case .invalid: "bad"
    case .absent: "none"
    }
  }

  /// Good only when every code that is there is good.
  private func integrity(of bytes: [UInt8], key: MessageIntegrityKey) -> String {
    let statuses = [
      MessageIntegrity.status(of: bytes.span, key: key), MessageIntegrity.statusSHA256(of: bytes.span, key: key),
    ]
    if statuses.contains(.invalid) { return "bad" }
    return statuses.contains(.valid) ? "ok" : "none"
  }
}

extension STUNAttribute {
  fileprivate func json(of value: ArraySlice<UInt8>) -> JSON {
    var json: JSON = [
      "type": JSON(type.rawValue), "name": JSON(name), "length": JSON(value.count), "hex": .string(value.hexadecimal),
    ]
    switch self {
    case .mappedAddress(let endpoint), .xorMappedAddress(let endpoint), .xorPeerAddress(let endpoint),
      .xorRelayedAddress(let endpoint), .alternateServer(let endpoint):
      json.append(
        "address",
        [
          "family": JSON(endpoint.address.family.rawValue), "ip": .string("\(endpoint.address)"),
          "port": JSON(endpoint.port),
        ])
    case .username(let text), .realm(let text), .nonce(let text), .software(let text), .alternateDomain(let text):
      json.append("text", .string(text))
    case .fingerprint(let number), .priority(let number), .connectionID(let number): json.append("uint", JSON(number))
    case .lifetime(let seconds): json.append("seconds", JSON(seconds))
    case .iceControlled(let number), .iceControlling(let number), .reservationToken(let number):
      json.append("uint64", .string("\(number)"))
    case .errorCode(let error):
      json.append("code", JSON(error.code))
      json.append("reason", .string(error.reason))
    case .addressErrorCode(let family, let error):
      json.append("family", JSON(family))
      json.append("code", JSON(error.code))
      json.append("reason", .string(error.reason))
    case .unknownAttributes(let types): json.append("types", .array(types.map { JSON($0.rawValue) }))
    case .passwordAlgorithm(let algorithm): json.append("algorithm", JSON(algorithm.number))
    case .passwordAlgorithms(let algorithms): json.append("algorithms", .array(algorithms.map { JSON($0.number) }))
    case .channelNumber(let channel): json.append("channel", JSON(channel))
    case .requestedTransport(let number): json.append("protocol", JSON(number))
    case .requestedAddressFamily(let family), .additionalAddressFamily(let family): json.append("family", JSON(family))
    case .evenPort(let reserveNext): json.append("reserveNext", .boolean(reserveNext))
    case .icmp(let type, let code, _):
      json.append("icmpType", JSON(type))
      json.append("icmpCode", JSON(code))
    case .userhash, .messageIntegrity, .messageIntegritySHA256, .useCandidate, .data, .dontFragment, .unknown: break
    }
    return json
  }

  /// The decoded value for the text output.
  fileprivate var inspectedValue: String {
    switch self {
    case .mappedAddress(let endpoint), .xorMappedAddress(let endpoint), .xorPeerAddress(let endpoint),
      .xorRelayedAddress(let endpoint), .alternateServer(let endpoint):
      "\(endpoint)"
    case .username(let text), .realm(let text), .nonce(let text), .software(let text), .alternateDomain(let text):
      "\"\(text)\""
    case .fingerprint(let number), .connectionID(let number): number.hexadecimalNumber
    case .priority(let number): "\(number)"
    case .lifetime(let seconds): "\(seconds) s"
    case .iceControlled(let number), .iceControlling(let number), .reservationToken(let number):
      number.hexadecimalNumber
    case .errorCode(let error): "\(error)"
    case .addressErrorCode(let family, let error): "family \(family): \(error)"
    case .unknownAttributes(let types): types.map(\.description).joined(separator: ", ")
    case .passwordAlgorithm(let algorithm): algorithm.inspectedName
    case .passwordAlgorithms(let algorithms): algorithms.map(\.inspectedName).joined(separator: ", ")
    case .channelNumber(let channel): channel.hexadecimalNumber
    case .requestedTransport(let number): number == 17 ? "17 (UDP)" : number == 6 ? "6 (TCP)" : "\(number)"
    case .requestedAddressFamily(let family), .additionalAddressFamily(let family):
      family == 1 ? "IPv4" : family == 2 ? "IPv6" : "\(family)"
    case .evenPort(let reserveNext): reserveNext ? "and the next port" : "one port"
    case .icmp(let type, let code, _): "type \(type), code \(code)"
    case .userhash(let bytes), .messageIntegrity(let bytes), .messageIntegritySHA256(let bytes): bytes.hexadecimal
    case .data(let bytes): "\(bytes.count) bytes"
    case .unknown: "not decoded"
    case .useCandidate, .dontFragment: "set"
    }
  }
}

extension STUNPasswordAlgorithm {
  fileprivate var inspectedName: String {
    switch number {
    case 1: "MD5"
    case 2: "SHA-256"
    default: "algorithm \(number)"
    }
  }
}

extension STUNAttributeType {
  /// What the attribute is for, and where it is defined.
  fileprivate var inspectedMeaning: String {
    switch self {
    case .mappedAddress: "the sender as the server saw it, in clear, RFC 8489 §14.1"
    case .xorMappedAddress: "the sender as the server saw it, RFC 8489 §14.2"
    case .username: "ICE: remote:local fragment, RFC 8489 §14.3"
    case .userhash: "SHA-256 of user name and realm, RFC 8489 §14.4"
    case .messageIntegrity: "HMAC-SHA1 of what precedes it, RFC 8489 §14.5"
    case .messageIntegritySHA256: "HMAC-SHA256 of what precedes it, RFC 8489 §14.6"
    case .fingerprint: "CRC-32 XOR 0x5354554e, RFC 8489 §14.7"
    case .errorCode: "why the request failed, RFC 8489 §14.8"
    case .realm: "domain of the credentials, RFC 8489 §14.9"
    case .nonce: "the server's challenge, RFC 8489 §14.10"
    case .passwordAlgorithms: "what the server offers, RFC 8489 §14.11"
    case .passwordAlgorithm: "what the client chose, RFC 8489 §14.12"
    case .unknownAttributes: "what the server did not understand, RFC 8489 §14.13"
    case .software: "who sends this, RFC 8489 §14.14"
    case .alternateServer: "where to try instead, RFC 8489 §14.15"
    case .alternateDomain: "name for the server's certificate, RFC 8489 §14.16"
    case .priority: "priority of a peer-reflexive candidate, RFC 8445 §7.1.1"
    case .useCandidate: "nominates the pair, RFC 8445 §7.1.2"
    case .iceControlled: "role and tie-breaker, RFC 8445 §7.1.3"
    case .iceControlling: "role and tie-breaker, RFC 8445 §7.1.3"
    case .channelNumber: "the channel to bind, RFC 8656 §18.1"
    case .lifetime: "how long the allocation lives, RFC 8656 §18.2"
    case .xorPeerAddress: "the peer behind the relay, RFC 8656 §18.3"
    case .data: "what is relayed, RFC 8656 §18.4"
    case .xorRelayedAddress: "the allocated address, RFC 8656 §18.5"
    case .requestedAddressFamily: "family to allocate, RFC 8656 §18.6"
    case .evenPort: "asks for an even port, RFC 8656 §18.7"
    case .requestedTransport: "protocol to peers, RFC 8656 §18.8"
    case .dontFragment: "sets DF towards the peer, RFC 8656 §18.9"
    case .reservationToken: "claims the reserved port, RFC 8656 §18.10"
    case .additionalAddressFamily: "second family to allocate, RFC 8656 §18.11"
    case .addressErrorCode: "why one family failed, RFC 8656 §18.12"
    case .icmp: "an ICMP error from the peer's side, RFC 8656 §18.13"
    case .connectionID: "a TCP connection to a peer, RFC 6062 §6.2.1"
    default:
      isComprehensionRequired ? "unknown, must be understood, RFC 8489 §14" : "unknown, may be ignored, RFC 8489 §14"
    }
  }
}
