/// What an address can be used for.
///
/// - SeeAlso: RFC 6890 and the IANA IPv4 and IPv6 Special-Purpose Address Registries
extension IPAddress {
  /// 255.255.255.255
  public static let broadcast = IPAddress(v4: .max)

  /// Whether it is 0/8 ("this network") or ::.
  public var isUnspecified: Bool {
    switch family {
    case .ipv4: v4Bits >> 24 == 0
    case .ipv6: high == 0 && low == 0
    }
  }

  /// Whether it is 224/4 or ff00::/8.
  public var isMulticast: Bool {
    switch family {
    case .ipv4: v4Bits >> 28 == 0xE
    case .ipv6: high >> 56 == 0xFF
    }
  }

  /// The IPv4 address that an IPv6 address stands for: IPv4-mapped (::ffff:0:0/96), IPv4-compatible (::/96, but for ::
  /// and ::1), translated (64:ff9b::/96) or of 6to4 (2002::/16). Any other address itself.
  ///
  /// - SeeAlso: RFC 4291 §2.5.5, RFC 6052 §2.1, RFC 3056
  public var withoutMapping: IPAddress {
    guard family == .ipv6 else { return self }
    let isMapped = high == 0 && low >> 32 == 0xFFFF
    let isCompatible = high == 0 && low >> 32 == 0 && low > 1
    let isTranslated = high == 0x0064_FF9B_0000_0000 && low >> 32 == 0
    if isMapped || isCompatible || isTranslated { return IPAddress(v4: UInt32(truncatingIfNeeded: low)) }
    if high >> 48 == 0x2002 { return IPAddress(v4: UInt32(truncatingIfNeeded: high >> 16)) }
    return self
  }

  /// Whether packets to it are forwarded everywhere: it is in none of the registries' blocks that are not.
  public var isGlobal: Bool {
    guard !isUnspecified, !isLoopback, !isPrivate, !isLinkLocal, !isMulticast else { return false }
    let blocks = family == .ipv4 ? Self.specialIPv4 : Self.specialIPv6
    return !blocks.contains { $0.contains(self) } && (family == .ipv4 || high >> 61 == 1)
  }

  private struct Block {
    let address: IPAddress
    let length: Int

    func contains(_ other: IPAddress) -> Bool {
      switch address.family {
      case .ipv4: (address.v4Bits ^ other.v4Bits) >> (32 - length) == 0
      case .ipv6: (address.high ^ other.high) >> (64 - length) == 0
      }
    }
  }

  /// IETF protocols, documentation, 6to4 relays, benchmarks, reserved.
  private static let specialIPv4 = [
    Block(address: IPAddress(192, 0, 0, 0), length: 24), Block(address: IPAddress(192, 0, 2, 0), length: 24),
    Block(address: IPAddress(192, 88, 99, 0), length: 24), Block(address: IPAddress(198, 18, 0, 0), length: 15),
    Block(address: IPAddress(198, 51, 100, 0), length: 24), Block(address: IPAddress(203, 0, 113, 0), length: 24),
    Block(address: IPAddress(240, 0, 0, 0), length: 4),
  ]

  /// IETF protocols with Teredo (2001::/23), documentation (2001:db8::/32, 3fff::/20); all else that is special lies
  /// outside 2000::/3.
  private static let specialIPv6 = [
    Block(address: IPAddress(v6High: 0x2001_0000_0000_0000, low: 0), length: 23),
    Block(address: IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 0), length: 32),
    Block(address: IPAddress(v6High: 0x3FFF_0000_0000_0000, low: 0), length: 20),
  ]
}
