import RTCPrimitives
import RTCWire
import SimKernel
import SimNetwork
import TestSupport

/// What stands on the wire of a call of two in steady state, by direction and class.
///
/// A datagram of RTCP counts as what its first packet is. `tx` is sent by the first of both, `rx` by the other.
struct SteadyTraffic {
  /// Datagrams of one class in one direction.
  struct Flow {
    var packets = 0.0
    /// Of UDP payload.
    var bytes = 0.0
    /// Of RTP headers, extensions included.
    var headerBytes = 0.0

    static func + (one: Flow, other: Flow) -> Flow {
      Flow(
        packets: one.packets + other.packets, bytes: one.bytes + other.bytes,
        headerBytes: one.headerBytes + other.headerBytes)
    }
  }

  var window: Duration
  /// By direction, `rtp`, `rtcp` or `stun`, and detail: `tx|rtp|video`.
  var flows: [String: Flow] = [:]

  /// The mean of those directions that have `detail`.
  func flow(_ detail: String, _ directions: [String]) -> Flow {
    let sum = directions.compactMap { flows["\($0)|\(detail)"] }.reduce(Flow(), +)
    let count = Double(max(1, directions.count))
    return Flow(packets: sum.packets / count, bytes: sum.bytes / count, headerBytes: sum.headerBytes / count)
  }

  func directions(of detail: String) -> [String] { ["tx", "rx"].filter { flows["\($0)|\(detail)"] != nil } }
}

extension SteadyTraffic {
  /// One of the files `steady_*.json`.
  private struct Recording: Decodable {
    struct Class: Decodable {
      let packets: Double
      let udp_payload_bytes: Double
      /// `length,padding bit: packets`
      let headers: [String: Double]?

      enum CodingKeys: String, CodingKey {
        case packets, udp_payload_bytes
        case headers = "rtp_header_bytes(len,padbit):count"
      }
    }
    let window_s: Double
    let wire: [String: Class]
  }

  /// Calls that were recorded of two Chromiums, all together.
  init(recordings names: [String]) throws {
    window = .zero
    for name in names { try add(try Vectors.decode(Recording.self, from: "reference/steady_\(name).json")) }
  }

  private mutating func add(_ recording: Recording) throws {
    window += .seconds(recording.window_s)
    for (key, recorded) in recording.wire {
      let headers = recorded.headers ?? [:]
      let bytes = headers.reduce(0) { sum, entry in
        sum + (Double(entry.key.prefix { $0 != "," }) ?? 0) * entry.value
      }
      let detail = key.replacing("rtcp(first)", with: "rtcp").replacing("|red", with: "|video")
        .replacing("|opus", with: "|audio")
      let flow = Flow(packets: recorded.packets, bytes: recorded.udp_payload_bytes, headerBytes: bytes)
      flows[detail] = (flows[detail] ?? Flow()) + flow
    }
  }
}

/// Counts what two clients send; in `model` fidelity RTCP can be read, and the tags of SRTP count.
final class SteadyObserver: DatagramObserver {
  private(set) var traffic = SteadyTraffic(window: .zero)
  private let first: Int

  /// - Parameter first: the node whose datagrams are `tx`.
  init(first: Int) { self.first = first }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    let elided = Int(simulation[packet].elided)
    let direction = node == first ? "tx" : "rx"
    simulation.withBytes(of: packet) { bytes in
      var flow = SteadyTraffic.Flow(packets: 1, bytes: Double(bytes.count + elided))
      guard let detail = Self.detail(bytes, elided: elided, &flow) else { return }
      let key = "\(direction)|\(detail)"
      traffic.flows[key] = (traffic.flows[key] ?? SteadyTraffic.Flow()) + flow
    }
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {}

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {}

  func ends(after window: Duration) -> SteadyTraffic {
    traffic.window = window
    return traffic
  }

  private static func detail(_ bytes: Span<UInt8>, elided: Int, _ flow: inout SteadyTraffic.Flow) -> String? {
    switch Demultiplexer.classify(bytes) {
    case .rtp:
      guard let packet = try? RTPPacket(parsing: bytes, elided: elided) else { return nil }
      flow.headerBytes = Double(packet.payloadRange.lowerBound)
      switch packet.header.payloadType {
      case 96: return "rtp|video"
      case 97: return "rtp|rtx(VP8)"
      case 111: return "rtp|audio"
      case let other: return "rtp|\(other)"
      }
    case .rtcp: return (try? RTCPCompound.parse(bytes))?.first.map { "rtcp|\($0.name)" }
    case .stun: return bytes[0] & 1 == 0 ? "stun|bind_req" : "stun|bind_ok"
    case .dtls, .turnChannel, .zrtp, .quic, .unknown: return "other"
    }
  }
}
