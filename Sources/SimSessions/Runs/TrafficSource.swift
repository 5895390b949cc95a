import RTCPrimitives
import SimKernel

/// A host that sends plain UDP flows of packets at equal distances, and takes in what arrives.
///
/// A packet begins with the flow's number and its own (32 bits each); zeros follow.
actor TrafficSource: Node {
  /// One flow out of this host.
  struct Flow: Sendable {
    let number: Int
    let destination: Endpoint
    let packetSize: Int
    let rate: DataRate
    /// IP packet.
    let wireSize: DataSize
    let begin: Instant
    let end: Instant

    /// When packet `index` is sent, without an error that adds up.
    func time(of index: Int) -> Instant {
      let bits = Int128(index) * Int128(wireSize.bits) * 1_000_000_000
      return begin + .nanoseconds(Int64(bits / Int128(rate.bitsPerSecond)))
    }
  }

  nonisolated let port: NodePort
  private let own: Endpoint
  private let flows: [Flow]
  private var sent: [Int]
  private var packet = ByteWriter()

  init(_ port: NodePort, own: Endpoint, flows: [Flow]) {
    self.port = port
    self.own = own
    self.flows = flows
    sent = [Int](repeating: 0, count: flows.count)
  }

  func begin() { planNextWake() }

  func receive(_ datagram: Datagram, at now: Instant) {}

  func wake(at now: Instant) {
    for (index, flow) in flows.enumerated() {
      while flow.time(of: sent[index]) <= now, flow.time(of: sent[index]) < flow.end {
        send(flow, sequence: sent[index])
        sent[index] += 1
      }
    }
    planNextWake()
  }

  private func send(_ flow: Flow, sequence: Int) {
    packet.removeAll()
    packet.append(UInt32(truncatingIfNeeded: flow.number))
    packet.append(UInt32(truncatingIfNeeded: sequence))
    packet.appendZeros(flow.packetSize - 8)
    port.send(packet.bytes.span, from: own, to: flow.destination)
  }

  private func planNextWake() {
    let times = flows.indices.map { index in
      let time = flows[index].time(of: sent[index])
      return time < flows[index].end ? time : .distantFuture
    }
    if let next = times.min(), next < .distantFuture { port.wake(at: next) }
  }
}
