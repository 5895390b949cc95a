import SimKernel

/// Sees what hosts send and receive, to measure on the wire. It must not change anything.
public protocol DatagramObserver: AnyObject {
  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int)
  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int)
  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason)
}
