import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel
import SimNetwork
import SimNodes

/// One run of a session scenario, from the first join to the end.
public struct SessionRun: Sendable {
  public struct Options: Sendable {
    /// Whether every candidate, check and handshake flight becomes a milestone.
    public var isDetailed = false
    /// Whether every interface is captured.
    public var capturesPackets = false
    /// The picture and sound files of the scenario, already read.
    public var videoFile: Y4MFile?
    public var audioFile: WAVFile?

    public init() {}
  }

  /// What a run leaves for its result.
  struct Measurement {
    let window: Duration
    /// At the beginning of the window, of all that came before it.
    let begin: Reading
    /// At the end of the window; everybody hangs up after it.
    let end: Reading
    let streams: StreamCounter
    let wire: MediaOutcomes
    let composedPictures: [String: VideoFrame]
    let milestones: [Milestone]
  }

  /// Means begin this long after the last join.
  public static let warmUp = Duration.seconds(5)

  public let scenario: Scenario
  public let session: SessionScenario
  public let plan: SessionPlan
  public let fidelity: RTCSession.Fidelity
  private let options: Options

  /// Prepares a run.
  ///
  /// - Throws: `RunError` for what cannot be run.
  public init(_ scenario: Scenario, options: Options = Options()) throws(RunError) {
    guard let session = scenario.session else { throw .notASession(scenario.name) }
    guard session.duration > Self.warmUp else { throw .tooShort(session.duration) }
    self.scenario = scenario
    self.session = session
    self.options = options
    plan = session.plan
    fidelity = try Self.fidelity(of: session, plan)
  }

  /// Asks for large pages where many people meet; to be called on the main thread by a program that does little else.
  public func growHeap() {
    guard session.participants >= 50 else { return }
    // What each knows of each other, as measured.
    growHeapInLargePages(by: session.participants * session.participants * 60_000)
  }

  /// Runs it on the calling thread.
  ///
  /// - Parameter progress: told the share of virtual time that has passed, once a virtual second.
  public func run(progress: (Double) -> Void = { _ in }) -> SessionResult {
    let builder = SessionBuilder(
      scenario: scenario, session: session, plan: plan, fidelity: fidelity, options: options, media: mediaSettings)
    let built = builder.build(in: Simulation(seed: scenario.seed))
    let simulation = built.simulation
    if options.capturesPackets {
      for (client, access) in zip(built.clients, built.access) {
        for interface in Set(built.network.attachments(of: client.port) + [access]).sorted() {
          built.network.capture(at: interface)
        }
      }
      if let link = built.serverLink { built.network.capture(at: link) }
      for link in built.turnLinks { built.network.capture(at: link) }
    }
    for (index, client) in built.clients.enumerated() {
      let time = Instant.start + session.joinInterval * index
      simulation.spawn {
        await simulation.sleep(until: time)
        await client.join()
      }
    }
    var faults = FaultSchedule(session)
    var told: [Milestone] = []
    func advance(to limit: Instant, of end: Instant) {
      while simulation.now < limit {
        faults.run(simulation, until: min(limit, simulation.now + .seconds(1))) { fault in
          built.network.restartTranslator(named: fault.rebootedNAT)
          told.append(fault.milestone(simulation))
        }
        progress((simulation.now - .start).inSeconds / (end - .start).inSeconds)
      }
    }
    let lastJoin = Instant.start + session.joinInterval * (session.participants - 1)
    let measureFrom = lastJoin + Self.warmUp
    let end = lastJoin + session.duration
    advance(to: measureFrom, of: end)
    let joining = Reading(built)
    beginMeasuring(built)
    let counter = StreamCounter(kind: session.video != nil ? .video : .audio)
    let wire = WireMeter(
      clients: Set(built.clients.map(\.port.index)), server: plan.server.map { _ in SessionBuilder.serverAddress },
      streams: counter)
    built.network.observer = wire
    advance(to: min(end, measureFrom + .seconds(1)), of: end)
    wire.streams = nil
    advance(to: end, of: end)
    built.network.observer = nil
    defer { simulation.end() }
    let reading = Reading(built)
    let pictures = composedPictures(built)
    hangUp(built)
    return SessionResult(
      self, built,
      Measurement(
        window: end - measureFrom, begin: joining, end: reading, streams: counter, wire: wire.outcomes,
        composedPictures: pictures,
        milestones: Reading(built).milestones(and: told)))
  }

  private func beginMeasuring(_ built: SessionBuilder.Built) {
    built.network.resetLinkStatistics()
    let (clients, server) = (built.clients, built.server)
    built.simulation.perform {
      for client in clients { await client.beginMeasuring() }
      switch server {
      case .forwarding(let unit): await unit.beginMeasuring()
      case .mixing(let unit): await unit.beginMeasuring()
      case nil: break
      }
    }
  }

  /// Lets everybody hang up, once all is measured.
  private func hangUp(_ built: SessionBuilder.Built) {
    for client in built.clients { built.simulation.spawn { await client.hangUp() } }
    built.simulation.run(until: built.simulation.now + .milliseconds(500))
  }

  private func composedPictures(_ built: SessionBuilder.Built) -> [String: VideoFrame] {
    guard case .mixing(let unit) = built.server else { return [:] }
    let names = built.clients.map(\.port.name)
    return built.simulation.perform {
      var pictures: [String: VideoFrame] = [:]
      for name in names { pictures[name] = await unit.composedPicture(for: name) }
      return pictures
    }
  }

  private var mediaSettings: MediaSettings { Self.mediaSettings(of: session, options) }

  /// What everybody captures and sends.
  static func mediaSettings(of session: SessionScenario, _ options: Options) -> MediaSettings {
    var settings = MediaSettings(
      mode: session.media == .real ? .real : .modelled,
      video: session.video.map {
        VP8Settings(width: $0.width, height: $0.height, bitrate: $0.bitrate, framesPerSecond: $0.frameRate)
      }, audio: session.audio?.bitrate)
    settings.videoFile = options.videoFile
    settings.audioFile = options.audioFile
    return settings
  }

  /// `auto` takes every byte seriously up to two million planned packets, and always where bytes travel in streams.
  static func fidelity(of session: SessionScenario, _ plan: SessionPlan) throws(RunError)
    -> RTCSession.Fidelity
  {
    switch (session.fidelity, session.media) {
    case (.wire, _), (.auto, .real): return .wire
    case (.model, .real): throw .realMediaNeedsWire
    case (.model, .modelled): return .model
    case (.auto, .modelled):
      return session.usesStreams || plannedPackets(session, plan) <= 2_000_000 ? .wire : .model
    }
  }

  /// Media packets that all streams of the plan make in the run.
  static func plannedPackets(_ session: SessionScenario, _ plan: SessionPlan) -> Double {
    let video = session.video.map { Double($0.bitrate.bitsPerSecond) / 8 / 1100 + Double($0.frameRate) / 2 } ?? 0
    let audio = session.audio == nil ? 0.0 : 50
    let perSecond =
      Double(plan.streams(of: .video).total) * video + Double(plan.streams(of: .audio).total) * audio
    return perSecond * session.duration.inSeconds
  }
}

/// Why a scenario cannot be run.
public enum RunError: Error, Hashable, Sendable, CustomStringConvertible {
  case notASession(String)
  case tooShort(Duration)
  case realMediaNeedsWire

  public var description: String {
    switch self {
    case .notASession(let name): "\(name) is a scenario of plain UDP flows; this needs people in a session"
    case .tooShort(let duration):
      "duration: \(duration.inSeconds) s found, more than \(SessionRun.warmUp.inSeconds) s allowed, because means begin "
        + "\(SessionRun.warmUp.inSeconds) s after the last join"
    case .realMediaNeedsWire: "media: 'real' needs fidelity 'wire' or 'auto', 'model' found"
    }
  }
}

extension SessionRun {
  /// Media packets that the plan makes: a measure of how long the run takes.
  public var plannedPackets: Double { Self.plannedPackets(session, plan) }
}
