import RTCPrimitives
import SimNetwork

/// Where a scenario finds the files that it names.
struct ScenarioFiles {
  let costs: (String) throws(ScenarioError) -> CostFile
  /// The NATs that files describe.
  let nats: () throws(ScenarioError) -> [NATBehaviors.Named]
  /// The links that files describe.
  let links: () throws(ScenarioError) -> [LinkPreset]
  let prices: (String) throws(ScenarioError) -> PriceList
  /// The path and content of a media or trace file if it can be read.
  let media: (String) -> (path: String, content: [UInt8])?
}

extension Scenario {
  private static let commonFields = ["name", "summary", "seed", "sites", "delays"]

  /// Reads the text of a scenario file; `name` is the default of its name.
  init(text: String, file: String, name: String, files: ScenarioFiles) throws(ScenarioError) {
    let reader = try FieldReader(text: text, file: file)
    let isUDP = try reader.members().contains { $0.name == "flows" || $0.name == "hosts" }
    let names = isUDP ? UDPScenario.fieldNames : SessionScenario.fieldNames
    let fields = try reader.object(Self.commonFields + names)
    self.name = try fields["name"]?.text() ?? name
    summary = try fields["summary"]?.text() ?? ""
    seed = try fields["seed"]?.seed() ?? 1
    sites = try Self.sites(fields["sites"])
    delays = try Self.delays(fields["delays"], sites: sites)
    kind =
      isUDP
      ? .udp(try UDPScenario(fields, sites: sites, files)) : .session(try SessionScenario(fields, sites, files))
  }

  private static func sites(_ reader: FieldReader?) throws(ScenarioError) -> [String] {
    guard let reader else { return ["region"] }
    var sites: [String] = []
    for element in try reader.elements("a list of names such as ['eu', 'us']") {
      let site = try element.text()
      guard !sites.contains(site) else { throw element.failure("a name that no other site has") }
      sites.append(site)
    }
    guard !sites.isEmpty else { throw reader.failure("at least one name") }
    return sites
  }

  private static func delays(_ reader: FieldReader?, sites: [String]) throws(ScenarioError) -> [SiteDelay] {
    guard let reader else { return [] }
    var delays: [SiteDelay] = []
    for element in try reader.elements("a list of {between: ['eu', 'us'], oneWay: '40ms'}") {
      let fields = try element.object(["between", "oneWay"])
      let between = try fields.required("between", "two names of sites")
      let pair = try between.elements("two names of sites")
      guard pair.count == 2 else { throw between.failure("two names of sites") }
      let first = try pair[0].name(of: sites)
      let second = try pair[1].name(of: sites)
      let isDouble = delays.contains { Set([$0.first, $0.second]) == Set([first, second]) }
      guard first != second, !isDouble else { throw between.failure("two sites, each pair once") }
      let oneWay = try fields.required("oneWay", Duration.allowedQuantity).duration()
      delays.append(SiteDelay(first: first, second: second, oneWay: oneWay))
    }
    return delays
  }
}
