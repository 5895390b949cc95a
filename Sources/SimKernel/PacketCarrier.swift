/// What carries packets between nodes: the network. It decides when, and whether, a packet is delivered.
public protocol PacketCarrier: AnyObject {
  /// Takes charge of a packet that a node sent. The carrier delivers or drops it exactly once.
  func carry(_ packet: PacketHandle, from node: Int)
}

/// Something that is no node but acts at a time: a hop of the network.
public protocol EventHandler: AnyObject {
  func handle(_ argument: UInt32)
}
