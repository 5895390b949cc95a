import RTCPrimitives
import RTCTransport
import SimKernel

/// A STUN server.
public actor STUNServerNode: Node {
  public nonisolated let port: NodePort
  private var core = STUNServer()
  private var datagrams = Transmissions()

  public init(_ port: NodePort) { self.port = port }

  public func report() -> STUNServerReport {
    STUNServerReport(name: port.name, answered: core.answered, discarded: core.discarded)
  }

  public func receive(_ datagram: Datagram, at now: Instant) {
    core.handle(datagram, at: now, into: &datagrams)
    port.send(&datagrams)
  }

  public func wake(at now: Instant) {}
}
