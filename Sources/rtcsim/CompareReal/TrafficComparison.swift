import RTCPrimitives
import SimSessions

/// One quantity of a call, simulated and real.
struct TrafficRow {
  /// How far apart the two may be.
  enum Tolerance: Hashable {
    /// Of the simulated value.
    case share(Double)
    /// In the row's unit.
    case difference(Double)
  }

  enum Verdict: String {
    case agrees
    case differs
    /// It is not judged, or was not measured on both sides.
    case none = "–"
  }

  let name: String
  let unit: String
  /// What is counted: which headers.
  let layer: String
  let simulated: Double?
  let real: Double?
  /// `nil` for what need not agree.
  var tolerance: Tolerance?
  /// Why the two differ, where they do.
  var reason = ""
  var decimals = 1

  /// Real over simulated; `nil` where the difference counts.
  var ratio: Double? {
    if case .difference = tolerance { return nil }
    guard let simulated, let real, simulated > 0 else { return nil }
    return real / simulated
  }

  var verdict: Verdict {
    guard let tolerance, let simulated, let real else { return .none }
    let allowed =
      switch tolerance {
      case .share(let share): simulated * share
      case .difference(let difference): difference
      }
    return abs(real - simulated) <= allowed ? .agrees : .differs
  }
}

/// A simulated and a real call side by side, row by row.
struct TrafficComparison {
  let simulated: CallTraffic
  let real: CallTraffic
  /// Who measured the costs that the simulation charges.
  let costs: String
  let hasCodecs: Bool

  /// Whatever follows from what is coded.
  private static let mediaTolerance = TrafficRow.Tolerance.share(0.1)
  /// In milliseconds: a machine that does something else for so long is no surprise.
  private static let stepTolerance = TrafficRow.Tolerance.difference(25)
  /// A picture comes every 33 ms, and at which of them a call stands is chance.
  private static let mediaStepTolerance = TrafficRow.Tolerance.difference(75)

  var rows: [TrafficRow] {
    media("video", \.video) + media("audio", \.audio) + control + sizes("video", \.video) + sizes("audio", \.audio)
      + steps + losses + cpu
  }

  private func row(
    _ name: String, _ unit: String, _ layer: String, within tolerance: TrafficRow.Tolerance? = mediaTolerance,
    because reason: String = "", decimals: Int = 1, _ value: (CallTraffic) -> Double?
  ) -> TrafficRow {
    TrafficRow(
      name: name, unit: unit, layer: layer, simulated: value(simulated), real: value(real), tolerance: tolerance,
      reason: reason, decimals: decimals)
  }

  /// Of one end, in a second.
  private static func rate(_ count: Int, _ traffic: CallTraffic) -> Double {
    Double(count) / traffic.window.inSeconds / 2
  }

  private func media(_ name: String, _ kind: KeyPath<TrafficMeter, TrafficMeter.Media>) -> [TrafficRow] {
    let reason = "the machine was too busy to capture and code in time, or packets were lost and repeated"
    var rows = [
      row("\(name) bitrate", "kbit/s", "RTP payload", because: reason) {
        Self.rate($0.sent[keyPath: kind].payloadBytes, $0) * 8 / 1000
      },
      row("\(name) bitrate", "kbit/s", "UDP payload: SRTP", because: reason) {
        Self.rate($0.sent[keyPath: kind].flow.bytes, $0) * 8 / 1000
      },
      row("\(name) packets", "1/s", "SRTP", because: reason) {
        Self.rate($0.sent[keyPath: kind].flow.datagrams, $0)
      },
    ]
    if name == "video" {
      rows.append(
        row("pictures", "1/s", "RTP markers", because: reason) { Self.rate($0.sent[keyPath: kind].marked, $0) })
    }
    return rows
  }

  private var control: [TrafficRow] {
    // Half to one and a half seconds lie between two reports of an end (RFC 3550 §6.3.1), with a variance of 1/12 s². The
    // numbers of two calls so differ by the square root of a sixth of what is expected; three times that is chance.
    let expected = simulated.window.inSeconds * 2
    let reports = 3 * (expected / 6).squareRoot() / expected
    let reason = "reports come at random times, and the real ends have longer names"
    return [
      row("RTCP packets", "1/s", "SRTCP", within: .difference(reports), because: reason, decimals: 2) {
        Self.rate($0.sent.rtcp.datagrams, $0)
      },
      row(
        "RTCP", "bytes/s", "UDP payload: SRTCP", within: .difference((reports * 160 + 10).rounded()), because: reason
      ) { Self.rate($0.sent.rtcp.bytes, $0) },
      row(
        "consent checks", "1/s", "STUN Binding requests", within: .difference(3 / expected),
        because: "there is one in 4 to 6 s", decimals: 2
      ) { Self.rate($0.sent.stunRequests.datagrams, $0) },
    ]
  }

  private func sizes(_ name: String, _ kind: KeyPath<TrafficMeter, TrafficMeter.Media>) -> [TrafficRow] {
    func size(_ which: String, _ value: @escaping (TrafficMeter.Flow) -> Double?) -> TrafficRow {
      row("\(name) packet size, \(which)", "bytes", "UDP payload: SRTP", because: "frames are of other pictures") {
        value($0.sent[keyPath: kind].flow)
      }
    }
    return [
      size("mean") { $0.meanSize }, size("p50") { $0.size(percentile: 0.5).map(Double.init) },
      size("p95") { $0.size(percentile: 0.95).map(Double.init) },
    ]
  }

  private var steps: [TrafficRow] {
    CallTraffic.Step.allCases.map { step in
      let isMedia = step == .firstPacket || step == .firstPicture
      return row(
        step.rawValue, "ms", "since createOffer" + (step == .answerApplied ? "" : ", both ends"),
        within: isMedia ? Self.mediaStepTolerance : Self.stepTolerance,
        because: isMedia
          ? "pictures are captured at their own times, whenever the call stands"
          : "reading and writing descriptions is charged nowhere, and the machine has other things to do"
      ) { $0.steps[step]?.milliseconds }
    }
  }

  private var losses: [TrafficRow] {
    [
      row(
        "RTP packets lost", "packets", "whole call", within: .difference(0),
        because: "a socket's buffer overflowed while the machine was busy", decimals: 0
      ) { Double($0.packetsLost) }
    ]
  }

  private var cpu: [TrafficRow] {
    func perMillion(_ time: Duration, _ traffic: CallTraffic) -> Double? {
      guard traffic.sent.all.datagrams > 0 else { return nil }
      return time.inSeconds / Double(traffic.sent.all.datagrams) * 1_000_000
    }
    let unit = "s per 1M datagrams"
    var rows = [
      row(
        "CPU without codecs", unit, "both ends", within: nil,
        because: """
          simulated: SRTP, one system call for each datagram sent and received, STUN, charged from \(costs). Real: those, \
          with caches gone cold between packets, and what is not charged: RTP and RTCP, jitter buffers, timers and epoll
          """
      ) { perMillion($0.cpu.transport, $0) }
    ]
    guard hasCodecs else { return rows }
    rows.append(
      row(
        "CPU of codecs", unit, "both ends", within: nil,
        because: """
          simulated: pictures and packets of sound, coded and decoded, charged from \(costs) for the mean picture. Real: \
          the same libraries; making the pictures and the sound is not in it on either side
          """
      ) { perMillion($0.cpu.codecs, $0) })
    rows.append(
      row("CPU in all", unit, "both ends", within: nil) {
        perMillion($0.cpu.codecs + $0.cpu.transport, $0)
      })
    return rows
  }
}
