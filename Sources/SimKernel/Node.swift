import RTCPrimitives

/// An actor of the simulation: it receives datagrams and wakes, each run to completion before the next event.
///
/// `receive` and `wake` are synchronous on purpose: there is no suspension in them, so no reentrancy.
public protocol Node: Actor {
  /// The node's only door to the simulation.
  nonisolated var port: NodePort { get }

  /// A datagram arrived; it is borrowed for the length of the call.
  func receive(_ datagram: Datagram, at now: Instant)

  /// The time that was asked for with `port.wake(at:)` has come.
  func wake(at now: Instant)

  /// The run is over and was read: lets go of whoever holds this node in turn.
  func simulationEnded()

  /// Enters the actor with a packet. Do not implement; the default calls `receive` without allocation.
  nonisolated func deliver(_ packet: PacketHandle)

  /// Enters the actor for a wake. Do not implement; the default calls `wake`.
  nonisolated func deliverWake()
}

extension Node {
  public func simulationEnded() {}

  @inlinable
  public nonisolated var unownedExecutor: UnownedSerialExecutor { port.simulation.asUnownedSerialExecutor() }

  @inlinable
  public nonisolated func deliver(_ packet: PacketHandle) {
    entered(packet) { node, packet in
      let (record, now) = node.port.record(of: packet)
      let stored = Span(_unsafeElements: record.pointee.stored)
      let datagram = Datagram(
        from: record.pointee.source, to: record.pointee.destination, transport: record.pointee.transport, bytes: stored,
        elided: Int(record.pointee.elided))
      node.receive(datagram, at: now)
    }
  }

  @inlinable
  public nonisolated func deliverWake() {
    entered(()) { node, _ in node.wake(at: node.port.now) }
  }
}

extension Actor {
  /// Enters the actor synchronously, from code that already runs on its executor.
  ///
  /// `operation` must capture nothing: a closure without context costs no allocation, and its argument travels beside
  /// it. `assumeIsolated` with captures costs two allocations per call.
  @inlinable @inline(__always)
  public nonisolated func synchronously<Argument, Result>(
    _ argument: Argument, _ operation: @escaping (isolated Self, Argument) -> Result
  ) -> Result {
    preconditionIsolated()
    return entered(argument, operation)
  }

  /// The same without the check: for the kernel's loop, which is the executor.
  @inlinable @inline(__always)
  nonisolated func entered<Argument, Result>(
    _ argument: Argument, _ operation: @escaping (isolated Self, Argument) -> Result
  ) -> Result {
    unsafeBitCast(operation, to: ((Self, Argument) -> Result).self)(self, argument)
  }
}
