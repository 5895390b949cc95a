import RTCTransport
import SimKernel

/// A host's certificate and the OpenSSL context that it lives in, made once for many runs.
///
/// An identity belongs to a host's name and not to a seed. Simulations that share one run one after the other, on the
/// thread that made it.
public struct SetupCrypto: @unchecked Sendable {
  let provider: CryptoProvider
  let identity: DTLSIdentity

  public init(name: String) {
    do {
      provider = try CryptoProvider(host: .lent(by: HostEnvironment(seed: 0)))
      identity = try provider.identity(named: name)
    } catch {
      preconditionFailure("OpenSSL has P-256 and SHA-256: \(error)")
    }
  }
}
