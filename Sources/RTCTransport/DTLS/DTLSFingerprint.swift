/// The hash of a certificate, as SDP carries it.
///
/// - SeeAlso: RFC 8122 §5
public struct DTLSFingerprint: Hashable, Sendable {
  /// The hash functions that are taken; MD2, MD5 and SHA-1 are not safe enough.
  public enum Algorithm: String, CaseIterable, Sendable, Comparable {
    case sha256 = "sha-256"
    case sha384 = "sha-384"
    case sha512 = "sha-512"

    /// Bytes of a digest.
    public var digestLength: Int {
      switch self {
      case .sha256: 32
      case .sha384: 48
      case .sha512: 64
      }
    }

    /// The weaker one first.
    public static func < (left: Algorithm, right: Algorithm) -> Bool { left.digestLength < right.digestLength }
  }

  public let algorithm: Algorithm
  public let digest: [UInt8]

  /// `nil` when the digest has the wrong length for the algorithm.
  public init?(_ algorithm: Algorithm, digest: [UInt8]) {
    guard digest.count == algorithm.digestLength else { return nil }
    self.algorithm = algorithm
    self.digest = digest
  }
}

extension DTLSFingerprint: CustomStringConvertible, LosslessStringConvertible {
  /// The value of an `a=fingerprint` line: `sha-256 4A:AD:…`.
  public var description: String {
    let octets = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
    return "\(algorithm.rawValue) \(octets.joined(separator: ":"))"
  }

  /// Reads the value of an `a=fingerprint` line; `nil` for other hash functions and malformed text.
  public init?(_ text: String) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let algorithm = Algorithm(rawValue: parts[0].lowercased()) else { return nil }
    var digest: [UInt8] = []
    for octet in parts[1].split(separator: ":", omittingEmptySubsequences: false) {
      guard octet.utf8.count == 2, octet.first != "+", let value = UInt8(octet, radix: 16) else { return nil }
      digest.append(value)
    }
    self.init(algorithm, digest: digest)
  }
}
