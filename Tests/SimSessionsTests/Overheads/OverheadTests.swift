import Foundation
import RTCPrimitives
import SimKernel
import TestSupport
import Testing

@testable import SimSessions

/// What a call with congestion control costs beside its media, held against recordings of two Chromiums (`steady_*.json`) on
/// the same links: a round trip of 50 ms, no limit.
///
/// The encoder's bitrate is the recorded one, so that equal payload is in equally many packets. Not judged are sizes of audio (other
/// speech), one RED byte in each packet of video (RED comes with FEC), and video-timing, which is 16 bytes in five packets a second.
struct OverheadTests {
  /// One line of the comparison.
  private struct Row: CustomStringConvertible {
    let figure: String
    let recorded: Double
    let ours: Double
    /// How far ours may be off, in the unit of both; `nil` where it is not judged.
    let accepted: Double?

    var passes: Bool { accepted.map { abs(ours - recorded) <= $0 } ?? true }
    var description: String {
      let name = figure.padding(toLength: 44, withPad: " ", startingAt: 0)
      let verdict = accepted == nil ? "not judged" : passes ? "within" : "outside"
      return name + String(format: "%9.2f %9.2f %6.2f  ", recorded, ours, ours / recorded) + verdict
    }
  }

  private static let settling = Duration.seconds(12)
  /// How long each recording is.
  private static let recordedSeconds = 25.0

  /// - Parameter window: as long as chance needs to even out reports of sound, of which there is one in five seconds.
  private func call(
    _ media: String, congestionControl: String = "gcc", window: Duration
  ) throws -> SteadyTraffic {
    let text = """
      { topology: 'mesh', participants: 2, joinInterval: '0s', fidelity: 'model', congestionControl: '\(congestionControl)', stun: false, \(media),
        srtpProfiles: ['AES_CM_128_HMAC_SHA1_80'], ice: { profile: 'chromium' }, client: { cores: 4, nat: 'none',
        uplink: { delay: '12.5ms', rate: 'unlimited' }, downlink: { delay: '12.5ms', rate: 'unlimited' } } }
      """
    let scenario = try scenario(text)
    let session = try #require(scenario.session)
    let options = SessionRun.Options()
    let builder = SessionBuilder(
      scenario: scenario, session: session, plan: session.plan, fidelity: .model, options: options,
      media: SessionRun.mediaSettings(of: session, options))
    let simulation = Simulation(seed: scenario.seed)
    defer { simulation.end() }
    let built = builder.build(in: simulation)
    for client in built.clients { simulation.spawn { await client.join() } }
    let begin = Instant.start + Self.settling
    simulation.run(until: begin)
    let observer = SteadyObserver(first: built.clients[0].port.index)
    built.network.observer = observer
    simulation.run(until: begin + window)
    built.network.observer = nil
    return observer.ends(after: window)
  }

  private func rows(_ recorded: SteadyTraffic, _ ours: SteadyTraffic) -> [Row] {
    var rows: [Row] = []
    func compare(_ detail: String, sizes: Bool = true, headers: Bool = false) {
      let directions = recorded.directions(of: detail)
      guard !directions.isEmpty else { return }
      let (theirs, mine) = (recorded.flow(detail, directions), ours.flow(detail, directions))
      let (seconds, mySeconds) = (recorded.window.inSeconds, ours.window.inSeconds)
      func row(_ figure: String, _ recorded: Double, _ ours: Double, least: Double = 0, isJudged: Bool = true) {
        rows.append(
          Row(
            figure: "\(detail), \(figure)", recorded: recorded, ours: ours,
            accepted: isJudged ? max(0.1 * recorded, least) : nil))
      }
      // Of four or five packets that were recorded one more or less is chance.
      row("packets/s", theirs.packets / seconds, mine.packets / mySeconds, least: 1 / Self.recordedSeconds)
      row(
        "bytes of UDP payload", theirs.bytes / theirs.packets, mine.bytes / max(1, mine.packets), isJudged: sizes)
      guard headers else { return }
      row("bytes of RTP header", theirs.headerBytes / theirs.packets, mine.headerBytes / max(1, mine.packets))
    }
    compare("rtp|video", headers: true)
    compare("rtp|audio", sizes: false, headers: true)
    for detail in ["rtcp|TWCC", "rtcp|SR", "rtcp|RR", "stun|bind_req", "stun|bind_ok"] { compare(detail) }
    rows.append(total(of: "rtcp", recorded, ours))
    return rows
  }

  /// IP bytes of all RTCP that was recorded in one direction or in both.
  private func total(of kind: String, _ recorded: SteadyTraffic, _ ours: SteadyTraffic) -> Row {
    func bytes(_ traffic: SteadyTraffic) -> Double {
      let keys = recorded.flows.keys.filter { $0.contains("|\(kind)|") }
      return keys.reduce(0) { $0 + (traffic.flows[$1].map { $0.bytes + 28 * $0.packets } ?? 0) }
        / traffic.window.inSeconds
    }
    return Row(
      figure: "all of \(kind), bytes/s with IP", recorded: bytes(recorded), ours: bytes(ours),
      accepted: 0.1 * bytes(recorded))
  }

  private func judge(_ names: [String], _ recorded: SteadyTraffic, _ ours: SteadyTraffic) {
    let rows = rows(recorded, ours)
    print("\(names): recorded, ours, ours / recorded\n" + rows.map { "  \($0)" }.joined(separator: "\n"))
    for row in rows { #expect(row.passes, "\(row)") }
    let known = Set(recorded.flows.keys).union(["tx|rtcp|RR", "rx|rtcp|SR", "rx|rtp|audio", "tx|rtcp|TWCC"])
    #expect(Set(ours.flows.keys).isSubset(of: known), "a steady call sends nothing else")
  }

  @Test func `a call in 360p costs what it costs Chromium`() throws {
    let ours = try call(
      "video: { width: 640, height: 360, frameRate: 29, bitrate: '1650k' }, audio: { bitrate: '24k' }",
      window: .seconds(60))
    judge(["360p"], try SteadyTraffic(recordings: ["vp8_360p"]), ours)
  }

  @Test func `so does one in 720p, seen at the end that sends`() throws {
    let ours = try call(
      "video: { width: 1280, height: 720, frameRate: 29, bitrate: '1650k' }, clients: [{}, { camera: 'denied' }]",
      window: .seconds(60))
    let names = ["vp8_720p", "vp8_720p_mod"]
    judge(names, try SteadyTraffic(recordings: names), ours)
    try judgeFeedback(ours)
  }

  /// Transport-wide feedback beside that of all recordings of congestion control, at the nearest rate of media.
  private func judgeFeedback(_ ours: SteadyTraffic) throws {
    let media = ours.flow("rtp|video", ["tx"]) + ours.flow("rtp|audio", ["tx"])
    let rate = 8e-6 * (media.bytes + 28 * media.packets) / ours.window.inSeconds
    let text = String(decoding: try Vectors.data("reference/twcc_rate.csv"), as: UTF8.self)
    // media_ip_mbps, seconds, twcc_pps_mean, twcc_udp_payload_mean
    let table: [[Double]] = text.split(whereSeparator: { $0.isNewline }).dropFirst().map { line in
      line.split(separator: ",").compactMap { Double($0) }
    }
    let known = table.filter { $0[1] >= 10 }
    let nearest = try #require(known.min { abs($0[0] - rate) < abs($1[0] - rate) })
    #expect(abs(nearest[0] - rate) < 0.1)
    let feedback = ours.flow("rtcp|TWCC", ["rx"])
    let perSecond = feedback.packets / ours.window.inSeconds
    let size = feedback.bytes / feedback.packets
    #expect(abs(perSecond - nearest[2]) <= 0.1 * nearest[2], "\(perSecond) a second at \(rate) Mbit/s")
    #expect(abs(size - nearest[3]) <= 0.1 * nearest[3], "\(size) bytes at \(rate) Mbit/s")
  }

  @Test func `so does one with sound alone`() throws {
    let ours = try call("video: null", window: .seconds(200))
    judge(["audio"], try SteadyTraffic(recordings: ["audio"]), ours)
  }

  @Test func `without congestion control the same call is outside, so that the comparison can fail`() throws {
    let recorded = try SteadyTraffic(recordings: ["audio"])
    let ours = try call("video: null", congestionControl: "none", window: .seconds(50))
    let outside = rows(recorded, ours).filter { !$0.passes }.map(\.figure)
    #expect(outside.contains("rtcp|TWCC, packets/s") && outside.contains("rtp|audio, bytes of RTP header"))
  }
}
