import RTCPrimitives

/// The family that an address of a session description claims to be of.
public enum SDPAddressType: String, Hashable, Sendable {
  case ip4 = "IP4"
  case ip6 = "IP6"
}

/// The address of a `c=` line or of an attribute: an IP address or a host name, kept as text.
///
/// - SeeAlso: RFC 8866 §5.7
public struct ConnectionData: Hashable, Sendable {
  public var addressType: SDPAddressType
  public var address: String
  /// The scope of an IPv4 multicast address.
  public var timeToLive: UInt8?
  /// How many contiguous multicast addresses follow from `address` on.
  public var addressCount: UInt32?

  public init(addressType: SDPAddressType, address: String) {
    self.addressType = addressType
    self.address = address
  }

  /// The address and its family.
  public init(_ address: IPAddress) {
    self.init(addressType: address.family == .ipv4 ? .ip4 : .ip6, address: address.description)
  }

  /// `IN IP4 0.0.0.0`, which stands where ICE will find the addresses (RFC 9429 §5.2.1).
  public static let unspecified = ConnectionData(.anyIPv4)

  /// - Parameter allowMulticast: whether the `/ttl/count` of multicast addresses may follow.
  init(_ scanner: inout SDPScanner, allowMulticast: Bool = false) throws(SDPError) {
    try scanner.expect(UInt8(ascii: "I"), "the network type IN")
    try scanner.expect(UInt8(ascii: "N"), "the network type IN")
    try scanner.expectSpace()
    addressType = try scanner.keyword(SDPAddressType.self, "IP4 or IP6")
    try scanner.expectSpace()
    let start = scanner.offset
    address = try scanner.connectionAddress()
    let parsed = IPAddress(address)
    let expected = addressType == .ip4 ? "an IPv4 address or a host name" : "an IPv6 address or a host name"
    guard parsed == nil || parsed!.family == (addressType == .ip4 ? .ipv4 : .ipv6) else {
      throw scanner.error(expected: expected, at: start)
    }
    guard allowMulticast, let parsed else { return }
    switch addressType {
    case .ip4 where (224...239).contains(parsed.v4Bits >> 24):
      try scanner.expect(.slash, "a slash and a time to live")
      timeToLive = try scanner.number("a time to live of 0 to 255")
      if scanner.skip(.slash) { addressCount = try scanner.number("a number of addresses", in: 1...UInt32.max) }
    case .ip6 where parsed.high >> 56 == 0xFF:
      if scanner.skip(.slash) { addressCount = try scanner.number("a number of addresses", in: 1...UInt32.max) }
    case .ip4, .ip6: break
    }
  }

  func write(into writer: inout ByteWriter) {
    writer.append("IN \(addressType.rawValue) \(address)")
    if let timeToLive { writer.append("/\(timeToLive)") }
    if let addressCount { writer.append("/\(addressCount)") }
  }
}

extension SDPScanner {
  /// An IP address or a host name; what has a colon must be an IPv6 address.
  mutating func connectionAddress() throws(SDPError) -> String {
    let start = offset
    let text = try run("an address") { $0.isHostName || $0 == .colon }
    guard !text.utf8.contains(.colon) || IPAddress(text) != nil else {
      throw error(expected: "an IPv6 address", at: start)
    }
    return text
  }
}
