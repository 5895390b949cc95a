import RTCPrimitives
import SimNodes

/// What is different between a call and the same call with a change.
public struct HistoryDifference: Hashable, Sendable {
  /// A moment of one or of both, where they are not the same.
  public struct Row: Hashable, Sendable {
    public let lane: String
    public let title: String
    public let detail: String
    /// The moment in the original, and in the fork.
    public let original: Moment?
    public let fork: Moment?

    /// How much later it comes in the fork.
    public var delay: Duration? {
      guard let original, let fork else { return nil }
      return fork.time - original.time
    }
  }

  /// The first moment that is not the same in both; `nil` for calls that are equal.
  public let firstOriginal: Int?
  public let firstFork: Int?
  /// From there on, in the order of time.
  public let rows: [Row]
  public let sentence: String

  /// Two moments belong together when the same thing happens for the same time at the same place.
  private struct Key: Hashable {
    let lane: String
    let kind: Milestone.Kind
    let detail: String
    let occurrence: Int
  }

  public init(_ original: History, _ fork: History) {
    let common = zip(original.moments, fork.moments).prefix { $0.isSame(as: $1) }.count
    guard common < max(original.moments.count, fork.moments.count) else {
      (firstOriginal, firstFork, rows) = (nil, nil, [])
      sentence = "The two calls are the same in every moment."
      return
    }
    firstOriginal = common < original.moments.count ? common : nil
    firstFork = common < fork.moments.count ? common : nil
    rows = Self.rows(original.moments, fork.moments, from: common)
    sentence = Self.sentence(original, fork, at: common, rows)
  }

  private static func rows(_ original: [Moment], _ fork: [Moment], from common: Int) -> [Row] {
    let left = keyed(original)
    let right = keyed(fork)
    let forkOf = Dictionary(uniqueKeysWithValues: right.map { ($0.key, $0.moment) })
    let known = Set(left.map(\.key))
    var rows: [Row] = []
    for (key, moment) in left where moment.number >= common {
      let other = forkOf[key]
      guard other?.time != moment.time else { continue }
      rows.append(Row(lane: key.lane, title: moment.title, detail: key.detail, original: moment, fork: other))
    }
    for (key, moment) in right where moment.number >= common && !known.contains(key) {
      rows.append(Row(lane: key.lane, title: moment.title, detail: key.detail, original: nil, fork: moment))
    }
    return rows.enumerated().sorted { left, right in
      let (first, second) = (left.element, right.element)
      return (first.place, left.offset) < (second.place, right.offset)
    }.map(\.element)
  }

  private static func keyed(_ moments: [Moment]) -> [(key: Key, moment: Moment)] {
    var counts: [Key: Int] = [:]
    return moments.map { moment in
      let detail = moment.stableDetail
      let base = Key(lane: moment.lane, kind: moment.milestone.kind, detail: detail, occurrence: 0)
      defer { counts[base, default: 0] += 1 }
      return (
        Key(lane: base.lane, kind: base.kind, detail: detail, occurrence: counts[base] ?? 0), moment
      )
    }
  }

  private static func sentence(_ original: History, _ fork: History, at common: Int, _ rows: [Row]) -> String {
    let time = [original, fork].compactMap { $0.moments.indices.contains(common) ? $0.moments[common].time : nil }.min()
    var text = "The two calls first differ at moment \(common) (\(time?.text ?? "") ms)"
    if let fault = fork.fault { text += ": \(fault)" }
    text += "."
    // What matters to people: when the two could talk.
    for kind in [Milestone.Kind.iceConnected, .dtlsConnected, .firstFrameDecoded, .dataChannelOpen] {
      let (before, after) = (original.last(kind), fork.last(kind))
      let name = kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
      switch (before, after) {
      case (let before?, let after?) where before != after:
        text +=
          " \(name) at both ends: \(before.text) ms → \(after.text) ms (\((after - before).signedText) ms)."
      case (let before?, nil): text += " \(name) at both ends: \(before.text) ms → never."
      case (nil, let after?): text += " \(name) at both ends: never → \(after.text) ms."
      default: break
      }
    }
    let repeated = fork.count(.flightRepeated) - original.count(.flightRepeated)
    if repeated > 0 {
      let first = fork.moments.first { $0.milestone.kind == .flightRepeated }
      text += " The DTLS timer repeated \(repeated) flight\(repeated == 1 ? "" : "s")"
      text += first.map { ", the first at \($0.time.text) ms." } ?? "."
    }
    return text
  }
}

extension HistoryDifference.Row {
  fileprivate var place: Instant { min(original?.time ?? .distantFuture, fork?.time ?? .distantFuture) }
}

extension Moment {
  /// Whether two moments of two calls cannot be told apart.
  func isSame(as other: Moment) -> Bool {
    time == other.time && lane == other.lane && milestone.kind == other.milestone.kind
      && milestone.detail == other.milestone.detail && ends == other.ends
  }

  /// What of the detail does not depend on chance or time.
  fileprivate var stableDetail: String {
    switch milestone.kind {
    case .checkSucceeded, .consentConfirmed: String(milestone.detail.prefix { $0 != "," })
    case .offerSent, .answerSent: ""
    default: milestone.detail
    }
  }
}

extension History {
  /// When the last end was so far; `nil` unless both were.
  func last(_ kind: Milestone.Kind) -> Instant? {
    let times = ends.map { end in moments.first { $0.milestone.kind == kind && $0.lane == end }?.time }
    guard let first = times[0], let second = times[1] else { return nil }
    return max(first, second)
  }

  func count(_ kind: Milestone.Kind) -> Int { moments.count { $0.milestone.kind == kind } }
}

extension Instant {
  /// Milliseconds with one decimal.
  var text: String { (self - .start).text }
}

extension Duration {
  /// Milliseconds with one decimal.
  var text: String {
    let tenths = Int((milliseconds * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// The same with its sign.
  var signedText: String { (self > .zero ? "+" : "") + text }
}
