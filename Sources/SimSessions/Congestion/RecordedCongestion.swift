import Foundation
public import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes

/// What Chromium was recorded to do on links like ours, and how near a controller of ours comes.
///
/// The folder holds `cc_metrics.csv`, one row for each phase of each recording, and `cc_NAME_link.csv`, the bottleneck every
/// 100 ms. A recording is one-way video, VP8 640×360 of at most 5 Mbit/s.
public struct RecordedCongestion: Sendable {
  /// One phase of a recording; rates in bits per second.
  struct Phase: Hashable, Sendable {
    let start: Double
    let end: Double
    let capacity: Double
    let target: Double
    let rate: Double
    let utilisation: Double?
    let timeTo80: Double?
    let queueDrops: Double
    let lossDrops: Double
    /// In milliseconds; `nil` without a bottleneck.
    var p95Queue: Double?
  }

  /// One recording.
  public struct Recording: Sendable {
    public let name: String
    /// `quiet`, `light load` or `busy`, as the machine was.
    public let machine: String
    let oneWayDelay: Duration
    let queue: Duration
    let loss: Double
    var phases: [Phase]

    /// Those of a busy machine are only printed.
    public var isJudged: Bool { machine != "busy" }
  }

  /// One figure of ours beside the recorded one.
  public struct Row: Hashable, Sendable {
    public let recording: String
    public let machine: String
    public let phase: String
    public let controller: String
    /// Such as `target`.
    public let figure: String
    public let unit: String
    /// The median of all runs; `nil` where most of them never came to it.
    public let ours: Double?
    /// Of the single runs.
    public let lowest: Double?
    public let highest: Double?
    public let recorded: Double?
    /// What is accepted; `nil` where it is only printed.
    public let accepted: ClosedRange<Double>?
    /// Why it is only printed; empty where it is judged.
    public let note: String

    public var passes: Bool { accepted.map { range in ours.map(range.contains) ?? false } ?? true }
  }

  public let all: [Recording]
  public var count: Int { all.count }

  /// How many runs of ours a recording is held against: an odd number, and enough for phases whose single runs differ twofold.
  public static let usualSeeds = 9

  /// Two recordings of one profile: what lies between them, widened, is accepted of queues and of times.
  private static let repeated = ["rfc8867_5_1", "rfc8867_5_1_rep2"]
  private static let tolerance = 0.2
  private static let utilisationTolerance = 0.1
  private static let widening = 0.3

  /// - Throws: `RecordedCongestionError` for a file that cannot be read or has another form.
  public init(folder: String) throws(RecordedCongestionError) {
    let table = try RecordedTable(path: "\(folder)/cc_metrics.csv")
    var recordings: [Recording] = []
    for row in table.rows {
      let name = try row.text("name")
      let phase = Phase(
        start: try row.number("from_s"), end: try row.number("to_s"), capacity: try row.number("cap_bps"),
        target: try row.number("target_bps_h2"), rate: try row.number("send_bps_h2"),
        utilisation: try row.optional("utilisation_h2"), timeTo80: try row.optional("t_reach_80pct_s"),
        queueDrops: try row.number("drops_queue"), lossDrops: try row.number("drops_loss"))
      if recordings.last?.name == name {
        recordings[recordings.count - 1].phases.append(phase)
        continue
      }
      recordings.append(
        Recording(
          name: name, machine: try row.text("machine"),
          oneWayDelay: Duration(inSeconds: try row.number("owd_ms") / 1000),
          queue: Duration(inSeconds: try row.number("queue_ms") / 1000), loss: Self.loss(name), phases: [phase]))
    }
    guard !recordings.isEmpty else { throw .form(file: "\(folder)/cc_metrics.csv", reason: "it has no rows") }
    for index in recordings.indices where recordings[index].phases.contains(where: { $0.capacity > 0 }) {
      let link = try RecordedTable(path: "\(folder)/cc_\(recordings[index].name)_link.csv")
      var waits: [(time: Double, longest: Double)] = []
      for row in link.rows where try row.text("port_up") == "a" {
        waits.append((try row.number("t"), try row.number("max_qdelay_ms")))
      }
      for place in recordings[index].phases.indices {
        let phase = recordings[index].phases[place]
        let own = waits.filter { $0.time > phase.start && $0.time <= phase.end }.map(\.longest).sorted()
        recordings[index].phases[place].p95Queue = own.isEmpty ? nil : own[Int(0.95 * Double(own.count))]
      }
    }
    all = recordings
  }

  /// `loss10_owd25` lost 10 % of the packets.
  private static func loss(_ name: String) -> Double {
    guard name.hasPrefix("loss") else { return 0 }
    return (Double(name.dropFirst(4).prefix { $0.isNumber }) ?? 0) / 100
  }

  /// Ours, the medians of several runs of one recording, beside the recorded figures.
  ///
  /// A run is one draw: where in its cycle a controller stands when the link changes decides much. After 40 s of `rfc8867_5_1` some
  /// runs of sixteen still creep up to the new capacity when it is taken away, so that a mean would be of two kinds of runs, and
  /// like neither.
  public func rows(of recording: Recording, _ runs: [(run: CongestionRun, result: CongestionRun.Result)]) -> [Row] {
    guard let first = runs.first?.run else { return [] }
    // Chromium's figures are those of the first flow.
    let rows = runs.map { $0.run.rows(of: $0.result, flows: [0]) }
    return recording.phases.indices.flatMap { place in
      let queues = runs.map { $0.run.p95Queue(of: $0.run.testCase.phases[place], in: $0.result) }
      return figures(
        of: recording, recording.phases[place], rows.map { $0[place] }, queues, first.controller.name)
    }
  }

  private func figures(
    of recording: Recording, _ phase: Phase, _ rows: [CongestionRow], _ queues: [Duration], _ controller: String
  ) -> [Row] {
    let isBusy = !recording.isJudged
    let loses = phase.lossDrops > 0 || phase.queueDrops > 0
    func median(_ values: [Double?]) -> Double? {
      let sorted = values.map { $0 ?? .infinity }.sorted()
      let middle = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      return middle.isFinite ? middle : nil
    }
    func make(
      _ figure: String, _ unit: String, _ ours: [Double?], _ recorded: Double?, _ accepted: ClosedRange<Double>?,
      _ note: String
    ) -> Row {
      let found = ours.compactMap(\.self)
      return Row(
        recording: recording.name, machine: recording.machine, phase: rows[0].phase, controller: controller,
        figure: figure, unit: unit, ours: median(ours), lowest: found.min(), highest: found.max(), recorded: recorded,
        accepted: isBusy ? nil : accepted,
        note: isBusy ? "the machine was busy" : accepted == nil ? note : "")
    }
    func around(_ value: Double) -> ClosedRange<Double> { value * (1 - Self.tolerance)...value * (1 + Self.tolerance) }
    let fec = "Chromium adds FEC under loss"
    var figures = [
      make(
        "target", "kbit/s codec", rows.map { Double($0.meanTarget.bitsPerSecond) / 1000 }, phase.target / 1000,
        around(phase.target / 1000), ""),
      make(
        "rate", "kbit/s RTP payload", rows.map { Double($0.meanRate.bitsPerSecond) / 1000 }, phase.rate / 1000,
        loses ? nil : around(phase.rate / 1000), fec),
    ]
    if let recorded = phase.utilisation {
      figures.append(
        make(
          "utilisation", "of the link, IP", rows.map(\.utilisation), recorded,
          loses ? nil : max(0, recorded - Self.utilisationTolerance)...recorded + Self.utilisationTolerance, fec))
    }
    if phase.capacity > 0 {
      let once = "recorded once"
      figures.append(
        make(
          "queue p95", "ms", queues.map(\.milliseconds), phase.p95Queue, envelope(recording, phase, \.p95Queue), once))
      figures.append(
        make(
          "time to 80 %", "s", rows.map { $0.timeTo80?.inSeconds }, phase.timeTo80,
          envelope(recording, phase, \.timeTo80), once))
    }
    return figures
  }

  /// What two recordings of one profile agree on, widened by 30 %.
  private func envelope(
    _ recording: Recording, _ phase: Phase, _ figure: (Phase) -> Double?
  ) -> ClosedRange<Double>? {
    guard Self.repeated.contains(recording.name) else { return nil }
    let values = all.filter { Self.repeated.contains($0.name) }.compactMap { other in
      other.phases.first { $0.start == phase.start }.flatMap(figure)
    }
    guard let least = values.min(), let most = values.max() else { return nil }
    return least * (1 - Self.widening)...most * (1 + Self.widening)
  }
}

extension RecordedCongestion.Recording {
  /// The recorded conditions, run with a controller of ours.
  public func run(
    controller: CongestionControllers.Entry, seed: UInt64
  ) -> (run: CongestionRun, result: CongestionRun.Result) {
    let run = CongestionRun(testCase, controller: controller, seed: seed)
    return (run, run.result())
  }

  private var testCase: CongestionCase {
    let end = Duration(inSeconds: phases.last?.end ?? 0)
    let rates = phases.map { $0.capacity > 0 ? DataRate.bitsPerSecond(Int64($0.capacity)) : nil }
    let changes = zip(phases, rates).dropFirst().compactMap { phase, rate in
      rate.map { LinkChange(at: Duration(inSeconds: phase.start), rate: $0) }
    }
    let media = FlowPeer.Media(
      video: VP8Settings(width: 640, height: 360, bitrate: .megabitsPerSecond(5)), reservesProtection: true)
    var flows = [CongestionCase.Flow("video1", media, end: end)]
    if name.hasPrefix("twoflows") {
      flows.append(CongestionCase.Flow("video2", media, start: .seconds(20), end: .seconds(80)))
    }
    return CongestionCase(
      name: name, source: "recorded", duration: end,
      forward: Link.Configuration(
        rate: rates[0], propagationDelay: oneWayDelay, queueLimit: queue > .zero ? .time(queue) : .unlimited,
        loss: loss > 0 ? .independent(probability: loss) : .none, changes: changes),
      backward: Link.Configuration(propagationDelay: oneWayDelay), flows: flows,
      crossTraffic: name.hasPrefix("tcp_") ? [CongestionCase.CrossFlow(start: .seconds(20), end: .seconds(45))] : [],
      phases: phases.map { phase in
        CongestionCase.Phase(
          "\(Int(phase.start))-\(Int(phase.end)) s", from: Duration(inSeconds: phase.start),
          to: Duration(inSeconds: phase.end), judgedFrom: Duration(inSeconds: (phase.start + phase.end) / 2))
      })
  }
}

/// Why recordings cannot be compared with.
public enum RecordedCongestionError: Error, Hashable, CustomStringConvertible {
  case unreadable(file: String)
  case form(file: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let file): "\(file): cannot be read; allowed: a folder with cc_metrics.csv and cc_NAME_link.csv"
    case .form(let file, let reason): "\(file): \(reason)"
    }
  }
}

/// A table of plain comma-separated values with a header row.
private struct RecordedTable {
  struct Row {
    let file: String
    let line: Int
    let fields: [String: String]

    func text(_ column: String) throws(RecordedCongestionError) -> String {
      guard let text = fields[column] else { throw .form(file: file, reason: "it has no column '\(column)'") }
      return text
    }

    func optional(_ column: String) throws(RecordedCongestionError) -> Double? {
      let text = try text(column)
      guard !text.isEmpty else { return nil }
      guard let number = Double(text), number.isFinite else {
        throw .form(file: file, reason: "line \(line), \(column): found '\(text)', allowed: a number")
      }
      return number
    }

    func number(_ column: String) throws(RecordedCongestionError) -> Double {
      guard let number = try optional(column) else {
        throw .form(file: file, reason: "line \(line), \(column): found nothing, allowed: a number")
      }
      return number
    }
  }

  let rows: [Row]

  init(path: String) throws(RecordedCongestionError) {
    guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
    else { throw .unreadable(file: path) }
    let lines = text.split(whereSeparator: \.isNewline)
    let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    var rows: [Row] = []
    for (index, line) in lines.dropFirst().enumerated() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == header.count else {
        throw .form(
          file: path,
          reason: "line \(index + 2): found \(fields.count) fields, allowed: \(header.count) as in the header")
      }
      rows.append(
        Row(
          file: path, line: index + 2,
          fields: Dictionary(zip(header, fields), uniquingKeysWith: { first, _ in first })))
    }
    self.rows = rows
  }
}
