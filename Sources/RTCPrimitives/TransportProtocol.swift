/// The protocol above IP that carries a packet.
public enum TransportProtocol: UInt8, Hashable, Sendable {
  case udp
  case tcp
}
