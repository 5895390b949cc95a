/// A transport address: an IP address and a UDP or TCP port.
public struct Endpoint: Hashable, Comparable, Sendable {
  public var address: IPAddress
  public var port: UInt16

  @inlinable public init(_ address: IPAddress, _ port: UInt16) {
    self.address = address
    self.port = port
  }

  /// By address, then by port.
  public static func < (left: Endpoint, right: Endpoint) -> Bool {
    (left.address, left.port) < (right.address, right.port)
  }
}

extension Endpoint: CustomStringConvertible, LosslessStringConvertible {
  /// `192.0.2.1:3478` or `[2001:db8::1]:3478`.
  public var description: String {
    switch address.family {
    case .ipv4: "\(address):\(port)"
    case .ipv6: "[\(address)]:\(port)"
    }
  }

  /// Parses what `description` writes; `nil` for anything else.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    let host = text[..<colon]
    let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
    guard let address = IPAddress(String(bracketed ? host.dropFirst().dropLast() : host)),
      bracketed == (address.family == .ipv6)
    else { return nil }
    self.init(address, port)
  }
}
