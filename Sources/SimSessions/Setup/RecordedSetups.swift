import Foundation
import RTCPrimitives
import SimNetwork
import SimNodes

/// What Chromium was recorded to do when it set connections up, and how near the profile that models it comes.
///
/// The folder holds `setup_timelines_median.csv` and `setup_fw_timelines_median.csv`: milliseconds from `createOffer`.
public struct RecordedSetups: Sendable {
  /// The spread of one step in several recordings.
  struct Spread: Hashable {
    let median: Double
    let minimum: Double
    let maximum: Double
  }

  private struct Key: Hashable {
    let mode: String
    let roundTripTime: Int
    let step: String
  }

  /// One step of ours beside the recorded one.
  public struct Row: Hashable, Sendable {
    public let mode: String
    public let roundTripTimeMs: Int
    public let step: String
    public let ourMs: Double?
    /// What is accepted.
    public let lowestMs: Double
    public let highestMs: Double
    public let recordedMedianMs: Double

    public var isWithin: Bool { ourMs.map { (lowestMs...highestMs).contains($0) } ?? false }
  }

  private let spreads: [Key: Spread]
  private let filteredSpreads: [Key: Spread]

  private static let open = AccessBehavior(name: "open")
  private static let filtered = AccessBehavior(name: "fw-apdf", firewall: .stateful)

  /// Mode `host` had no servers; mode `stunturn` a STUN and TURN server on a third host, with candidates that trickle.
  private static let gatherings: [(mode: String, gathering: SetupRunner.Gathering)] = [
    ("host", .hostsOnly), ("stunturn", .trickled),
  ]
  public static var modes: [String] { gatherings.map(\.mode) }
  public static let roundTripTimes = [50, 100, 200]

  /// Steps under their recorded names, for the side `A` that offers and the side `B` that answers.
  private static let steps: [(name: String, step: SetupPeer.Step)] = [
    ("wire_tx_check_bind_req", .checkSent), ("wire_rx_check_bind_req", .checkReceived),
    ("ice_connected", .iceConnected), ("wire_tx_dtls_first", .dtlsSent), ("wire_rx_dtls_first", .dtlsReceived),
    ("dtls_connected", .dtlsConnected),
  ]

  /// Of the recordings with a filter only the delay of this step is compared.
  private static let delayedStep = "B_ice_connected"

  /// A data channel without media or servers. Its descriptions take less time than those that were fitted to, so that only
  /// what follows the offerer's handshake is compared.
  private static let dataMode = "data_host"
  private static let dataBegin = "A_dtls_connected"
  private static let dataSteps = ["A_dc_open", "B_dc_open"]

  /// - Throws: `RecordedSetupsError` for a file that cannot be read, has another form, or lacks a step.
  public init(folder: String) throws(RecordedSetupsError) {
    let names = ["A_answer_recv", "B_offer_recv"] + Self.steps.flatMap { ["A_\($0.name)", "B_\($0.name)"] }
    spreads = try Self.read(
      "\(folder)/setup_timelines_median.csv",
      required: Self.modes.map { ($0, names) } + [(Self.dataMode, [Self.dataBegin] + Self.dataSteps)])
    filteredSpreads = try Self.read(
      "\(folder)/setup_fw_timelines_median.csv", required: Self.modes.map { ($0, [Self.delayedStep]) })
  }

  /// Runs the recorded conditions and puts the steps beside each other: those of the whole set-up without a filter, and
  /// how much later the answerer connects with a stateful filter on both hosts; and when a data channel opens, as both
  /// begin SCTP, after the offerer's handshake.
  public func compare(seed: UInt64) -> [Row] {
    var rows: [Row] = []
    for (mode, gathering) in Self.gatherings {
      for time in Self.roundTripTimes {
        var conditions = SetupRunner.Conditions(
          .recordedChromium, roundTripTime: .milliseconds(time), offererAccess: Self.open)
        conditions.gathering = gathering
        let timeline = SetupRunner.run(conditions, seed: seed)
        rows.append(row(mode, time, "A_answer_recv", timeline.offerer[.descriptionReceived]))
        rows.append(row(mode, time, "B_offer_recv", timeline.answerer[.descriptionReceived]))
        for (name, step) in Self.steps {
          rows.append(row(mode, time, "A_\(name)", timeline.offerer[step]))
          rows.append(row(mode, time, "B_\(name)", timeline.answerer[step]))
        }
        rows.append(delay(mode, conditions, timeline, seed))
      }
    }
    for time in Self.roundTripTimes { rows += data(time, seed) }
    return rows
  }

  private func data(_ time: Int, _ seed: UInt64) -> [Row] {
    var conditions = SetupRunner.Conditions(
      .recordedChromium, roundTripTime: .milliseconds(time), offererAccess: Self.open)
    conditions.gathering = .hostsOnly
    conditions.data = .simultaneous
    let timeline = SetupRunner.run(conditions, seed: seed)
    let opened = [timeline.offerer[.channelOpen], timeline.answerer[.channelOpen]]
    func median(_ step: String) -> Double {
      Self.spread(of: Key(mode: Self.dataMode, roundTripTime: time, step: step), in: spreads).median
    }
    return zip(Self.dataSteps, opened).map { step, opened in
      let recorded = median(step) - median(Self.dataBegin)
      let ours = opened.flatMap { opened in timeline.offerer[.dtlsConnected].map { (opened - $0).milliseconds } }
      return Row(
        mode: Self.dataMode, roundTripTimeMs: time, step: "\(step) after \(Self.dataBegin) by", ourMs: ours,
        lowestMs: recorded - 15, highestMs: recorded + 15, recordedMedianMs: recorded)
    }
  }

  /// Within the recorded minimum and maximum, each widened by 10 % or 15 ms, whichever is more.
  private func row(_ mode: String, _ time: Int, _ step: String, _ ours: Duration?) -> Row {
    let spread = Self.spread(of: Key(mode: mode, roundTripTime: time, step: step), in: spreads)
    return Row(
      mode: mode, roundTripTimeMs: time, step: step, ourMs: ours?.milliseconds,
      lowestMs: spread.minimum - max(0.1 * spread.minimum, 15),
      highestMs: spread.maximum + max(0.1 * spread.maximum, 15), recordedMedianMs: spread.median)
  }

  private func delay(
    _ mode: String, _ plainConditions: SetupRunner.Conditions, _ timeline: SetupRunner.Timeline, _ seed: UInt64
  ) -> Row {
    let time = Int(plainConditions.roundTripTime.milliseconds)
    let key = Key(mode: mode, roundTripTime: time, step: Self.delayedStep)
    let (plain, late) = (Self.spread(of: key, in: spreads), Self.spread(of: key, in: filteredSpreads))
    var conditions = plainConditions
    conditions.offererAccess = Self.filtered
    conditions.answererAccess = Self.filtered
    let ours = SetupRunner.run(conditions, seed: seed).answerer[.iceConnected]
    let delay = ours.flatMap { ours in timeline.answerer[.iceConnected].map { (ours - $0).milliseconds } }
    let recorded = late.median - plain.median
    return Row(
      mode: "\(mode), fw-apdf", roundTripTimeMs: time, step: "\(Self.delayedStep) later by", ourMs: delay,
      lowestMs: recorded - 15, highestMs: recorded + 15, recordedMedianMs: recorded)
  }

  private static func spread(of key: Key, in spreads: [Key: Spread]) -> Spread {
    guard let spread = spreads[key] else { preconditionFailure("reading found every step that is compared") }
    return spread
  }

  /// - Parameter required: steps of each mode that must be there for every round-trip time that is compared.
  private static func read(
    _ path: String, required: [(mode: String, names: [String])]
  ) throws(RecordedSetupsError) -> [Key: Spread] {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw .unreadable(path)
    }
    let lines = text.split(whereSeparator: \.isNewline)
    let columns = (lines.first ?? "").split(separator: ",").map(String.init)
    let wanted = ["mode", "rtt_ms", "step", "median_ms", "min_ms", "max_ms"]
    let places = wanted.compactMap { columns.firstIndex(of: $0) }
    guard places.count == wanted.count else {
      throw .wrongColumns(path, found: columns.joined(separator: ","), wanted: wanted.joined(separator: ","))
    }
    var spreads: [Key: Spread] = [:]
    for (index, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == columns.count, let time = Int(cells[places[1]]), let median = Double(cells[places[3]]),
        let minimum = Double(cells[places[4]]), let maximum = Double(cells[places[5]])
      else { throw .wrongLine(path, line: index + 1) }
      guard [minimum, median, maximum].allSatisfy(\.isFinite), minimum <= median, median <= maximum else {
        throw .wrongSpread(path, line: index + 1)
      }
      spreads[Key(mode: cells[places[0]], roundTripTime: time, step: cells[places[2]])] = Spread(
        median: median, minimum: minimum, maximum: maximum)
    }
    for (mode, names) in required {
      for time in roundTripTimes {
        for step in names where spreads[Key(mode: mode, roundTripTime: time, step: step)] == nil {
          throw .missingStep(path, mode: mode, roundTripTimeMs: time, step: step)
        }
      }
    }
    return spreads
  }
}

/// Why recordings cannot be compared with.
public enum RecordedSetupsError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(String)
  case wrongColumns(String, found: String, wanted: String)
  case wrongLine(String, line: Int)
  case wrongSpread(String, line: Int)
  case missingStep(String, mode: String, roundTripTimeMs: Int, step: String)

  public var description: String {
    switch self {
    case .unreadable(let path): "--against: \(path) cannot be read; a folder of recorded set-ups is wanted"
    case .wrongColumns(let path, let found, let wanted): "\(path): columns \(found) found, at least \(wanted) wanted"
    case .wrongLine(let path, let line): "\(path):\(line): a line of numbers under the columns is wanted"
    case .wrongSpread(let path, let line): "\(path):\(line): finite times with minimum ≤ median ≤ maximum are wanted"
    case .missingStep(let path, let mode, let time, let step):
      "\(path): no line for step \(step) of mode \(mode) at RTT \(time) ms, which is to be compared"
    }
  }
}
