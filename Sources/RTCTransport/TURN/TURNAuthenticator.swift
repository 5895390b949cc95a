import RTCPrimitives
import RTCWire

/// The server's side of the long-term credential mechanism (RFC 8489 §9.2.4).
///
/// A nonce holds the time it was made and a MAC over that time and the client's endpoint: nothing is stored per client.
struct TURNAuthenticator: Sendable {
  enum Verdict {
    case authenticated(username: String, key: MessageIntegrityKey)
    case refused(STUNErrorCode)
    /// Refused, and the answer carries realm and nonce.
    case challenged(STUNErrorCode)
  }

  let realm: String
  private let passwords: [String: String]
  private let nonceLifetime: Duration
  private let secret: MessageIntegrityKey

  init(realm: String, passwords: [String: String], nonceLifetime: Duration, entropy: inout EntropySource) {
    self.realm = realm
    self.nonceLifetime = nonceLifetime
    self.passwords = passwords
    secret = MessageIntegrityKey(bytes: entropy.bytes(20))
  }

  /// Judges a request whose bytes are `bytes`.
  func verdict(
    on request: STUNMessage, bytes: Span<UInt8>, from client: Endpoint, at now: Instant
  ) -> Verdict {
    guard request.messageIntegrity != nil else { return .challenged(.unauthenticated) }
    guard let username = request.username, let nonce = request.nonce, request.realm != nil else {
      return .refused(.badRequest)
    }
    guard let password = passwords[username] else { return .challenged(.unauthenticated) }
    let key = MessageIntegrityKey(longTermUsername: username, realm: realm, password: password)
    guard MessageIntegrity.status(of: bytes, key: key) == .valid else { return .challenged(.unauthenticated) }
    guard isFresh(nonce, of: client, at: now) else { return .challenged(.staleNonce) }
    return .authenticated(username: username, key: key)
  }

  /// A nonce for `client` that is good for `nonceLifetime`.
  func nonce(for client: Endpoint, at now: Instant) -> String {
    let time = UInt64(bitPattern: now.nanoseconds)
    return Self.hexadecimal(time) + Self.hexadecimal(mac(of: time, client))
  }

  private func isFresh(_ nonce: String, of client: Endpoint, at now: Instant) -> Bool {
    let text = nonce.utf8
    guard text.count == 32, let time = UInt64(nonce.prefix(16), radix: 16),
      let code = UInt64(nonce.suffix(16), radix: 16), code == mac(of: time, client)
    else { return false }
    let issued = Instant(nanoseconds: Int64(bitPattern: time))
    return issued <= now && now - issued < nonceLifetime
  }

  private func mac(of time: UInt64, _ client: Endpoint) -> UInt64 {
    var writer = ByteWriter(reserving: 40)
    writer.append(time)
    writer.append(client.address.family.rawValue)
    writer.append(client.address.high)
    writer.append(client.address.low)
    writer.append(client.port)
    return MessageIntegrity.code(over: writer.bytes.span, key: secret).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
