import RTCPrimitives
import SimNetwork

extension UDPScenario {
  static let fieldNames = ["hosts", "flows"]

  init(_ fields: ObjectReader, sites: [String], _ files: ScenarioFiles) throws(ScenarioError) {
    var hosts: [Host] = []
    let hostList = try fields.required("hosts", "a list of hosts")
    let elements = try hostList.elements("a list of hosts")
    let limit = WholeNumberLimit.participants.range.upperBound
    guard elements.count <= limit else { throw hostList.failure("at most \(limit) hosts", found: "\(elements.count)") }
    for element in elements {
      hosts.append(try Host(element, sites: sites, others: hosts, files))
    }
    let flowList = try fields.required("flows", "a list of flows")
    flows = []
    for element in try flowList.elements("a list of flows") { flows.append(try Flow(element, hosts: hosts)) }
    guard !flows.isEmpty else { throw flowList.failure("at least one flow") }
    self.hosts = hosts
  }
}

extension UDPScenario.Host {
  fileprivate init(
    _ reader: FieldReader, sites: [String], others: [UDPScenario.Host], _ files: ScenarioFiles
  ) throws(ScenarioError) {
    let fields = try reader.object(["name"] + Access.fieldNames)
    let nameReader = try fields.required("name", "a name")
    name = try nameReader.text()
    let known = others.map(\.name)
    guard !known.contains(name) else { throw nameReader.failure("a name that no other host has") }
    let plain = Access(site: sites[0], uplink: .plain, downlink: .plain, nat: nil)
    let access = try Access(fields, over: plain, sites: sites, files)
    if let nat = access.nat, let other = others.compactMap(\.nat).first(where: { $0.contradicts(nat) }) {
      throw fields.failure(
        "nat", found: "'\(nat.name)'", "the NAT of \(nat.owner ?? "") as in '\(other.name)', because they share it")
    }
    site = access.site
    uplink = access.uplink
    downlink = access.downlink
    nat = access.nat
    firewall = access.firewall
    let families = access.addressFamily.members
    guard families.count == 1 else {
      throw fields.failure("addressFamily", found: "'\(access.addressFamily.rawValue)'", "'ipv4' or 'ipv6'")
    }
    addressFamily = families[0]
  }
}

extension UDPScenario.Flow {
  fileprivate init(_ reader: FieldReader, hosts: [UDPScenario.Host]) throws(ScenarioError) {
    let fields = try reader.object(["from", "to", "packetSize", "rate", "start", "duration"])
    let names = hosts.map(\.name)
    let allowedNames = names.joined(separator: ", ")
    let from = try fields.required("from", allowedNames).name(of: names)
    let target = try fields.required("to", allowedNames)
    let to = try target.name(of: names)
    guard from != to else { throw target.failure("another host than '\(from)'") }
    let families = hosts.filter { $0.name == from || $0.name == to }.map(\.addressFamily)
    guard Set(families).count == 1 else { throw target.failure("a host with the address family of '\(from)'") }
    self.from = from
    self.to = to
    packetSize = .bytes(try fields["packetSize"]?.integer(.packetSize) ?? 1000)
    rate = try fields["rate"]?.rate() ?? .megabitsPerSecond(1)
    start = try fields["start"]?.duration() ?? .zero
    duration = try fields["duration"]?.duration(.run) ?? .seconds(10)
  }
}

extension Link.Configuration {
  /// No limit of the rate and no delay; with a rate, a queue of 200 ms.
  fileprivate static let plain = Link.Configuration(queueLimit: .time(.milliseconds(200)))
}
