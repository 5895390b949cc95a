import RTCPrimitives
import RTCWire
import SimKernel

/// What a NAT or a firewall reads of a packet beside its endpoints.
public enum TransportHeader: Hashable, Sendable {
  case udp
  /// The control bits of the segment; none where the bytes are no segment.
  case tcp(TCPSegment.Flags)

  init(of packet: PacketHandle, in simulation: Simulation) {
    switch simulation[packet].transport {
    case .udp: self = .udp
    case .tcp: self = .tcp(simulation.withBytes(of: packet) { TCPSegment.Flags(ofSegment: $0) } ?? [])
    }
  }

  var transport: TransportProtocol {
    switch self {
    case .udp: .udp
    case .tcp: .tcp
    }
  }
}
