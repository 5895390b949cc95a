import RTCPrimitives
import RTCTransport
import SimKernel

/// A TURN server, which answers STUN binding requests as well.
public actor TURNServerNode: Node {
  public nonisolated let port: NodePort
  private var core: TURNServer
  private var output = Output<TURNServer.Event>()

  public init(_ port: NodePort, _ configuration: TURNServer.Configuration) {
    self.port = port
    core = TURNServer(configuration, entropy: EntropySource(port.generator(for: "entropy")))
  }

  /// How many allocations exist.
  public var allocationCount: Int { core.allocationCount }

  public func receive(_ datagram: Datagram, at now: Instant) {
    core.handle(datagram, at: now, into: &output)
    finish()
  }

  public func wake(at now: Instant) {
    core.handleTimeout(at: now, into: &output)
    finish()
  }

  private func finish() {
    // The node owns all ports of its address, so nothing is to be bound.
    _ = output.takeEvents()
    port.send(&output.datagrams)
    if let due = core.nextTimeout { port.wake(at: due) }
  }
}
