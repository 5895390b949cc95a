import RTCPrimitives
import SimKernel
import SimNetwork

/// Counts media packets that arrive and that do not, on the wire and for each part of the way.
final class WireMeter: DatagramObserver {
  private(set) var outcomes = MediaOutcomes()
  /// Streams are counted as long as this is there.
  var streams: StreamCounter?
  private let server: IPAddress?
  private let clients: Set<Int>

  init(clients: Set<Int>, server: IPAddress?, streams: StreamCounter) {
    self.clients = clients
    self.server = server
    self.streams = streams
  }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    streams?.sent(packet, in: simulation, by: node)
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    streams?.delivered(packet, in: simulation, to: node)
    guard isMedia(packet, simulation) else { return }
    if clients.contains(node) {
      outcomes.down.delivered += 1
    } else if simulation[packet].destination.address == server {
      outcomes.up.delivered += 1
    }
  }

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {
    guard isMedia(packet, simulation) else { return }
    let record = simulation[packet]
    if server != nil, clients.contains(Int(record.sender)) || record.destination.address == server {
      outcomes.up.dropped += 1
    } else {
      outcomes.down.dropped += 1
    }
  }

  /// Whether it is RTP, by itself or in a relay's ChannelData (RFC 7983 §7, RFC 5761 §4).
  private func isMedia(_ packet: PacketHandle, _ simulation: Simulation) -> Bool {
    // Ports of TCP segments may look like RTP.
    simulation[packet].transport == .udp
      && simulation.withBytes(of: packet) { bytes in
        let offset = bytes.count > 4 && (64...79).contains(bytes[0]) ? 4 : 0
        guard bytes.count >= offset + 12, bytes[offset] >> 6 == 2 else { return false }
        return !(192...223).contains(bytes[offset + 1])
      }
  }
}

/// What became of media packets: every transmission counts, repetitions too.
struct MediaOutcomes: Hashable {
  /// Of one part of the way.
  struct Part: Hashable {
    var delivered = 0
    var dropped = 0

    /// The share that was dropped; `nil` of none.
    var loss: Double? { delivered + dropped > 0 ? Double(dropped) / Double(delivered + dropped) : nil }
  }

  /// Towards the media server, and from it; without a server everything is `down`.
  var up = Part()
  var down = Part()

  /// The share of packets that do not come from one person to another when nothing is repaired.
  var loss: Double? {
    guard let down = down.loss else { return nil }
    return 1 - (1 - (up.loss ?? 0)) * (1 - down)
  }
}
