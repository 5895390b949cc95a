import RTCPrimitives

/// A node's only door to the simulation: it sends datagrams and asks to be woken.
///
/// One object per node, so that nothing is counted when a node reaches through it. It does not keep the simulation
/// alive: whoever runs a simulation holds it.
public final class NodePort: @unchecked Sendable {
  @usableFromInline let borrowed: Unmanaged<Simulation>
  /// The node's number within its simulation, in order of registration.
  public let index: Int
  /// The node's name, unique within its simulation.
  public let name: String

  init(simulation: Simulation, index: Int, name: String) {
    borrowed = Unmanaged.passUnretained(simulation)
    self.index = index
    self.name = name
  }

  public var simulation: Simulation { borrowed.takeUnretainedValue() }

  /// Sends a datagram into the network, from one of the node's own endpoints.
  @inlinable
  public func send(
    _ bytes: Span<UInt8>, elided: Int = 0, over transport: TransportProtocol = .udp, from source: Endpoint,
    to destination: Endpoint
  ) {
    borrowed._withUnsafeGuaranteedRef {
      $0.send(bytes, elided: elided, over: transport, from: source, to: destination, node: index, at: .start)
    }
  }

  /// Sends a datagram at `departure`, or now if that is past.
  @inlinable
  public func send(_ datagram: Datagram, at departure: Instant) {
    borrowed._withUnsafeGuaranteedRef {
      $0.send(
        datagram.bytes, elided: datagram.elided, over: datagram.transport, from: datagram.source,
        to: datagram.destination, node: index, at: departure)
    }
  }

  /// Sends everything that `transmissions` holds, in order, and empties it.
  public func send(_ transmissions: inout Transmissions) {
    for index in 0..<transmissions.count { send(transmissions[index], at: .start) }
    transmissions.removeAll()
  }

  /// Asks for `wake` at `instant`, or now if that is past. A node has one alarm: the earliest time that was asked for
  /// since the last wake counts.
  @inlinable
  public func wake(at instant: Instant) {
    borrowed._withUnsafeGuaranteedRef { $0.wake(node: index, at: instant) }
  }

  // Read here and not in `Node.deliver`: a closure that is isolated to the node would have its isolation checked for
  // every packet.
  @inlinable @inline(__always)
  func record(of packet: PacketHandle) -> (UnsafeMutablePointer<PacketRecord>, Instant) {
    borrowed._withUnsafeGuaranteedRef { ($0.slab.records + Int(packet.rawValue), $0.now) }
  }

  @inlinable @inline(__always)
  var now: Instant { borrowed._withUnsafeGuaranteedRef { $0.now } }

  /// A generator of this node's own, for one purpose.
  public func generator(for purpose: String) -> SeededGenerator { simulation.generator("\(name)/\(purpose)") }
}
