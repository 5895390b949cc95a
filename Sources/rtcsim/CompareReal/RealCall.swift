import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import SimNodes
import SimSessions

/// The call that `CallRun` simulates, over UDP sockets of this machine: two connections on one thread, with the system's
/// clock and randomness. Descriptions and candidates go from one to the other in memory.
final class RealCall: TimedParticipant {
  private let loop: SocketLoop
  private let session: SessionScenario
  private let window: Duration
  /// Of them the second one offers, as in the simulation, where it comes later.
  private let ends: [RealCallEnd]
  private var meter = TrafficMeter(tagLength: 0)
  private var stage = Stage.settingUp
  private var offeredAt = Instant.start

  private enum Stage {
    case settingUp
    /// Media flows, and is not measured yet.
    case settling(until: Instant)
    case measuring(until: Instant, before: Reading)
    case done(CallTraffic.CPUTime)
  }

  /// CPU times so far.
  private struct Reading {
    let thread: Duration
    let codecs: Duration
    let sources: Duration
  }

  /// - Throws: `SocketConnectionError`, `SocketError`
  init(as run: CallRun) throws {
    loop = try SocketLoop()
    session = run.session
    window = run.window
    var configuration = SocketConnection.Configuration()
    configuration.codecs = run.session.client(at: 0).codecs
    configuration.bundlePolicy = run.session.bundlePolicy
    let names = run.session.plan.participants.map(\.name)
    var ends: [RealCallEnd] = []
    for (index, name) in names.enumerated() {
      let media = RealCallEnd.Media(
        captured: CapturedMedia(participant: index, settings: run.mediaSettings, seed: run.scenario.seed),
        seed: run.scenario.seed, stream: "\(name)/to \(names[1 - index])")
      ends.append(try RealCallEnd(media, configuration, on: loop))
    }
    self.ends = ends
    for (end, other) in [(ends[0], ends[1]), (ends[1], ends[0])] {
      end.signal = { [unowned other] candidate in
        other.connection.perform { core, now, output in
          core.addRemoteCandidate(candidate, at: now, into: &output)
        }
      }
      end.connection.sendHandler = { [unowned self] datagram, _ in
        if case .measuring = stage { meter.count(datagram.bytes) }
      }
    }
    loop.add(self)
  }

  /// Calls, measures, and hangs up.
  ///
  /// - Throws: `CallTrafficError`, `CodecError`
  func run(progress: (Double) -> Void) throws -> CallTraffic {
    let begin = loop.clock.now
    offeredAt = begin
    let answer = try ends[0].answer(try ends[1].offer())
    try ends[1].apply(answer: answer)
    // Twice the window: a machine that is so busy measures nothing.
    let limit = begin + CallTraffic.setupLimit + window * 2
    loop.run(asking: .milliseconds(100)) {
      progress((loop.clock.now - begin).inSeconds / (CallTraffic.settlingTime + window).inSeconds)
      if case .done = stage { return false }
      return loop.clock.now < limit
    }
    if let failure = ends.compactMap(\.failure).first { throw failure }
    guard case .done(let cpu) = stage else {
      throw CallTrafficError.neverConnected("real", after: loop.clock.now - begin)
    }
    let now = loop.clock.now
    let lost = ends.reduce(0) { $0 + $1.packetsLost(at: now) }
    for end in ends { end.connection.close() }
    return CallTraffic(window: window, sent: meter, cpu: cpu, steps: steps, packetsLost: lost)
  }

  // MARK: - The window

  var nextTimeout: Instant? {
    switch stage {
    case .settingUp: readyTime
    case .settling(let time): time
    case .measuring(let time, _): time
    case .done: nil
    }
  }

  func handleTimeout(at now: Instant) {
    switch stage {
    case .settingUp:
      guard let readyTime else { return }
      stage = .settling(until: readyTime + CallTraffic.settlingTime)
    case .settling(let time):
      guard time <= now, let keys = ends[0].connection.core.transport.keys else { return }
      meter = TrafficMeter(tagLength: keys.profile.rtpOverhead)
      stage = .measuring(until: now + window, before: reading)
    case .measuring(let time, let before):
      guard time <= now else { return }
      let after = reading
      let codecs = after.codecs - before.codecs
      let other = codecs + after.sources - before.sources
      stage = .done(
        CallTraffic.CPUTime(codecs: codecs, transport: after.thread - before.thread - other))
    case .done: break
    }
  }

  private var reading: Reading {
    Reading(
      thread: ThreadCPUClock.now, codecs: ends.reduce(.zero) { $0 + $1.codecTime },
      sources: ends.reduce(.zero) { $0 + $1.sourceTime })
  }

  /// Since when media may flow at both ends.
  private var readyTime: Instant? {
    let times = ends.compactMap { $0.reached[.keysExported] }
    return times.count == ends.count ? times.max() : nil
  }

  /// When the later of both ends reached each step.
  private var steps: [CallTraffic.Step: Duration] {
    var steps: [CallTraffic.Step: Duration] = [:]
    for step in CallTraffic.Step.allCases {
      let times = ends.compactMap { $0.reached[step] }
      guard times.count == (step == .answerApplied ? 1 : 2), let last = times.max() else { continue }
      steps[step] = last - offeredAt
    }
    return steps
  }
}
