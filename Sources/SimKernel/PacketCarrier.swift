/// Something that is no node but acts at a time: a hop of the network.
///
/// A class to inherit from, because the kernel then calls it without counting references.
open class EventHandler {
  public init() {}

  /// What was scheduled with `argument` is due.
  open func handle(_ argument: UInt32, in simulation: Simulation) {}
}

/// What carries packets between nodes: the network. It decides when, and whether, a packet is delivered.
open class PacketCarrier: EventHandler {
  /// Takes charge of a packet that a node sent. The carrier delivers or drops it exactly once.
  open func carry(_ packet: PacketHandle, from node: Int, in simulation: Simulation) {
    preconditionFailure("a carrier carries packets")
  }
}
