import RTCMedia
import RTCSession
import RTCWire
import SimKernel
import SimNetwork

/// Counts the streams of one kind on the wire, by their SSRC, where they leave or reach a node.
final class StreamCounter: DatagramObserver {
  private let payloadType: UInt8
  private var sentStreams = StreamSet()
  private var receivedStreams = StreamSet()

  /// - Parameter kind: which streams are counted, by the payload type of their codec.
  init(kind: MediaKind) {
    payloadType = (kind == .video ? Codecs.video : Codecs.audio)[0].payloadType
  }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    if let ssrc = source(of: packet, in: simulation) { sentStreams.insert(ssrc, at: node) }
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    if let ssrc = source(of: packet, in: simulation) { receivedStreams.insert(ssrc, at: node) }
  }

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {}

  /// How many streams these nodes sent and received.
  func counts(of nodes: Set<Int>) -> (sent: Int, received: Int) {
    (sentStreams.count(at: nodes), receivedStreams.count(at: nodes))
  }

  private func source(of packet: PacketHandle, in simulation: Simulation) -> UInt32? {
    guard simulation[packet].transport == .udp else { return nil }
    return simulation.withBytes(of: packet) { bytes in
      // Behind a relay a packet stands in ChannelData, after four bytes.
      let offset = bytes.count > 4 && (64...79).contains(bytes[0]) ? 4 : 0
      guard bytes.count >= offset + 12, bytes[offset] >> 6 == 2, bytes[offset + 1] & 0x7F == payloadType else {
        return nil
      }
      return bytes.bigEndianUInt32(at: offset + 8)
    }
  }
}

/// Streams at nodes: an open-addressed table, because it is asked twice for every packet.
private struct StreamSet {
  private var slots = [UInt64](repeating: 0, count: 64)
  private var count = 0

  mutating func insert(_ ssrc: UInt32, at node: Int) {
    // Never 0, which is a free slot.
    insert(UInt64(node + 1) << 32 | UInt64(ssrc))
  }

  func count(at nodes: Set<Int>) -> Int {
    slots.count { $0 != 0 && nodes.contains(Int($0 >> 32) - 1) }
  }

  private mutating func insert(_ stream: UInt64) {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: (stream &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while slots[index] != 0 {
      guard slots[index] != stream else { return }
      index = (index + 1) & mask
    }
    slots[index] = stream
    count += 1
    guard 2 * count > slots.count else { return }
    let old = slots
    slots = [UInt64](repeating: 0, count: 2 * old.count)
    count = 0
    for stream in old where stream != 0 { insert(stream) }
  }
}
