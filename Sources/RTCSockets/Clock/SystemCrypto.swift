public import RTCPrimitives
import RTCTransport

extension EntropySource {
  /// The system's randomness: the only one that real peers may meet.
  public static var system: EntropySource { EntropySource(SystemRandomNumberGenerator()) }
}

/// OpenSSL with the system's clock and randomness, and the certificate of one connection.
///
/// - SeeAlso: RFC 8827 §6.5: certificates are self-signed, and whoever wants to stay unknown makes a new one for each
///   connection, as here.
struct SystemCrypto {
  let provider: CryptoProvider
  let identity: DTLSIdentity

  /// - Throws: `SocketError.crypto`.
  init() throws(SocketError) {
    do {
      provider = try CryptoProvider(host: .system)
      identity = try provider.identity(named: "connection")
    } catch {
      throw .crypto("\(error)")
    }
  }
}
