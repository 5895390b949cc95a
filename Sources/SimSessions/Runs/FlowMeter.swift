import RTCPrimitives
import SimKernel
import SimNetwork

/// Counts on the wire what became of the packets of each flow.
final class FlowMeter: DatagramObserver {
  struct Flow {
    var sent = 0
    var delivered = 0
    var dropped: [DropReason: Int] = [:]
    /// Nanoseconds from the sender's interface to the receiver's.
    var delays: [Int64] = []
    var firstArrival: Instant?
    var lastArrival: Instant?
    /// Of IP packets after the first one.
    var bytesAfterFirst = 0
  }

  private struct Mark {
    var flow = 0
    var time = Instant.start
  }

  private(set) var flows: [Flow]
  private var marks: [Mark] = []

  init(count: Int) { flows = [Flow](repeating: Flow(), count: count) }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    let number = simulation.withBytes(of: packet) { bytes in
      (0..<4).reduce(0) { $0 << 8 | Int(bytes[$1]) }
    }
    while marks.count <= Int(packet.rawValue) { marks.append(Mark()) }
    marks[Int(packet.rawValue)] = Mark(flow: number, time: simulation.now)
    flows[number].sent += 1
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    let mark = marks[Int(packet.rawValue)]
    flows[mark.flow].delivered += 1
    flows[mark.flow].delays.append((simulation.now - mark.time).nanoseconds)
    if flows[mark.flow].firstArrival == nil {
      flows[mark.flow].firstArrival = simulation.now
    } else {
      flows[mark.flow].bytesAfterFirst += simulation[packet].wireSize.bytes
    }
    flows[mark.flow].lastArrival = simulation.now
  }

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {
    flows[marks[Int(packet.rawValue)].flow].dropped[reason, default: 0] += 1
  }
}
