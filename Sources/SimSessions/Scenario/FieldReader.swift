import RTCPrimitives

/// One value of an input file with the path that leads to it, so that every error names its place.
struct FieldReader {
  let file: String
  let path: String
  let value: JSON5Value

  /// The whole of a file.
  init(text: String, file: String) throws(ScenarioError) {
    do throws(JSON5Error) { value = try JSON5Parser.parse(text) } catch {
      throw .syntax(file: file, line: error.line, column: error.column, reason: error.reason)
    }
    self.file = file
    path = ""
  }

  private init(file: String, path: String, value: JSON5Value) {
    self.file = file
    self.path = path
    self.value = value
  }

  func failure(_ allowed: String, found: String? = nil, nearest: String? = nil) -> ScenarioError {
    .field(
      file: file, line: value.line, path: path.isEmpty ? "the file" : path, found: found ?? value.found,
      allowed: allowed, nearest: nearest)
  }

  // MARK: Objects and lists

  /// The fields of an object, which may only have these names.
  func object(_ names: [String]) throws(ScenarioError) -> ObjectReader {
    guard case .object(let members) = value.content else {
      throw failure("an object with \(names.joined(separator: ", "))")
    }
    for member in members where !names.contains(member.name) {
      throw .unknownField(
        file: file, line: member.line, path: joined(member.name), allowed: names,
        nearest: nearestName(to: member.name, in: names))
    }
    return ObjectReader(self, members)
  }

  /// The fields of an object in their order, whatever their names.
  func members() throws(ScenarioError) -> [(name: String, value: FieldReader)] {
    guard case .object(let members) = value.content else { throw failure("an object") }
    return members.map { ($0.name, FieldReader(file: file, path: joined($0.name), value: $0.value)) }
  }

  func elements(_ allowed: String) throws(ScenarioError) -> [FieldReader] {
    guard case .array(let elements) = value.content else { throw failure(allowed) }
    return elements.enumerated().map { FieldReader(file: file, path: "\(path)[\($0)]", value: $1) }
  }

  fileprivate func joined(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  fileprivate func reader(of member: JSON5Value.Member) -> FieldReader {
    FieldReader(file: file, path: joined(member.name), value: member.value)
  }

  // MARK: Leaves

  var isNull: Bool { value.content == .null }
  var isText: Bool { string != nil }
  var boolean: Bool? { if case .boolean(let value) = value.content { value } else { nil } }
  private var string: String? { if case .string(let text) = value.content { text } else { nil } }

  func flag() throws(ScenarioError) -> Bool {
    guard let boolean else { throw failure("true or false") }
    return boolean
  }

  func text(_ allowed: String = "a text in quotes") throws(ScenarioError) -> String {
    guard let string, !string.isEmpty else { throw failure(allowed) }
    return string
  }

  /// One of `names`.
  func name(of names: [String], or alternative: String? = nil) throws(ScenarioError) -> String {
    let allowed = (names + (alternative.map { [$0] } ?? [])).joined(separator: ", ")
    guard let string else { throw failure(allowed) }
    guard names.contains(string) else { throw failure(allowed, nearest: nearestName(to: string, in: names)) }
    return string
  }

  /// A case of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) throws(ScenarioError) -> Choice
  where Choice.RawValue == String {
    let name = try name(of: Choice.allCases.map(\.rawValue))
    guard let choice = Choice(rawValue: name) else { throw failure("a listed name") }
    return choice
  }

  func integer(_ limit: WholeNumberLimit) throws(ScenarioError) -> Int {
    guard case .number(_, let number) = value.content, let whole = Int(exactly: number), limit.contains(whole)
    else { throw failure(limit.allowed) }
    return whole
  }

  func number(in range: ClosedRange<Double>, _ allowed: String) throws(ScenarioError) -> Double {
    guard case .number(_, let number) = value.content, range.contains(number) else { throw failure(allowed) }
    return number
  }

  func seed() throws(ScenarioError) -> UInt64 {
    guard case .number(let text, _) = value.content, let seed = UInt64(text) else {
      throw failure("a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }

  func duration(_ limit: DurationLimit = .any) throws(ScenarioError) -> Duration {
    guard let string else { throw failure(limit.allowed) }
    let duration: Duration
    do throws(QuantityError) { duration = try Duration(quantity: string) } catch { throw failure(error.allowed) }
    guard limit.range.contains(duration) else { throw failure(limit.allowed) }
    return duration
  }

  /// A duration without a fraction of a second, as TURN's LIFETIME has it.
  func wholeSeconds() throws(ScenarioError) -> Duration {
    let duration = try duration(.allocation)
    guard duration == .seconds(duration.components.seconds) else { throw failure(DurationLimit.allocation.allowed) }
    return duration
  }

  /// A rate that is not zero.
  func rate() throws(ScenarioError) -> DataRate {
    guard let string else { throw failure(DataRate.allowedQuantity) }
    let rate: DataRate
    do throws(QuantityError) { rate = try DataRate(quantity: string) } catch { throw failure(error.allowed) }
    guard RateLimit.range.contains(rate) else { throw failure(RateLimit.allowed) }
    return rate
  }

  /// A rate, or zero.
  func rateOrOutage() throws(ScenarioError) -> DataRate {
    guard string != "0" else { return .zero }
    do throws(ScenarioError) { return try rate() } catch {
      throw failure("\(DataRate.allowedQuantity), or '0' for an outage")
    }
  }

  /// A rate, or `nil` for `unlimited`.
  func rateOrUnlimited() throws(ScenarioError) -> DataRate? {
    guard string != "unlimited" else { return nil }
    do throws(ScenarioError) { return try rate() } catch {
      throw failure("\(DataRate.allowedQuantity), or 'unlimited'")
    }
  }
}

/// The fields of one object.
struct ObjectReader {
  private let parent: FieldReader
  private let members: [JSON5Value.Member]

  fileprivate init(_ parent: FieldReader, _ members: [JSON5Value.Member]) {
    self.parent = parent
    self.members = members
  }

  subscript(_ name: String) -> FieldReader? {
    members.first { $0.name == name }.map { parent.reader(of: $0) }
  }

  /// The error of a field that is what it is together with others; it may be missing.
  func failure(_ name: String, found: String, _ allowed: String) -> ScenarioError {
    let line = members.first { $0.name == name }?.line ?? parent.value.line
    return .field(file: parent.file, line: line, path: parent.joined(name), found: found, allowed: allowed)
  }

  func required(_ name: String, _ allowed: String) throws(ScenarioError) -> FieldReader {
    guard let reader = self[name] else {
      throw .missingField(
        file: parent.file, line: parent.value.line, path: parent.joined(name), allowed: allowed)
    }
    return reader
  }
}
