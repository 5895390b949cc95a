/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable {
  /// The address family, with the number that STUN gives it (RFC 8489 §14.1).
  public enum Family: UInt8, Hashable, Sendable {
    case ipv4 = 1
    case ipv6 = 2
  }

  public let family: Family
  /// The upper 64 bits of an IPv6 address; 0 for IPv4.
  public let high: UInt64
  /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
  public let low: UInt64

  /// An IPv4 address from its 32 bits, first octet most significant.
  @inlinable public init(v4 bits: UInt32) {
    family = .ipv4
    high = 0
    low = UInt64(bits)
  }

  /// An IPv4 address from its four octets.
  @inlinable public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// An IPv6 address from its upper and lower 64 bits.
  @inlinable public init(v6High high: UInt64, low: UInt64) {
    family = .ipv6
    self.high = high
    self.low = low
  }

  /// 0.0.0.0
  public static let anyIPv4 = IPAddress(v4: 0)
  /// ::
  public static let anyIPv6 = IPAddress(v6High: 0, low: 0)

  /// The 32 bits of an IPv4 address, or the lowest 32 of an IPv6 one.
  @inlinable public var v4Bits: UInt32 { UInt32(truncatingIfNeeded: low) }

  /// Whether the address is only valid on its own link: 169.254/16 or fe80::/10.
  public var isLinkLocal: Bool {
    switch family {
    case .ipv4: v4Bits >> 16 == 0xA9FE
    case .ipv6: high >> 54 == 0x3FA
    }
  }

  /// Whether the address is private: RFC 1918, RFC 6598 (carrier grade NAT) or RFC 4193 (fc00::/7).
  public var isPrivate: Bool {
    switch family {
    case .ipv4:
      v4Bits >> 24 == 10 || v4Bits >> 20 == 0xAC1 || v4Bits >> 16 == 0xC0A8 || v4Bits >> 22 == 0x191
    case .ipv6: high >> 57 == 0x7E
    }
  }

  /// Whether the address is 127/8, in IPv6's clothes too, or ::1.
  public var isLoopback: Bool {
    switch family {
    case .ipv4: v4Bits >> 24 == 127
    case .ipv6: high == 0 && low == 1 || withoutMapping != self && withoutMapping.isLoopback
    }
  }
}

extension IPAddress: Comparable {
  /// IPv4 before IPv6, then by value.
  public static func < (left: IPAddress, right: IPAddress) -> Bool {
    (left.family.rawValue, left.high, left.low) < (right.family.rawValue, right.high, right.low)
  }
}

extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
  /// Dotted decimal, or the canonical form of RFC 5952.
  public var description: String {
    switch family {
    case .ipv4: "\(v4Bits >> 24).\(v4Bits >> 16 & 255).\(v4Bits >> 8 & 255).\(v4Bits & 255)"
    case .ipv6: canonicalIPv6
    }
  }

  /// Parses dotted decimal (four decimal numbers without leading zeros) or RFC 4291 text; `nil` for anything else.
  public init?(_ text: String) {
    guard let address = text.utf8.contains(UInt8(ascii: ":")) ? Self.parseIPv6(text) : Self.parseIPv4(text) else {
      return nil
    }
    self = address
  }

  private static func parseIPv4(_ text: some StringProtocol) -> IPAddress? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard part.utf8.allSatisfy({ (48...57).contains($0) }), part.utf8.count <= 3, let octet = UInt8(part),
        part.utf8.count == 1 || part.utf8.first != 48
      else { return nil }
      bits = bits << 8 | UInt32(octet)
    }
    return IPAddress(v4: bits)
  }

  private static func parseIPv6(_ text: String) -> IPAddress? {
    let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
    guard halves.count <= 2, let front = groups(of: halves[0], allowIPv4: halves.count == 1) else { return nil }
    var all = front
    if halves.count == 2 {
      guard let back = groups(of: halves[1], allowIPv4: true), front.count + back.count <= 7 else { return nil }
      all += Array(repeating: 0, count: 8 - front.count - back.count) + back
    }
    guard all.count == 8 else { return nil }
    let high = all[0..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    let low = all[4..<8].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    return IPAddress(v6High: high, low: low)
  }

  private static func groups(of text: Substring, allowIPv4: Bool) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, allowIPv4, let v4 = parseIPv4(part) {
        groups += [UInt16(v4.v4Bits >> 16), UInt16(v4.v4Bits & 0xFFFF)]
        continue
      }
      guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-",
        let group = UInt16(part, radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups
  }

  private var canonicalIPv6: String {
    let groups =
      (0..<4).map { UInt16(truncatingIfNeeded: high >> (48 - 16 * $0)) }
      + (0..<4).map { UInt16(truncatingIfNeeded: low >> (48 - 16 * $0)) }
    var best = 0..<0
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, groups[end] == 0 { end += 1 }
      if end - index > max(best.count, 1) { best = index..<end }
      index = max(end, index + 1)
    }
    func text(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return best.isEmpty ? text(0..<8) : "\(text(0..<best.lowerBound))::\(text(best.upperBound..<8))"
  }
}
