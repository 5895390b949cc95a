import CFloors
import RTCPrimitives
import SimKernel
import SimNetwork
import SimSessions

/// Whole meetings over a unit that selects: how much faster than real time, and what forwarding a packet allocates.
enum MeetingBenchmark {
  private static let speed = FigureGroup(
    subject: .meetings, title: "Meeting over an SFU: GCC, simulcast, modelled media; until 30 s after the last join",
    unit: .realTime, floor: "real time")
  private static let memory = FigureGroup(
    subject: .meetings, title: "SFU: memory, between a packet's arrival and the last of those that it becomes",
    unit: .forwardingAllocations, floor: nil)

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [
      BenchmarkStep(.meetings, "a meeting of \(effort.meetingSize)", seconds: 25) { () throws(BenchmarkError) in
        try measure(effort)
      }
    ]
  }

  private static func measure(_ effort: BenchmarkEffort) throws(BenchmarkError) -> [BenchmarkFigure] {
    let run = try meeting(
      of: effort.meetingSize, lasting: max(.seconds(30) / effort.divisor, SessionRun.warmUp + .seconds(1)))
    var share = 0.0
    let time = try Stopwatch.time { _ = run.run { share = $0 } }
    precondition(share > 0, "a run tells how far it is")
    let virtual = run.session.duration + run.session.joinInterval * (run.session.participants - 1)
    var figure = BenchmarkFigure(
      speed, "\(effort.meetingSize) people", value: Double(virtual.nanoseconds) / time)
    (figure.floor, figure.ratio, figure.wantedRatio) = (1, figure.value, 2)
    let counter = ForwardingAllocations()
    _ = run.run(observedBy: counter)
    guard counter.isCounting, counter.packets > 0 else { return [figure] }
    var allocations = BenchmarkFigure(
      memory, "\(counter.allocations) in \(counter.packets) packets",
      value: Double(counter.allocations) / Double(counter.packets))
    allocations.wantedValue = 0.001
    return [figure, allocations]
  }

  private static func meeting(of people: Int, lasting duration: Duration) throws(BenchmarkError) -> SessionRun {
    do {
      var changes = ScenarioOverrides()
      (changes.topology, changes.participants, changes.duration) = ("sfu", people, duration)
      (changes.congestionControl, changes.fidelity) = ("gcc", .model)
      return try SessionRun(ScenarioLibrary.find().scenario("meeting").applying(changes))
    } catch {
      throw .failed(operation: "the scenario meeting", reason: "\(error)")
    }
  }
}

/// Counts what is allocated from the arrival of a media packet at the server until the last packet that it sends because of it.
private final class ForwardingAllocations: DatagramObserver {
  private(set) var allocations: UInt64 = 0
  private(set) var packets = 0
  private let server = SessionRun.serverAddress
  /// The count when a media packet arrived or was sent last; `nil` while something else is done.
  private var last: UInt64?

  var isCounting: Bool { floor_allocation_count() != .max }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {
    let isForServer = simulation[packet].destination.address == server
    last = isForServer && isMedia(packet, simulation) ? floor_allocation_count() : nil
  }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    guard let before = last, simulation[packet].source.address == server else { return last = nil }
    let now = floor_allocation_count()
    (allocations, packets, last) = (allocations + now - before, packets + 1, now)
  }

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {}

  private func isMedia(_ packet: PacketHandle, _ simulation: Simulation) -> Bool {
    simulation.withBytes(of: packet) { bytes in
      bytes.count >= 12 && bytes[0] >> 6 == 2 && !(192...223).contains(bytes[1])
    }
  }
}
