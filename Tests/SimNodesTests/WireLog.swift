import RTCPrimitives
import RTCWire
import SimKernel
import SimNetwork

/// Everything that nodes send and receive, written down.
///
/// In `model` fidelity nothing is encrypted, so that RTP and RTCP can be read here; the bytes of SRTP tags count.
final class WireLog: DatagramObserver {
  struct Entry {
    let time: Instant
    /// The node that sent it, or to which it was delivered.
    let node: Int
    let source: Endpoint
    let destination: Endpoint
    let bytes: [UInt8]
    let elided: Int

    var kind: PacketKind { Demultiplexer.classify(bytes.span) }
    var size: Int { bytes.count + elided }
    var rtp: RTPPacket? { kind == .rtp ? try? RTPPacket(parsing: bytes.span, elided: elided) : nil }
    var rtcp: [RTCPPacket] { kind == .rtcp ? (try? RTCPCompound.parse(bytes.span)) ?? [] : [] }
    var payload: [UInt8] { rtp.map { Array(bytes[$0.payloadRange]) } ?? [] }
  }

  private(set) var sent: [Entry] = []
  private(set) var delivered: [Entry] = []

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    sent.append(entry(packet, simulation, node))
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    delivered.append(entry(packet, simulation, node))
  }

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {}

  private func entry(_ packet: PacketHandle, _ simulation: Simulation, _ node: Int) -> Entry {
    let record = simulation[packet]
    return Entry(
      time: simulation.now, node: node, source: record.source, destination: record.destination,
      bytes: simulation.withBytes(of: packet) { bytes in bytes.indices.map { bytes[$0] } }, elided: Int(record.elided))
  }
}

extension [WireLog.Entry] {
  func between(_ begin: Duration, _ end: Duration) -> Self {
    filter { $0.time >= .start + begin && $0.time < .start + end }
  }

  func of(_ node: any Node) -> Self { filter { $0.node == node.port.index } }

  func to(_ address: IPAddress) -> Self { filter { $0.destination.address == address } }

  func from(_ address: IPAddress) -> Self { filter { $0.source.address == address } }

  /// The RTP packets by their SSRC.
  var streams: [UInt32: Self] {
    Dictionary(grouping: filter { $0.rtp != nil }) { $0.rtp?.header.ssrc ?? 0 }
  }

  /// The numbers that were asked for, request by request, of the stream `ssrc`.
  func requests(for ssrc: UInt32) -> [SequenceNumber] {
    flatMap(\.rtcp).flatMap { packet -> [SequenceNumber] in
      guard case .genericNACK(let request) = packet, request.mediaSSRC == ssrc else { return [] }
      return request.lost
    }
  }

  /// When key frames of the stream `ssrc` were asked for.
  func pictureLosses(of ssrc: UInt32) -> [Instant] {
    flatMap { entry in
      entry.rtcp.compactMap { packet in
        guard case .pictureLossIndication(let loss) = packet, loss.mediaSSRC == ssrc else { return nil }
        return entry.time
      }
    }
  }
}
