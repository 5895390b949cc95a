import RTCPrimitives

/// Why a text is not a quantity with a unit.
package enum QuantityError: Error, Hashable, Sendable, CustomStringConvertible {
  case notANumber(found: String, allowed: String)
  case unknownUnit(String, found: String, allowed: String)
  case negative(found: String, allowed: String)
  /// Too large, or finer than the smallest unit that is counted.
  case outOfRange(found: String, allowed: String)

  /// What may be written instead.
  package var allowed: String {
    switch self {
    case .notANumber(_, let allowed), .unknownUnit(_, _, let allowed), .negative(_, let allowed),
      .outOfRange(_, let allowed):
      allowed
    }
  }

  package var description: String {
    switch self {
    case .notANumber(let found, let allowed): "found '\(found)', allowed: \(allowed)"
    case .unknownUnit("", let found, let allowed): "found '\(found)' without a unit, allowed: \(allowed)"
    case .unknownUnit(let unit, let found, let allowed):
      "found '\(found)' in unknown unit '\(unit)', allowed: \(allowed)"
    case .negative(let found, let allowed): "found '\(found)', which is negative, allowed: \(allowed)"
    case .outOfRange(let found, let allowed): "found '\(found)', which is out of range, allowed: \(allowed)"
    }
  }
}

extension Duration {
  package static let allowedQuantity = "a duration such as 30s, 1.5s, 100ms, 250us or 2m"

  private static let units: [(names: [String], nanoseconds: Int64)] = [
    (["h"], 3_600_000_000_000), (["m", "min"], 60_000_000_000), (["s"], 1_000_000_000), (["ms"], 1_000_000),
    (["us", "µs", "μs"], 1000), (["ns"], 1),
  ]

  /// Parses a decimal number and a unit (`ns us ms s m h`), exactly; 0 needs no unit.
  package init(quantity text: String) throws(QuantityError) {
    let nanoseconds = try parseQuantity(text, allowed: Self.allowedQuantity) { unit, isZero in
      unit.isEmpty ? (isZero ? 1 : nil) : Self.units.first { $0.names.contains(unit) }?.nanoseconds
    }
    self = .nanoseconds(nanoseconds)
  }

  /// What `init(quantity:)` reads, in the largest unit without a fraction: `90s`, `1500ms`.
  package var quantity: String {
    let count = nanoseconds
    guard count != 0,
      let unit = Self.units.first(where: { count % $0.nanoseconds == 0 && $0.nanoseconds <= 1_000_000_000 })
    else { return "0s" }
    return "\(count / unit.nanoseconds)\(unit.names[0])"
  }
}

extension DataRate {
  package static let allowedQuantity = "a rate in bits per second such as 800k, 2M, 1.5Mbit/s or 10Mbps"

  private static let prefixes: [(name: String, factor: Int64)] = [
    ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000), ("K", 1000), ("", 1),
  ]
  private static let endings: Set = ["", "bit/s", "bits/s", "bit", "bps", "b/s"]

  /// Parses a decimal number of bits per second with a decimal prefix (`k M G`), exactly. Zero is read as zero.
  package init(quantity text: String) throws(QuantityError) {
    let rate = try parseQuantity(text, allowed: Self.allowedQuantity) { unit, _ in
      Self.prefixes.first { unit.hasPrefix($0.name) && Self.endings.contains(String(unit.dropFirst($0.name.count))) }?
        .factor
    }
    self.init(bitsPerSecond: rate)
  }

  /// What `init(quantity:)` reads, with the largest prefix that leaves no fraction: `800k`, `1500k`, `2M`.
  package var quantity: String {
    guard bitsPerSecond != 0, let prefix = Self.prefixes.first(where: { bitsPerSecond % $0.factor == 0 }) else {
      return "\(bitsPerSecond)"
    }
    return "\(bitsPerSecond / prefix.factor)\(prefix.name)"
  }
}

/// A decimal number times what `factor` says of its unit, in whole steps of the smallest unit.
private func parseQuantity(
  _ text: String, allowed: String, factor: (_ unit: String, _ isZero: Bool) -> Int64?
) throws(QuantityError) -> Int64 {
  let trimmed = text.drop { $0 == " " }
  let isNegative = trimmed.hasPrefix("-")
  let unsigned = trimmed.drop { $0 == "-" || $0 == "+" }
  let number = unsigned.prefix { ("0"..."9").contains($0) || $0 == "." }
  let parts = number.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
  guard trimmed.count - unsigned.count <= 1, parts.count <= 2, !parts[0].isEmpty, parts.last?.isEmpty == false else {
    throw .notANumber(found: text, allowed: allowed)
  }
  let fraction = parts.count == 2 ? parts[1].reversed().drop { $0 == "0" }.reversed() : []
  guard let digits = Int64(parts[0] + String(fraction)), fraction.count <= 15 else {
    throw .outOfRange(found: text, allowed: allowed)
  }
  let unit = String(unsigned[number.endIndex...].drop { $0 == " " })
  guard let factor = factor(unit, digits == 0) else { throw .unknownUnit(unit, found: text, allowed: allowed) }
  guard !isNegative || digits == 0 else { throw .negative(found: text, allowed: allowed) }
  var scale: Int64 = 1
  for _ in fraction { scale *= 10 }
  let (product, overflow) = digits.multipliedReportingOverflow(by: factor)
  guard !overflow, product.isMultiple(of: scale) else { throw .outOfRange(found: text, allowed: allowed) }
  return product / scale
}
