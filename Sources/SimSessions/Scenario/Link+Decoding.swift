import RTCPrimitives
import SimNetwork

/// The parameters of a link that scenarios can set.
public enum LinkParameters {
  /// A field of a link with its forms, for lists and help.
  public struct Parameter: Hashable, Sendable {
    public let name: String
    public let summary: String
  }

  public static let all = [
    Parameter(name: "rate", summary: "of IP packets in bits per second, such as '10M', or 'unlimited'"),
    Parameter(name: "delay", summary: "propagation, one-way, such as '10ms'"),
    Parameter(
      name: "queue",
      summary:
        "drop-tail, a time such as '200ms', a size such as '64KiB', or 'unlimited'; or { limit, codel: true }, with "
        + "codel: { target: '5ms', interval: '100ms' } for other values than those of RFC 8289"),
    Parameter(name: "loss", summary: "a probability 0 … 1, or { toBad, toGood, lossInGood, lossInBad } in bursts"),
    Parameter(
      name: "jitter",
      summary: "{ max: '5ms' } uniform or { mean, deviation } normal, with reorder: true to let packets overtake"),
    Parameter(
      name: "schedule",
      summary: "[{ at: '10s', rate: '500k', delay: '80ms' }, …]: from then on; a rate of '0' is an outage"),
    Parameter(
      name: "trace",
      summary:
        "a file in Mahimahi's format, in place of the rate: a line for each millisecond in which 1504 bytes can leave"),
    Parameter(
      name: "tokenBucket",
      summary:
        "{ rate: '2M', burst: '16KiB' } in front of the rate; what exceeds it waits, or is dropped with excess: 'dropped'"
    ),
    Parameter(
      name: "preset", summary: "the name of a link below, whose values the others change; alone: uplink: 'home-wifi'"),
  ]
}

extension Link.Configuration {
  /// Reads one direction of an access link; what is not given is as in the preset, or in `base` without one.
  init(
    _ reader: FieldReader, _ direction: LinkDirection, over base: Link.Configuration, _ files: ScenarioFiles
  ) throws(ScenarioError) {
    guard !reader.isText else {
      self = try files.preset(reader)[direction]
      return
    }
    try self.init(reader, over: base) { reader throws(ScenarioError) in
      try files.preset(reader)[direction]
    } trace: {
      reader throws(ScenarioError) in
      try DeliveryTrace(reader, content: files.media)
    }
  }

  /// Reads a link of a file that is no scenario: without presets, and with traces beside that file.
  init(_ reader: FieldReader, over base: Link.Configuration) throws(ScenarioError) {
    try self.init(reader, over: base) { reader throws(ScenarioError) in
      throw reader.failure("rate, schedule or trace, because only scenarios name presets")
    } trace: { reader throws(ScenarioError) in
      try DeliveryTrace(reader) { ScenarioFiles.content(of: $0, beside: reader.file) }
    }
  }

  private init(
    _ reader: FieldReader, over base: Link.Configuration,
    preset: (FieldReader) throws(ScenarioError) -> Link.Configuration,
    trace: (FieldReader) throws(ScenarioError) -> DeliveryTrace
  ) throws(ScenarioError) {
    let fields = try reader.object(LinkParameters.all.map(\.name))
    self = base
    if let reader = fields["preset"] { self = try preset(reader) }
    if let reader = fields["rate"] {
      setRate(try reader.rateOrUnlimited())
    }
    if let reader = fields["trace"] {
      guard fields["rate"] == nil else { throw reader.failure("no trace, because a rate is given, or no rate") }
      setRate(nil)
      self.trace = try trace(reader)
    }
    if let reader = fields["delay"] { setDelay(try reader.duration()) }
    if let reader = fields["queue"] { try readQueue(reader) }
    if let reader = fields["loss"] { loss = try LossModel(reader) }
    if let reader = fields["jitter"] { jitter = try Jitter(reader) }
    if let reader = fields["schedule"] { changes = try LinkChange.schedule(reader, hasTrace: self.trace != nil) }
    if let reader = fields["tokenBucket"] { tokenBucket = try TokenBucket(reader) }
  }

  /// One rate for the whole run, in place of a trace and of changes.
  mutating func setRate(_ rate: DataRate?) {
    self.rate = rate
    trace = nil
    changes = changes.compactMap { change in
      change.propagationDelay.map { LinkChange(at: change.time, propagationDelay: $0) }
    }
  }

  /// One delay for the whole run.
  mutating func setDelay(_ delay: Duration) {
    propagationDelay = delay
    changes = changes.compactMap { change in change.rate.map { LinkChange(at: change.time, rate: $0) } }
  }

  /// A limit alone, or with what manages the queue.
  private mutating func readQueue(_ reader: FieldReader) throws(ScenarioError) {
    guard case .object = reader.value.content else {
      queueLimit = try Link.QueueLimit(reader)
      codel = nil
      return
    }
    let fields = try reader.object(["limit", "codel"])
    if let reader = fields["limit"] { queueLimit = try Link.QueueLimit(reader) }
    guard let reader = fields["codel"] else { return }
    guard case .object = reader.value.content else {
      guard let isThere = reader.boolean else {
        throw reader.failure("true, false or an object with target, interval")
      }
      codel = isThere ? CoDel() : nil
      return
    }
    let values = try reader.object(["target", "interval"])
    codel = CoDel(
      target: try values["target"]?.duration(.interval) ?? CoDel().target,
      interval: try values["interval"]?.duration(.interval) ?? CoDel().interval)
  }
}

extension LinkChange {
  /// More changes than that are a trace.
  private static let limit = 10_000

  fileprivate static func schedule(_ reader: FieldReader, hasTrace: Bool) throws(ScenarioError) -> [LinkChange] {
    var changes: [LinkChange] = []
    let elements = try reader.elements("a list of { at: '10s', rate: '500k', delay: '80ms' }")
    guard elements.count <= limit else { throw reader.failure("at most \(limit) changes", found: "\(elements.count)") }
    for element in elements {
      let fields = try element.object(["at", "rate", "delay"])
      let at = try fields.required("at", "a time after the beginning of the run, such as '10s'")
      let time = try at.duration(.run)
      if let last = changes.last, time <= last.time { throw at.failure("a time after \(last.time.quantity)") }
      if hasTrace, let rate = fields["rate"] {
        throw rate.failure("only delay, because a trace takes the place of the rate")
      }
      guard fields["rate"] != nil || fields["delay"] != nil else { throw element.failure("a change of rate or delay") }
      changes.append(
        LinkChange(
          at: time, rate: try fields["rate"].map { reader throws(ScenarioError) in try reader.rateOrOutage() },
          propagationDelay: try fields["delay"].map { reader throws(ScenarioError) in try reader.duration() }))
    }
    return changes
  }
}

extension TokenBucket {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    let fields = try reader.object(["rate", "burst", "excess"])
    let rate = try fields.required("rate", DataRate.allowedQuantity).rate()
    let allowed = "a size from 1500B to 1000MiB such as 16KiB, so that every packet has room in the bucket"
    let reader = try fields.required("burst", allowed)
    guard let burst = Link.QueueLimit.size(try reader.text(allowed)), (1500...1_048_576_000).contains(burst.bytes)
    else {
      throw reader.failure(allowed)
    }
    self.init(rate: rate, burst: burst, excess: try fields["excess"]?.choice(TokenBucket.Excess.self) ?? .waits)
  }
}

extension Link.QueueLimit {
  private static let allowed = "a time such as 200ms, a size such as 64KiB or 64000B, or 'unlimited'"

  init(_ reader: FieldReader) throws(ScenarioError) {
    let text = try reader.text(Self.allowed)
    if text == "unlimited" {
      self = .unlimited
    } else if let size = Self.size(text) {
      self = .size(size)
    } else {
      do throws(QuantityError) { self = .time(try Duration(quantity: text)) } catch {
        throw reader.failure(Self.allowed)
      }
    }
    if case .time(let time) = self, !DurationLimit.any.range.contains(time) { throw reader.failure(Self.allowed) }
  }

  /// What `init(_:)` reads.
  package var quantity: String {
    switch self {
    case .unlimited: "unlimited"
    case .size(let size): "\(size.bytes)B"
    case .time(let time): time.quantity
    }
  }

  fileprivate static func size(_ text: String) -> DataSize? {
    for (unit, factor) in [("KiB", 1024), ("MiB", 1024 * 1024), ("B", 1)] where text.hasSuffix(unit) {
      guard let count = Int(text.dropLast(unit.count)), (1...1_000_000_000).contains(count) else { return nil }
      return .bytes(count * factor)
    }
    return nil
  }
}

extension LossModel {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    let allowed = "a probability from 0 to 1, or an object with toBad, toGood, lossInGood, lossInBad"
    guard case .object = reader.value.content else {
      let probability = try reader.number(in: 0...1, allowed)
      self = probability == 0 ? .none : .independent(probability: probability)
      return
    }
    let fields = try reader.object(["toBad", "toGood", "lossInGood", "lossInBad"])
    func probability(_ name: String) throws(ScenarioError) -> Double {
      try fields.required(name, "a probability from 0 to 1").number(in: 0...1, "a probability from 0 to 1")
    }
    self = .gilbertElliott(
      toBad: try probability("toBad"), toGood: try probability("toGood"), lossInGood: try probability("lossInGood"),
      lossInBad: try probability("lossInBad"))
  }
}

extension Jitter {
  /// `none`, uniform by its maximum, or normal by mean and deviation.
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    guard case .object = reader.value.content else {
      _ = try reader.name(of: ["none"], or: "an object with max, or with mean and deviation; and reorder")
      self = .none
      return
    }
    let fields = try reader.object(["max", "mean", "deviation", "reorder"])
    let reorders = try fields["reorder"]?.flag() ?? false
    if let maximum = fields["max"] {
      if let mean = fields["mean"] ?? fields["deviation"] { throw mean.failure("either max, or mean and deviation") }
      self = .uniform(maximum: try maximum.duration(), reorders: reorders)
    } else {
      let mean = try fields.required("mean", Duration.allowedQuantity).duration()
      let deviation = try fields.required("deviation", Duration.allowedQuantity).duration()
      self = .normal(mean: mean, deviation: deviation, reorders: reorders)
    }
  }
}
