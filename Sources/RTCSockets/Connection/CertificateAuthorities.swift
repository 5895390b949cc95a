import Foundation

/// The certificates that this machine trusts.
enum CertificateAuthorities {
  /// Where Debian, Fedora and others keep them in one file, unless the variable that OpenSSL knows names another.
  private static let places = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

  /// In PEM; nothing when there are none, and then no server can prove itself.
  static func ofSystem() -> [UInt8] {
    let chosen = ProcessInfo.processInfo.environment["SSL_CERT_FILE"].map { [$0] } ?? places
    for place in chosen { if let bytes = try? Data(contentsOf: URL(filePath: place)) { return Array(bytes) } }
    return []
  }
}
