/// The protocol above IP that a packet belongs to.
public enum TransportProtocol: UInt8, Hashable, Sendable, CaseIterable {
  case udp
  case tcp

  /// The number in the IP header (IANA "Protocol Numbers").
  @inlinable public var number: UInt8 {
    switch self {
    case .udp: 17
    case .tcp: 6
    }
  }

  /// What the network adds to a packet's payload besides the IP header, in bytes.
  ///
  /// The payload of a UDP packet is what follows its header. That of a TCP packet is the whole segment, whose header has
  /// no fixed size.
  @inlinable public var headerSize: Int {
    switch self {
    case .udp: 8
    case .tcp: 0
    }
  }
}
