import SimKernel

/// Sees what hosts send and receive, to measure on the wire. It must not change anything.
public protocol DatagramObserver: AnyObject {
  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int)
  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int)
  /// - Parameter place: the name of the interface or NAT where it ended.
  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String)
  /// A NAT has written another endpoint into the packet, which is its present source or destination.
  func translated(_ packet: PacketHandle, in simulation: Simulation, by translator: String)
  /// A copy was made of a packet, which from now on travels by itself.
  func copied(_ packet: PacketHandle, to copy: PacketHandle, in simulation: Simulation)
}

extension DatagramObserver {
  public func translated(_ packet: PacketHandle, in simulation: Simulation, by translator: String) {}
  public func copied(_ packet: PacketHandle, to copy: PacketHandle, in simulation: Simulation) {}
}
