import RTCPrimitives
import SimKernel
import SimNodes

/// Runs a simulation and stops wherever the scenario lets something go wrong.
struct FaultSchedule {
  /// By their times; of those at one time in the order of the file.
  private var faults: ArraySlice<ScheduledFault>

  init(_ session: SessionScenario) {
    let order = session.faults.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
    faults = order.map(\.element)[...]
  }

  /// Runs up to `limit`; `body` brings in each fault after all that happens at its time.
  mutating func run(_ simulation: Simulation, until limit: Instant, _ body: (ScheduledFault) -> Void) {
    while let fault = faults.first, .start + fault.time <= limit {
      simulation.run(until: .start + fault.time)
      body(fault)
      faults.removeFirst()
    }
    simulation.run(until: limit)
  }
}

extension ScheduledFault {
  /// What is told of it.
  func milestone(_ simulation: Simulation) -> Milestone {
    Milestone(
      time: simulation.now, order: simulation.takeNumber(), node: rebootedNAT, kind: .natRestarted,
      detail: "it was switched off and on, and has lost its mappings")
  }
}
