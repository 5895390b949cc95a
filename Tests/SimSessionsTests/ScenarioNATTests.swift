import SimNetwork
import Testing

@testable import SimSessions

/// NATs as scenarios name and describe them.
struct ScenarioNATTests {
  @Test func `every file of Models NATs is read`() throws {
    let nats = try models.nats()
    #expect(nats.count >= 7)
    for nat in nats {
      #expect(!nat.summary.isEmpty)
      #expect(try models.access(nat.name, option: "--nat").translators == [nat.behavior])
      #expect(!(NATBehaviors.all.map(\.name) + AccessBehaviors.all.map(\.name)).contains(nat.name))
    }
  }

  @Test func `a client's NAT is a name, a file's, a chain or an access with a firewall`() throws {
    let call = try session(
      """
      {participants: 5, clients: [
        {nat: 'eim-adf'}, {nat: 'carrier-grade'}, {nat: 'home-router+carrier-grade'}, {nat: 'fw-apdf'}, {nat: 'open'},
      ]}
      """)
    let clients = (0..<5).map(call.client(at:))
    #expect(clients.map { $0.nat?.name } == ["eim-adf", "carrier-grade", "home-router+carrier-grade", "fw-apdf", nil])
    #expect(clients.map { $0.nat?.translators.count ?? 0 } == [1, 1, 2, 0, 0])
    #expect(clients.map(\.barrier) == [nil, nil, nil, .stateful, nil])
    #expect(clients[2].nat?.translators[1].portLimit == 1000)
  }

  @Test func `a client with a name of its own does not inherit the firewall in everybody's name`() throws {
    let call = try session("{participants: 2, client: {nat: 'udp-blocked'}, clients: [{nat: 'eim-eif'}]}")
    #expect(call.client(at: 0).barrier == nil)
    #expect(call.client(at: 1).barrier == .blockUDP)
  }

  @Test func `those who share a NAT agree on what it is`() throws {
    let call = "{participants: 3, clients: [{nat: 'home-router+carrier-grade@isp'}, {nat: 'eim-eif+NAT@isp'}]}"
    #expect(try session(call.replacing("NAT", with: "carrier-grade")).client(at: 1).nat?.owner == "isp")
    let text = message { _ = try scenario(call.replacing("NAT", with: "symmetric")) }
    #expect(
      text.contains(
        "clients: found 'eim-eif+symmetric@isp', allowed: the NAT of isp as in 'home-router+carrier-grade@isp'")
        || text.contains("clients: found 'home-router+carrier-grade@isp', allowed: the NAT of isp as in 'eim-eif+symm"),
      "\(text)")
    let hosts = "{hosts: [{name: 'a', nat: 'eim-eif@isp'}, {name: 'b', nat: 'eim-adf@isp'}], flows: []}"
    #expect(message { _ = try scenario(hosts) }.contains("hosts[1].nat: found 'eim-adf@isp', allowed: the NAT of isp"))
  }

  @Test func `calls behind shared and nested NATs run, and every NAT has its lane`() throws {
    for (nats, lanes) in [
      (
        ["strict-home-router+carrier-grade@isp", "eim-adf+carrier-grade@isp"], ["client-1/nat", "@isp", "client-2/nat"]
      ),
      (["home-router@home", "home-router@home"], ["@home"]),
      (["home-router+eim-eif", "none"], ["client-1/nat", "client-1/nat-2"]),
    ] {
      let text =
        "{topology: 'mesh', participants: 2, duration: '6s', clients: [{nat: '\(nats[0])'}, {nat: '\(nats[1])'}]}"
      let call = try scenario(text)
      let result = try SessionRun(call).run()
      #expect(result.connectionsEstablished == 1)
      let history = try HistoryRun(call).record()
      #expect(history.lanes.filter { $0.kind == .nat }.map(\.name) == lanes)
      let places = Set(history.messages.flatMap { $0.path.map(\.lane) })
      #expect(places.isSubset(of: Set(history.lanes.map(\.name))), "\(places)")
    }
  }

  @Test func `an object gives every part of a behaviour`() throws {
    let client = try session(
      """
      {client: {nat: {
        mapping: 'endpoint-independent', filtering: 'address-dependent', ports: 'sequential', portRange: '2000-2999',
        parity: true, contiguity: true, portLimit: 50, addresses: 3, pooling: 'arbitrary', lifetime: '3m',
        filterLifetime: '40s', refreshesOnInbound: true, hairpinning: 'internal', portQuarantine: '2m',
        tcp: {halfOpen: '30s', established: '120h', closing: '10s'}}}}
      """
    ).client
    var expected = NATBehavior(
      mapping: .endpointIndependent, filtering: .addressDependent, portAssignment: .sequential,
      mappingLifetime: .seconds(180), refreshesOnInbound: true, hairpinning: .internalSource)
    expected.portRange = 2000...2999
    expected.preservesParity = true
    expected.preservesContiguity = true
    expected.portLimit = 50
    expected.externalAddresses = 3
    expected.pooling = .arbitrary
    expected.filterLifetime = .seconds(40)
    expected.portQuarantine = .seconds(120)
    expected.tcpLifetimes.halfOpen = .seconds(30)
    expected.tcpLifetimes.established = .seconds(432_000)
    expected.tcpLifetimes.closing = .seconds(10)
    #expect(client.nat == AccessBehavior(name: "custom", translators: [expected]))
  }

  @Test func `each part of a behaviour counts in the scenario's hash`() throws {
    let texts = [
      "", ", portRange: '2000-2999'", ", parity: true", ", contiguity: true", ", portLimit: 50", ", addresses: 3",
      ", addresses: 3, pooling: 'arbitrary'", ", filterLifetime: '40s'", ", refreshesOnInbound: true",
      ", hairpinning: 'internal'", ", hairpinning: 'external'", ", portQuarantine: '2m'", ", tcp: {halfOpen: '30s'}",
      ", tcp: {established: '30s'}", ", tcp: {closing: '30s'}",
    ]
    let hashes = try texts.map { text in
      try scenario("{client: {nat: {mapping: 'endpoint-independent', filtering: 'address-dependent'\(text)}}}")
        .scenarioHash
    }
    #expect(Set(hashes).count == texts.count)
  }

  @Test(arguments: [
    ("'eim-apf'", "client.nat: found 'eim-apf', allowed: none, open, ", "did you mean 'eim-adf'?"),
    ("'home-ruoter'", "allowed: none, open, ", "did you mean 'home-router'?"),
    ("'eim-eif+udp-blocked'", "found 'eim-eif+udp-blocked', allowed: none, in a chain only eim-eif", ""),
    ("'eim-eif+eim-eif+eim-eif+eim-eif+eim-eif'", "at most 4 NATs in a chain", ""),
    ("7", "client.nat: found 7, allowed: a name, a chain such as", ""),
    ("{mapping: 'endpoint-independent', filtering: 'none'}", "client.nat.filtering: found 'none'", ""),
  ])
  func `a NAT that does not exist is refused with the nearest`(nat: String, first: String, second: String) {
    let text = message { _ = try scenario("{client: {nat: \(nat)}}") }
    #expect(text.contains(first) && (second.isEmpty || text.contains(second)), "\(text)")
  }

  @Test(arguments: [
    ("portRange: '80-90'", "client.nat.portRange: found '80-90', allowed: two ports from 1024 to 65535"),
    ("portRange: '3000-2000'", "client.nat.portRange: found"), ("portRange: '5-x'", "client.nat.portRange: found"),
    ("portLimit: 0", "client.nat.portLimit: found 0, allowed: a whole number from 1 to 64512"),
    ("addresses: 99", "client.nat.addresses: found 99, allowed: a whole number from 1 to 16"),
    ("pooling: 'shared'", "client.nat.pooling: found 'shared', allowed: paired, arbitrary"),
    ("hairpinning: 'yes'", "client.nat.hairpinning: found 'yes', allowed: none, internal, external"),
    ("hairpinning: 1", "client.nat.hairpinning: found 1, allowed: true, false, none, internal, external"),
    ("tcp: '2h'", "client.nat.tcp: found '2h', allowed: an object with halfOpen, established, closing"),
    ("tcp: {established: '200h'}", "client.nat.tcp.established: found '200h', allowed: a duration such as"),
    ("portQuarantine: 120", "client.nat.portQuarantine: found 120, allowed: a duration such as"),
    ("hairpin: true", "client.nat.hairpin: unknown field"),
  ])
  func `a part that is wrong names its field and what is allowed`(part: String, beginning: String) {
    let nat = "{mapping: 'endpoint-independent', filtering: 'endpoint-independent', \(part)}"
    let text = message { _ = try scenario("{client: {nat: \(nat)}}") }
    #expect(text.contains(beginning), "\(text)")
  }

  @Test func `a firewall and a name that is one contradict each other`() {
    let text = message { _ = try scenario("{client: {nat: 'udp-blocked', firewall: 'stateful'}}") }
    #expect(text.contains("client.nat: found 'udp-blocked', allowed: a NAT or 'none', because a firewall is given"))
  }
}
