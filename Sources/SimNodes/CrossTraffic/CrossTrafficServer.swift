public import RTCPrimitives
import RTCTransport
import RTCWire
public import SimKernel

/// The far end of cross traffic: it sends what clients ask for, takes what they send, and counts nothing but that.
public actor CrossTrafficServer: Node {
  public nonisolated let port: NodePort

  private struct Ends: Hashable {
    let local: Endpoint
    let remote: Endpoint
  }

  private var transfers: [TCPTransfer] = []
  private var places: [Ends: Int] = [:]
  private var segments = Transmissions()
  private var entropy: EntropySource

  /// How many connections there may be at once; who comes then is refused.
  private static let limit = 4096

  public init(_ port: NodePort) {
    self.port = port
    entropy = EntropySource(port.generator(for: "tcp"))
  }

  /// Bytes that have arrived over the connections that there are.
  public var received: DataSize { .bytes(transfers.reduce(0) { $0 + $1.received }) }

  public func receive(_ datagram: Datagram, at now: Instant) {
    guard datagram.transport == .tcp else { return }
    let ends = Ends(local: datagram.destination, remote: datagram.source)
    guard let place = places[ends] ?? accept(datagram.bytes, ends) else { return port.send(&segments) }
    transfers[place].handle(datagram.bytes, at: now, into: &segments)
    if let size = transfers[place].takeRequest() {
      transfers[place].send(size, at: now, into: &segments)
      if size == 0 { transfers[place].count() }
    } else {
      transfers[place].count()
    }
    settle(place, at: now)
    port.send(&segments)
    wake(for: now)
  }

  public func wake(at now: Instant) {
    for place in transfers.indices.reversed() where transfers[place].tcp.nextTimeout ?? .distantFuture <= now {
      transfers[place].handleTimeout(at: now, into: &segments)
      settle(place, at: now)
    }
    port.send(&segments)
    wake(for: now)
  }

  private func accept(_ bytes: Span<UInt8>, _ ends: Ends) -> Int? {
    guard let segment = try? TCPSegment(parsing: bytes) else { return nil }
    guard segment.flags.isDisjoint(with: [.acknowledge, .reset]), segment.flags.contains(.synchronize),
      let control = CrossTraffic.control(atPort: ends.local.port), transfers.count < Self.limit
    else {
      TCPTransfer.refuse(segment, from: ends.local, to: ends.remote, into: &segments)
      return nil
    }
    let tcp = TCPConnection(
      CrossTraffic.configuration(control), local: ends.local, remote: ends.remote, listens: true, entropy: &entropy)
    transfers.append(TCPTransfer(tcp))
    places[ends] = transfers.count - 1
    return transfers.count - 1
  }

  /// Closes what is sent, and forgets what is over; the last transfer takes its place.
  private func settle(_ place: Int, at now: Instant) {
    let events = transfers[place].takeEvents()
    if events.contains(.finished) || transfers[place].hasSentAll { transfers[place].close(at: now, into: &segments) }
    guard transfers[place].tcp.state == .closed else { return }
    places[ends(of: place)] = nil
    transfers.swapAt(place, transfers.count - 1)
    if place < transfers.count - 1 { places[ends(of: place)] = place }
    transfers.removeLast()
  }

  private func ends(of place: Int) -> Ends {
    Ends(local: transfers[place].tcp.local, remote: transfers[place].tcp.remote)
  }

  private func wake(for now: Instant) {
    guard let next = transfers.compactMap(\.tcp.nextTimeout).min() else { return }
    port.wake(at: next)
  }
}
