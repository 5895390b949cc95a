import RTCPrimitives
import SimNetwork

extension NATBehavior {
  static let fieldNames = [
    "mapping", "filtering", "ports", "portRange", "parity", "contiguity", "portLimit", "addresses", "pooling",
    "lifetime", "filterLifetime", "refreshesOnInbound", "hairpinning", "tcp", "portQuarantine",
  ]

  /// Reads a NAT in the terms of RFC 4787, 5382 and 6888.
  init(_ fields: ObjectReader) throws(ScenarioError) {
    let dependences = Dependence.allCases.map(\.rawValue).joined(separator: ", ")
    self.init(
      mapping: try fields.required("mapping", dependences).choice(Dependence.self),
      filtering: try fields.required("filtering", dependences).choice(Dependence.self))
    if let reader = fields["ports"] { portAssignment = try reader.choice(PortAssignment.self) }
    if let reader = fields["portRange"] { portRange = try Self.portRange(reader) }
    if let reader = fields["parity"] { preservesParity = try reader.flag() }
    if let reader = fields["contiguity"] { preservesContiguity = try reader.flag() }
    if let reader = fields["portLimit"] { portLimit = try reader.integer(.subscriberPorts) }
    if let reader = fields["addresses"] { externalAddresses = try reader.integer(.externalAddresses) }
    if let reader = fields["pooling"] { pooling = try reader.choice(Pooling.self) }
    if let reader = fields["lifetime"] { mappingLifetime = try reader.duration(.run) }
    if let reader = fields["filterLifetime"] { filterLifetime = try reader.duration(.run) }
    if let reader = fields["refreshesOnInbound"] { refreshesOnInbound = try reader.flag() }
    if let reader = fields["hairpinning"] { hairpinning = try Self.hairpinning(reader) }
    if let reader = fields["tcp"] { tcpLifetimes = try TCPLifetimes(reader) }
    if let reader = fields["portQuarantine"] { portQuarantine = try reader.duration() }
  }

  /// `'20000-29999'`
  private static func portRange(_ reader: FieldReader) throws(ScenarioError) -> ClosedRange<UInt16> {
    let allowed = "two ports from 1024 to 65535 such as '1024-65535', the lower one first"
    let ports = try reader.text(allowed).split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard ports.count == 2, let first = ports[0], let last = ports[1], 1024 <= first, first <= last else {
      throw reader.failure(allowed)
    }
    return first...last
  }

  /// `true` is the way that RFC 4787 REQ-9 asks for.
  private static func hairpinning(_ reader: FieldReader) throws(ScenarioError) -> Hairpinning {
    if let flag = reader.boolean { return flag ? .externalSource : .none }
    guard reader.isText else {
      throw reader.failure("true, false, " + Hairpinning.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return try reader.choice(Hairpinning.self)
  }
}

extension TCPLifetimes {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    self.init()
    let fields = try reader.object(["halfOpen", "established", "closing"])
    if let reader = fields["halfOpen"] { halfOpen = try reader.duration(.connection) }
    if let reader = fields["established"] { established = try reader.duration(.connection) }
    if let reader = fields["closing"] { closing = try reader.duration(.connection) }
  }
}

extension AccessBehavior {
  /// `none`, a name, a chain of names, or an object in the terms of RFC 4787; `nil` for nothing in the way.
  static func decode(_ reader: FieldReader, _ files: ScenarioFiles) throws(ScenarioError) -> AccessBehavior? {
    let alternative = "a chain such as 'eim-eif+apdm-apdf', or an object with mapping, filtering, ports, …"
    guard reader.isText else {
      guard case .object = reader.value.content else { throw reader.failure("a name, \(alternative)") }
      let behavior = try NATBehavior(try reader.object(NATBehavior.fieldNames))
      return AccessBehavior(name: "custom", translators: [behavior])
    }
    let name = try reader.text()
    guard name != "none" else { return nil }
    let presets = try files.nats()
    do throws(AccessBehaviorError) {
      let access = try AccessBehavior(id: name, presets: presets)
      return access.translators.isEmpty && access.firewall == nil ? nil : access
    } catch {
      let (allowed, nearest) = error.advice
      throw reader.failure("none, \(allowed), \(alternative)", nearest: nearest)
    }
  }
}

extension AccessBehaviorError {
  /// What is allowed instead, and the nearest of it.
  var advice: (allowed: String, nearest: String?) {
    switch self {
    case .unknown(let name, let known): (known.joined(separator: ", "), nearestName(to: name, in: known))
    case .noNAT(_, let known): ("in a chain only \(known.joined(separator: ", "))", nil)
    case .chainTooLong(_, let limit): ("at most \(limit) NATs in a chain", nil)
    case .noOwner: ("behind @ a name that all who share this NAT have in common", nil)
    }
  }

  /// The same as an error of an option.
  func error(option: String, found: String) -> ScenarioError {
    .option(name: option, found: "'\(found)'", allowed: advice.allowed, nearest: advice.nearest)
  }
}

extension NATBehaviors.Named {
  /// Reads a file of `Models/NATs`.
  init(text: String, file: String, name: String) throws(ScenarioError) {
    let fields = try FieldReader(text: text, file: file).object(["summary", "source"] + NATBehavior.fieldNames)
    _ = try fields.required("source", "where the behaviour was described or measured").text()
    self.init(
      name: name, summary: try fields.required("summary", "a sentence").text(), behavior: try NATBehavior(fields))
  }
}
