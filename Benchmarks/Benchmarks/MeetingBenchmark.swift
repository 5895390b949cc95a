import CFloors
import RTCPrimitives
import SimSessions

/// Whole meetings over a unit that selects: how much faster than real time, and what forwarding a packet allocates.
enum MeetingBenchmark {
  private static let speed = FigureGroup(
    subject: .meetings, title: "Meeting over an SFU: GCC, simulcast, modelled media; until 30 s after the last join",
    unit: .realTime, floor: "real time")
  private static let memory = FigureGroup(
    subject: .meetings, title: "Meeting over an SFU: what more packets of the same pictures allocate",
    unit: .packetAllocations, floor: nil)

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    let duration = max(.seconds(30) / effort.divisor, SessionRun.warmUp + .seconds(1))
    return [
      BenchmarkStep(.meetings, "a meeting of \(effort.meetingSize)", seconds: 20) { () throws(BenchmarkError) in
        let result = try Meeting(of: effort.meetingSize, lasting: duration)
        var figure = BenchmarkFigure(speed, "\(effort.meetingSize) people", value: result.timesRealTime)
        (figure.floor, figure.ratio, figure.wantedRatio) = (1, figure.value, 2)
        return [figure]
      },
      BenchmarkStep(.meetings, "the memory of meetings", seconds: 4) { () throws(BenchmarkError) in
        // The frames, and what is said of them, are as many; their packets are not.
        let people = max(3, effort.meetingSize / 5)
        let few = try Meeting(of: people, lasting: duration, bitrate: .kilobitsPerSecond(100))
        let many = try Meeting(of: people, lasting: duration, bitrate: .kilobitsPerSecond(1000))
        guard few.allocations != .max, many.packets > few.packets else { return [] }
        let (packets, allocations) = (many.packets - few.packets, Double(many.allocations) - Double(few.allocations))
        var figure = BenchmarkFigure(
          memory, "\(Int(allocations)) for \(packets) packets", value: allocations / Double(packets))
        figure.wantedValue = 0.05
        return [figure]
      },
    ]
  }
}

/// What a meeting took.
private struct Meeting {
  let timesRealTime: Double
  /// Datagrams that arrived.
  let packets: Int
  /// `max` where they cannot be counted.
  let allocations: UInt64

  /// - Parameter bitrate: of a picture, where it is not the scenario's.
  init(of people: Int, lasting duration: Duration, bitrate: DataRate? = nil) throws(BenchmarkError) {
    let run = try Self.run(of: people, lasting: duration, bitrate: bitrate)
    run.growHeap()
    var delivered = 0
    let before = floor_allocation_count()
    let time = try Stopwatch.time { delivered = run.run().datagrams.delivered }
    let after = floor_allocation_count()
    let virtual = run.session.duration + run.session.joinInterval * (people - 1)
    timesRealTime = Double(virtual.nanoseconds) / time
    packets = delivered
    allocations = after == .max ? .max : after - before
  }

  private static func run(
    of people: Int, lasting duration: Duration, bitrate: DataRate?
  ) throws(BenchmarkError) -> SessionRun {
    do {
      var changes = ScenarioOverrides()
      (changes.topology, changes.participants, changes.duration) = ("sfu", people, duration)
      (changes.congestionControl, changes.fidelity) = ("gcc", .model)
      var scenario = try ScenarioLibrary.find().scenario("meeting").applying(changes)
      if let bitrate, case .session(var session) = scenario.kind {
        session.video?.bitrate = bitrate
        scenario.kind = .session(session)
      }
      return try SessionRun(scenario)
    } catch {
      throw .failed(operation: "the scenario meeting", reason: "\(error)")
    }
  }
}
