public import RTCPrimitives
import RTCTransport
import RTCWire
public import SimKernel

/// The near end of cross traffic, which opens the connections: it stands where the link is that it shares.
public actor CrossTrafficClient: Node {
  public nonisolated let port: NodePort

  /// One of the flows that a client has.
  private struct Flow {
    let traffic: CrossTraffic
    var transfer: TCPTransfer?
    /// When the next connection is opened.
    var due: Instant
    /// Of the file that is being carried.
    var size = 0
    /// Of connections that are over.
    var report = CrossTrafficReport()
    var dice: SeededGenerator
  }

  private let own: IPAddress
  private let server: IPAddress
  private var flows: [Flow]
  private var segments = Transmissions()
  private var entropy: EntropySource
  private var connections = 0

  /// - Parameters:
  ///   - own: the address from which connections are opened.
  ///   - server: that of a `CrossTrafficServer`.
  public init(_ port: NodePort, own: IPAddress, server: IPAddress, _ traffic: [CrossTraffic]) {
    self.port = port
    self.own = own
    self.server = server
    entropy = EntropySource(port.generator(for: "tcp"))
    flows = traffic.enumerated().map { index, traffic in
      Flow(traffic: traffic, due: traffic.begin, dice: port.generator(for: "flow/\(index)"))
    }
  }

  /// Lets the flows begin when they are to; nothing happens before.
  public func start() { wakeNext() }

  /// What each flow has done so far.
  public var reports: [CrossTrafficReport] {
    flows.map { flow in
      var report = flow.report
      guard let transfer = flow.transfer else { return report }
      report.carried += Self.carried(of: transfer, flow)
      report.retransmissions += transfer.tcp.retransmissions
      return report
    }
  }

  /// The congestion window of an upload that is under way, at this end; `nil` where there is none.
  public func congestionWindow(ofFlow index: Int) -> DataSize? { flows[index].transfer?.tcp.congestionWindow }

  public func receive(_ datagram: Datagram, at now: Instant) {
    guard datagram.transport == .tcp else { return }
    let index = flows.firstIndex { flow in
      flow.transfer.map { $0.tcp.local == datagram.destination && $0.tcp.remote == datagram.source } ?? false
    }
    if let index {
      flows[index].transfer?.handle(datagram.bytes, at: now, into: &segments)
      settle(index, at: now)
    } else if let segment = try? TCPSegment(parsing: datagram.bytes) {
      TCPTransfer.refuse(segment, from: datagram.destination, to: datagram.source, into: &segments)
    }
    port.send(&segments)
    wakeNext()
  }

  public func wake(at now: Instant) {
    for index in flows.indices {
      if flows[index].traffic.end <= now {
        flows[index].transfer?.abort(into: &segments)
        settle(index, at: now)
        flows[index].due = .distantFuture
      } else if flows[index].transfer == nil, flows[index].due <= now {
        open(index, at: now)
      } else if flows[index].transfer?.tcp.nextTimeout ?? .distantFuture <= now {
        flows[index].transfer?.handleTimeout(at: now, into: &segments)
        settle(index, at: now)
      }
    }
    port.send(&segments)
    wakeNext()
  }

  private func open(_ index: Int, at now: Instant) {
    let traffic = flows[index].traffic
    let local = Endpoint(own, Self.firstPort + UInt16(connections % Self.ports))
    connections += 1
    flows[index].report.connections += 1
    switch traffic.pattern {
    case .bulk: flows[index].size = TCPTransfer.endless
    case .short(let sizes, _):
      flows[index].size = sizes.lowerBound + Int(flows[index].dice.next() % UInt64(sizes.count))
    }
    let tcp = TCPConnection(
      CrossTraffic.configuration(traffic.congestionControl), local: local,
      remote: Endpoint(server, CrossTraffic.port(of: traffic.congestionControl)), entropy: &entropy)
    flows[index].transfer = TCPTransfer(tcp)
    flows[index].transfer?.open(at: now, into: &segments)
  }

  /// Goes on with what has happened to a connection.
  private func settle(_ index: Int, at now: Instant) {
    guard var transfer = flows[index].transfer else { return }
    // One owner at a time, so that nothing is copied.
    flows[index].transfer = nil
    let traffic = flows[index].traffic
    transfer.count()
    for event in transfer.takeEvents() {
      switch event {
      case .connected:
        switch traffic.direction {
        case .download: transfer.request(flows[index].size, at: now, into: &segments)
        case .upload:
          transfer.request(0, at: now, into: &segments)
          transfer.send(flows[index].size, at: now, into: &segments)
        }
      case .finished: transfer.close(at: now, into: &segments)
      case .closed: break
      }
    }
    if traffic.direction == .upload, transfer.hasSentAll { transfer.close(at: now, into: &segments) }
    guard transfer.tcp.state == .closed || transfer.tcp.state == .timeWait else {
      flows[index].transfer = transfer
      return
    }
    let carried = Self.carried(of: transfer, flows[index])
    flows[index].report.carried += carried
    flows[index].report.retransmissions += transfer.tcp.retransmissions
    if carried.bytes >= flows[index].size { flows[index].report.files += 1 }
    let due = now + idleTime(of: index)
    flows[index].due = due < traffic.end ? due : .distantFuture
  }

  /// Until the next connection; after one that failed or was taken away, a second.
  private func idleTime(of index: Int) -> Duration {
    guard case .short(_, let mean) = flows[index].traffic.pattern else { return .seconds(1) }
    return Duration(inSeconds: flows[index].dice.exponential() * mean.inSeconds)
  }

  private func wakeNext() {
    for flow in flows {
      if let transfer = flow.transfer {
        port.wake(at: min(transfer.tcp.nextTimeout ?? .distantFuture, flow.traffic.end))
      } else {
        port.wake(at: flow.due)
      }
    }
  }

  private static func carried(of transfer: TCPTransfer, _ flow: Flow) -> DataSize {
    switch flow.traffic.direction {
    case .download: .bytes(transfer.received)
    case .upload: .bytes(min(flow.size, max(0, transfer.tcp.acknowledged.bytes - TCPTransfer.requestSize)))
    }
  }

  private static let firstPort: UInt16 = 32768
  private static let ports = 28_000
}
