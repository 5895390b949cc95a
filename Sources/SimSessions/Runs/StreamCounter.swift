import RTCMedia
import RTCSession
import RTCWire
import SimKernel
import SimNetwork

/// Counts the streams of one kind on the wire, by their SSRC, where they leave or reach a node.
final class StreamCounter: DatagramObserver {
  private struct Stream: Hashable {
    let node: Int
    let ssrc: UInt32
  }

  private let payloadType: UInt8
  private var sentStreams: Set<Stream> = []
  private var receivedStreams: Set<Stream> = []

  /// - Parameter kind: which streams are counted, by the payload type of their codec.
  init(kind: MediaKind) {
    payloadType = (kind == .video ? Codecs.video : Codecs.audio)[0].payloadType
  }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    if let ssrc = source(of: packet, in: simulation) { sentStreams.insert(Stream(node: node, ssrc: ssrc)) }
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    if let ssrc = source(of: packet, in: simulation) { receivedStreams.insert(Stream(node: node, ssrc: ssrc)) }
  }

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason) {}

  /// How many streams these nodes sent and received.
  func counts(of nodes: Set<Int>) -> (sent: Int, received: Int) {
    (
      sentStreams.count { nodes.contains($0.node) }, receivedStreams.count { nodes.contains($0.node) }
    )
  }

  private func source(of packet: PacketHandle, in simulation: Simulation) -> UInt32? {
    simulation.withBytes(of: packet) { bytes in
      // Behind a relay a packet stands in ChannelData, after four bytes.
      let offset = bytes.count > 4 && (64...79).contains(bytes[0]) ? 4 : 0
      guard bytes.count >= offset + 12, bytes[offset] >> 6 == 2, bytes[offset + 1] & 0x7F == payloadType else {
        return nil
      }
      return bytes.bigEndianUInt32(at: offset + 8)
    }
  }
}
