import RTCWire

/// The client's side of the long-term credential mechanism (RFC 8489 §9.2.3, §9.2.5).
struct TURNCredential: Sendable {
  private struct Challenge {
    let realm: String
    let nonce: String
    let key: MessageIntegrityKey
  }

  private let username: String
  private let password: String
  private var challenge: Challenge?

  init(username: String, password: String) {
    self.username = username
    self.password = password
  }

  /// Whether the server has named its realm and a nonce.
  var isComplete: Bool { challenge != nil }

  /// Takes realm and nonce of a 401 or 438 response; false when it lacks them.
  mutating func learn(from response: STUNMessage) -> Bool {
    guard let nonce = response.nonce, let realm = response.realm ?? challenge?.realm else { return false }
    challenge = Challenge(
      realm: realm, nonce: nonce,
      key: MessageIntegrityKey(longTermUsername: username, realm: realm, password: password))
    return true
  }

  /// The bytes of a request, with credentials as soon as there are any.
  func sign(_ message: inout STUNMessage) -> [UInt8] {
    guard let challenge else { return message.bytes() }
    message.attributes += [.username(username), .realm(challenge.realm), .nonce(challenge.nonce)]
    return message.bytes { MessageIntegrity.code(over: $0, key: challenge.key) }
  }

  /// Checks the integrity of a response.
  func status(of response: Span<UInt8>) -> MessageIntegrity.Status {
    challenge.map { MessageIntegrity.status(of: response, key: $0.key) } ?? .absent
  }
}
