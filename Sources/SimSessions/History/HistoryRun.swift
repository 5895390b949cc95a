import RTCPrimitives
import RTCSession
import SimKernel
import SimNetwork
import SimNodes

/// Runs a call of two people and writes it down, as often as is wanted and each time the same.
public struct HistoryRun: Sendable {
  public let scenario: Scenario
  private let session: SessionScenario
  private let builder: SessionBuilder

  /// - Throws: `HistoryError` for what is no call of two people; `RunError` for what cannot be run at all.
  public init(_ scenario: Scenario, options: SessionRun.Options = .init()) throws {
    guard let session = scenario.session else { throw RunError.notASession(scenario.name) }
    guard session.participants == 2, session.topology == Mesh().name else {
      throw HistoryError.noCallOfTwo(
        scenario.name, topology: session.topology, participants: session.participants)
    }
    guard session.crossTraffic.isEmpty else { throw HistoryError.crossTraffic(scenario.name) }
    guard session.fidelity != .model else { throw HistoryError.modelled(scenario.name) }
    var options = options
    options.isDetailed = true
    self.scenario = scenario
    self.session = session
    builder = SessionBuilder(
      scenario: scenario, session: session, plan: session.plan, fidelity: .wire, options: options,
      media: SessionRun.mediaSettings(of: session, options))
  }

  /// The same call with other dice.
  public func seeded(_ seed: UInt64) -> HistoryRun {
    var scenario = scenario
    scenario.seed = seed
    do {
      return try HistoryRun(scenario, options: builder.options)
    } catch {
      preconditionFailure("the seed does not decide whether a scenario can be run: \(error)")
    }
  }

  /// The call as it is.
  public func record() -> History { record([], []) }

  /// The call of `history` with one more change. Changes at later moments are taken back.
  ///
  /// - Throws: `WhatIfError`.
  public func record(_ whatIf: WhatIf, in history: History) throws(WhatIfError) -> History {
    let fault = PlannedFault(moment: whatIf.moment, fault: try whatIf.fault(in: history))
    return record(
      history.whatIfs.filter { $0.moment <= whatIf.moment } + [whatIf],
      history.faults.filter { $0.moment <= whatIf.moment } + [fault])
  }

  /// The call with all these changes; each one's moment is a number in the history that the ones before it make.
  ///
  /// - Throws: `WhatIfError`.
  public func record(_ whatIfs: [WhatIf]) throws(WhatIfError) -> History {
    for (earlier, later) in zip(whatIfs, whatIfs.dropFirst()) where later.moment < earlier.moment {
      throw .notInOrder(later.moment, after: earlier.moment)
    }
    var history = record()
    for whatIf in whatIfs { history = try record(whatIf, in: history) }
    return history
  }

  private func record(_ whatIfs: [WhatIf], _ faults: [PlannedFault]) -> History {
    let simulation = Simulation(seed: scenario.seed)
    let end = Instant.start + session.joinInterval + session.duration
    let recorder = CallRecorder(
      simulation, faults: faults, duration: end - .start, clients: session.participants)
    let builder = builder
    let clients = simulation.perform { await recorder.begin(builder) }
    for (index, client) in clients.enumerated() {
      let time = Instant.start + session.joinInterval * index
      simulation.spawn {
        await simulation.sleep(until: time)
        await client.join()
      }
    }
    var schedule = FaultSchedule(session)
    while simulation.now < end {
      schedule.run(simulation, until: min(end, simulation.now + CallSeries.interval)) { fault in
        simulation.perform { await recorder.bring(fault) }
      }
      simulation.perform { await recorder.sample() }
    }
    // One hangs up, and the other hears of it.
    if let caller = clients.last { simulation.spawn { await caller.perform(.hangUp) } }
    simulation.run(until: simulation.now + .milliseconds(500))
    let recording = simulation.perform { await recorder.end() }
    let duration = simulation.now - .start
    let hash = simulation.traceHash.description
    simulation.end()
    return History(
      scenario: scenario, whatIfs: whatIfs, lanes: lanes, ends: clients.map(\.port.name), moments: recording.moments,
      messages: recording.messages, series: recording.series, isCut: recording.isCut, duration: duration,
      traceHash: hash, faults: faults)
  }

  /// A client, its NAT, the servers, and the other client behind its own.
  private var lanes: [Lane] {
    func client(_ index: Int) -> [Lane] {
      let (name, profile) = (Participant(index: index, kinds: []).name, session.client(at: index))
      return [Lane(name: name, kind: .client)]
        + SessionBuilder.natNames(of: name, behind: profile.nat).map { Lane(name: $0, kind: .nat) }
    }
    var lanes = client(0) + [Lane(name: "signaling", kind: .signaling)]
    if session.stunSite != nil { lanes.append(Lane(name: "stun", kind: .stun)) }
    for number in 0..<(session.turn?.servers ?? 0) {
      lanes.append(Lane(name: SessionBuilder.turnName(number), kind: .turn))
    }
    // A NAT that both share has one lane.
    return lanes + client(1).reversed().filter { lane in !lanes.contains { $0.name == lane.name } }
  }
}

/// Why a scenario cannot be stepped through.
public enum HistoryError: Error, Hashable, Sendable, CustomStringConvertible {
  case noCallOfTwo(String, topology: String, participants: Int)
  case modelled(String)
  case crossTraffic(String)

  public var description: String {
    switch self {
    case .noCallOfTwo(let name, let topology, let participants):
      "\(name): topology '\(topology)' with \(participants) participants found, allowed: 'mesh' with 2, because both ends "
        + "of one call are shown; try two-peers"
    case .crossTraffic(let name):
      "\(name): crossTraffic found, allowed: none, because only what two people send each other is shown"
    case .modelled(let name): "\(name): fidelity 'model' found, allowed: 'wire' or 'auto', because every byte is shown"
    }
  }
}
