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
    Parameter(name: "queue", summary: "drop-tail, a time such as '200ms', a size such as '64KiB', or 'unlimited'"),
    Parameter(name: "loss", summary: "a probability 0 … 1, or { toBad, toGood, lossInGood, lossInBad } in bursts"),
    Parameter(
      name: "jitter",
      summary: "{ max: '5ms' } uniform or { mean, deviation } normal, with reorder: true to let packets overtake"),
  ]
}

extension Link.Configuration {
  /// Reads one direction of an access link; what is not given is as in `base`.
  init(_ reader: FieldReader, over base: Link.Configuration) throws(ScenarioError) {
    let fields = try reader.object(LinkParameters.all.map(\.name))
    self = base
    if let reader = fields["rate"] { rate = try reader.rateOrUnlimited() }
    if let reader = fields["delay"] { propagationDelay = try reader.duration() }
    if let reader = fields["queue"] { queueLimit = try Link.QueueLimit(reader) }
    if let reader = fields["loss"] { loss = try LossModel(reader) }
    if let reader = fields["jitter"] { jitter = try Jitter(reader) }
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

  private static func size(_ text: String) -> DataSize? {
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
