/// How the kernel calls a node of any type without counting references or opening an existential.
@usableFromInline
class NodeEntry {
  @usableFromInline init() {}

  @usableFromInline func deliver(_ packet: PacketHandle) { preconditionFailure("an entry belongs to a node") }

  @usableFromInline func deliverWake() { preconditionFailure("an entry belongs to a node") }

  @usableFromInline func end() { preconditionFailure("an entry belongs to a node") }
}

@usableFromInline
final class TypedNodeEntry<Body: Node>: NodeEntry {
  @usableFromInline let node: Body

  @inlinable init(_ node: Body) { self.node = node }

  @inlinable override func deliver(_ packet: PacketHandle) { node.deliver(packet) }

  @inlinable override func deliverWake() { node.deliverWake() }

  @inlinable override func end() { node.entered(()) { node, _ in node.simulationEnded() } }
}
