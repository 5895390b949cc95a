import RTCPrimitives
import SimKernel
import SimNetwork
import SimNodes

/// Simulates a call of two on one machine, and measures it as `CallTraffic`.
package struct CallRun {
  /// Virtual time between two looks at whether the call stands.
  private static let patience = Duration.milliseconds(10)
  private static let codecs: Set<WorkCategory> = [.videoEncode, .videoDecode, .audioEncode, .audioDecode]

  package let scenario: Scenario
  package let session: SessionScenario
  package let window: Duration

  /// - Parameter scenario: a session; its first two participants call each other directly.
  /// - Throws: `RunError.notASession`.
  package init(_ scenario: Scenario, window: Duration) throws(RunError) {
    guard var session = scenario.session else { throw .notASession(scenario.name) }
    // What lies between two processes of one machine: nothing.
    session.topology = Mesh().name
    session.participants = 2
    session.client.nat = nil
    session.client.firewall = nil
    session.client.uplink = .ideal
    session.client.downlink = .ideal
    session.clients = []
    session.stunSite = nil
    session.turn = nil
    session.isSignalingConnected = true
    session.fidelity = .wire
    self.scenario = scenario
    self.session = session
    self.window = window
  }

  /// What everybody captures and sends.
  package var mediaSettings: MediaSettings { SessionRun.mediaSettings(of: session, SessionRun.Options()) }

  /// - Throws: `CallTrafficError`
  package func run() throws(CallTrafficError) -> CallTraffic {
    var options = SessionRun.Options()
    options.isDetailed = true
    let builder = SessionBuilder(
      scenario: scenario, session: session, plan: session.plan, fidelity: .wire, options: options,
      media: mediaSettings)
    let simulation = Simulation(seed: scenario.seed)
    defer { simulation.end() }
    let built = builder.build(in: simulation)
    for (index, client) in built.clients.enumerated() {
      let time = Instant.start + session.joinInterval * index
      simulation.spawn {
        await simulation.sleep(until: time)
        await client.join()
      }
    }
    let begin = try readyTime(built) + CallTraffic.settlingTime
    simulation.run(until: begin)
    let clients = built.clients
    simulation.perform { for client in clients { await client.beginMeasuring() } }
    let observer = SendingObserver(TrafficMeter(tagLength: session.srtpProfiles[0].rtpOverhead))
    built.network.observer = observer
    simulation.run(until: begin + window)
    built.network.observer = nil
    let reports = reports(built)
    func seconds(_ isIncluded: (WorkCategory) -> Bool) -> Duration {
      let categories = WorkCategory.allCases.filter(isIncluded)
      return .seconds(
        reports.reduce(0) { sum, report in
          categories.reduce(sum) { $0 + (report.cpuSeconds[$1] ?? 0) }
        })
    }
    return CallTraffic(
      window: window, sent: observer.meter,
      cpu: CallTraffic.CPUTime(
        codecs: seconds { Self.codecs.contains($0) }, transport: seconds { !Self.codecs.contains($0) }),
      steps: Self.steps(reports.map(\.milestones)),
      packetsLost: reports.flatMap(\.connections).flatMap(\.inbound).reduce(0) { $0 + $1.packetsLost })
  }

  private func reports(_ built: SessionBuilder.Built) -> [ClientReport] {
    let clients = built.clients
    return built.simulation.perform {
      var reports: [ClientReport] = []
      for client in clients { reports.append(await client.report()) }
      return reports
    }
  }

  /// Runs until media may flow at both ends, and tells since when.
  private func readyTime(_ built: SessionBuilder.Built) throws(CallTrafficError) -> Instant {
    let end = built.simulation.now + CallTraffic.setupLimit
    while built.simulation.now < end {
      built.simulation.run(until: built.simulation.now + Self.patience)
      let times = reports(built).flatMap(\.connections).compactMap(\.readyAt)
      if times.count == 2, let last = times.max() { return last }
    }
    throw .neverConnected("simulated", after: CallTraffic.setupLimit)
  }

  /// When the later of both ends reached each step.
  private static func steps(_ ends: [[Milestone]]) -> [CallTraffic.Step: Duration] {
    guard let offer = ends.joined().first(where: { $0.kind == .createOffer })?.time else { return [:] }
    var steps: [CallTraffic.Step: Duration] = [:]
    for step in CallTraffic.Step.allCases {
      let times = ends.compactMap { milestones in milestones.first { $0.kind == step.milestone }?.time }
      guard times.count == (step == .answerApplied ? 1 : 2), let last = times.max() else { continue }
      steps[step] = last - offer
    }
    return steps
  }
}

extension CallTraffic.Step {
  fileprivate var milestone: Milestone.Kind {
    switch self {
    case .answerApplied: .setRemoteAnswer
    case .iceConnected: .iceConnected
    case .keysExported: .keysExported
    case .firstPacket: .firstRTPReceived
    case .firstPicture: .firstFrameDecoded
    }
  }
}

/// Counts what hosts send.
private final class SendingObserver: DatagramObserver {
  private(set) var meter: TrafficMeter

  init(_ meter: TrafficMeter) { self.meter = meter }

  func sent(_ packet: PacketHandle, in simulation: Simulation, by node: Int) {
    simulation.withBytes(of: packet) { meter.count($0) }
  }

  func delivered(_ packet: PacketHandle, in simulation: Simulation, to node: Int) {}

  func dropped(_ packet: PacketHandle, in simulation: Simulation, _ reason: DropReason, at place: String) {}
}
