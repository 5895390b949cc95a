import RTCTransport
import SimNetwork
import TestSupport
import Testing

@testable import SimSessions

/// Who connects, and who needs a relay: real agents over simulated NATs.
struct ConnectivityTests {
  struct Row: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let `class`: String
    let A_sees_B_as: String?
    let B_sees_A_as: String?

    var testDescription: String { id }
  }

  private struct Table: Decodable { let vectors: [Row] }

  static let rows = (try? Vectors.decode(Table.self, from: "ice/nat_matrix.json"))?.vectors ?? []

  private static let presets = (try? models.nats()) ?? []

  /// Two names with a bar between.
  private func run(_ id: String, seed: UInt64 = 1) throws -> ConnectivityRun {
    let sides = try id.split(separator: "|").map { try AccessBehavior(id: String($0), presets: Self.presets) }
    return ConnectivityRun(offerer: sides[0], answerer: sides[1], seed: seed)
  }

  @Test func `the table has the rows of the vectors in their order`() {
    #expect(Self.rows.count == 91)
    #expect(ConnectivityMatrix.pairs().map(\.id) == Self.rows.map(\.id))
  }

  @Test(arguments: rows)
  func `every row of the truth table comes out, whatever the seed and whoever offers`(row: Row) throws {
    Vectors.ran(row.id, of: "ice/nat_matrix.json")
    for seed in [1, 2] as [UInt64] {
      let forwards = try run(row.id, seed: seed).result()
      let backwards = try run(row.id.split(separator: "|").reversed().joined(separator: "|"), seed: seed).result()
      #expect([forwards, backwards].map(\.connectionClass.rawValue) == [row.class, row.class], "seed \(seed)")
      guard let seenByA = row.A_sees_B_as, let seenByB = row.B_sees_A_as else { continue }
      #expect(forwards.offererPair?.remote.kind.rawValue == seenByA)
      #expect(forwards.answererPair?.remote.kind.rawValue == seenByB)
    }
  }

  @Test func `one seed gives one trace`() throws {
    let hashes = try (0..<2).map { _ in try run("apdm-apdf|adm-eif").result().traceHash }
    #expect(hashes[0] == hashes[1])
    #expect(try run("apdm-apdf|adm-eif", seed: 2).result().traceHash != hashes[0])
  }

  /// A chain depends on the remote wherever one of its links does (RFC 4787 §4.1, §5). Left out is a home that filters
  /// more strictly than a carrier that maps more strictly: the next test.
  @Test(arguments: ["open", "eim-apdf", "adm-adf"])
  func `a chain connects as one NAT with its strictest mapping and its strictest filter`(partner: String) throws {
    let letters = ["ei", "ad", "apd"]
    let grid = letters.flatMap { mapping in letters.map { (mapping, $0) } }
    func strictness(_ dependence: String) -> Int { letters.firstIndex(of: dependence)! }
    for home in grid {
      for carrier in grid {
        if strictness(home.1) > strictness(carrier.1), strictness(carrier.0) > strictness(home.0) { continue }
        let mapping = letters[max(strictness(home.0), strictness(carrier.0))]
        let filtering = letters[max(strictness(home.1), strictness(carrier.1))]
        let chain = "\(home.0)m-\(home.1)f+\(carrier.0)m-\(carrier.1)f"
        let one = try run("\(mapping)m-\(filtering)f|\(partner)").result().connectionClass
        #expect(try run("\(chain)|\(partner)").result().connectionClass == one, "\(chain)|\(partner)")
      }
    }
  }

  /// A packet to the endpoint that the STUN server saw passes the carrier, and at home the peer is known.
  @Test func `a home's filter judges all mappings at the carrier as one, so the chain lets in more`() throws {
    #expect(try run("adm-adf|adm-adf").result().connectionClass == .relay)
    #expect(try run("eim-adf+adm-eif|adm-adf").result().connectionClass == .directPeerReflexive)
  }

  /// The reason of RFC 4787 REQ-2: a peer that lets in by address knows the other address.
  @Test func `arbitrary pooling makes peers need a relay that filter by address, and no others`() throws {
    let classes = try ["eim-eif", "eim-adf", "eim-apdf"].map { peer in
      try run("enterprise-symmetric|\(peer)").outcome().parts.map(\.connectionClass)
    }
    #expect(classes == [[.directPeerReflexive], [.directPeerReflexive, .relay], [.relay]])
    #expect(try run("apdm-apdf|eim-adf").result().connectionClass == .directPeerReflexive)
  }

  @Test func `what a NAT's dice decide has shares, which do not depend on who offers`() throws {
    let outcome = try run("enterprise-symmetric|eim-adf").outcome()
    #expect(try run("eim-adf|enterprise-symmetric").outcome().parts == outcome.parts)
    #expect(outcome.varies && outcome.parts.map(\.connectionClass) == [.directPeerReflexive, .relay])
    // The peer lets in whom it sends to: the two addresses that the STUN and the TURN server saw. The mapping to the
    // peer has neither in a quarter of all calls; of 64, four standard deviations are 0.22.
    #expect(abs(outcome.parts[1].share - 0.25) <= 0.22 && outcome.parts[0].share + outcome.parts[1].share == 1)
    // A filter by port and a peer that filters nobody leave nothing to chance, nor does a NAT without a pool.
    #expect(try run("enterprise-symmetric|eim-apdf").outcome().parts == ConnectivityOutcome(of: [.relay]).parts)
    #expect(try run("enterprise-symmetric|eim-eif").outcome().connectionClass == .directPeerReflexive)
    #expect(
      try !run("apdm-apdf|carrier-grade").isLeftToChance && run("open|eim-eif+enterprise-symmetric").isLeftToChance)
  }

  @Test func `of two classes that are as frequent the one that costs more stands for the pair`() {
    #expect(ConnectivityOutcome(of: [.relay, .direct]).connectionClass == .relay)
    #expect(ConnectivityOutcome(of: [.relay, .direct, .direct]).connectionClass == .direct)
  }

  /// What these files say of themselves, in the names of the table.
  @Test(arguments: [
    ("home-router", "eim-adf"), ("strict-home-router", "eim-apdf"), ("linux-masquerade", "eim-apdf"),
    ("linux-masquerade-random", "apdm-apdf"), ("carrier-grade", "eim-eif"), ("carrier-grade-symmetric", "apdm-apdf"),
  ])
  func `a NAT of a file connects as its kind does`(name: String, kind: String) throws {
    for partner in AccessBehaviors.all.map(\.name) {
      #expect(
        try run("\(name)|\(partner)").result().connectionClass == run("\(kind)|\(partner)").result().connectionClass,
        "\(name)|\(partner)")
    }
  }

  // MARK: One NAT for both

  @Test func `two hosts of one home connect by their own addresses, whatever the home's NAT is`() throws {
    for nat in ["eim-eif", "apdm-apdf", "home-router"] {
      let result = try run("\(nat)@home|\(nat)@home").result()
      #expect(result.connectionClass == .direct)
      #expect(result.offererPair?.remote.kind == .host && result.answererPair?.remote.kind == .host)
    }
  }

  /// RFC 4787 REQ-9 is what neighbours need whose carrier gives them one address.
  @Test func `two homes of one carrier connect directly only if it hairpins`() throws {
    let hairpinning = try run("home-router+carrier-grade@isp|home-router+carrier-grade@isp").result()
    #expect(hairpinning.connectionClass == .direct)
    #expect(hairpinning.offererPair?.remote.kind == .serverReflexive)
    #expect(try run("home-router+eim-eif@isp|home-router+eim-eif@isp").result().connectionClass == .relay)
    #expect(try run("home-router+eim-eif@isp|home-router+eim-eif@other").result().connectionClass == .direct)
  }

  // MARK: Recordings

  struct Recording: Sendable, CustomTestStringConvertible {
    let pair: String
    let connectionClass: String

    var testDescription: String { "\(pair): \(connectionClass)" }
  }

  /// Chromium behind Linux NATs: the class follows from the remote candidates that the two selected.
  static let recordings: [Recording] = {
    let names = [
      "pub": "open", "masq": "linux-masquerade", "masq_drop": "eim-apdf", "rand": "apdm-apdf", "noudp": "udp-blocked",
    ]
    let text = (try? Vectors.data("reference/nat_matrix.csv")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
      let fields = line.split(separator: ",").map(String.init)
      guard let first = names[fields[0]], let second = names[fields[1]] else { return nil }
      let views = fields[4...5]
      let remotes = views.map { $0.split(separator: "-")[1] }
      let connectionClass =
        views.contains { $0.contains("(tcp)") }
        ? "relay-tcp"
        : remotes.contains("relay") ? "relay" : remotes.contains("prflx") ? "direct-prflx" : "direct"
      return Recording(pair: "\(first)|\(second)", connectionClass: connectionClass)
    }
  }()

  @Test func `all recordings of two machines are there`() { #expect(Self.recordings.count == 36) }

  @Test(arguments: recordings)
  func `what was recorded of Chromium behind Linux NATs comes out`(recording: Recording) throws {
    let found = try run(recording.pair).result().connectionClass.rawValue
    switch (recording.pair, recording.connectionClass) {
    case ("linux-masquerade|linux-masquerade", _):
      // Without a rule that drops what nobody asked for, a packet that comes too early takes the port away: the
      // recordings show both ends of that race.
      #expect(["direct", "relay"].contains(recording.connectionClass) && found == "direct")
    case (_, let expected): #expect(found == expected)
    }
  }

  // MARK: Populations

  private func mix(_ text: String) throws(ScenarioError) -> PopulationMix {
    try PopulationMix(text: text, file: "mix.json5", nats: [])
  }

  @Test func `the shares of a population's pairs are p squared and 2pq, and sum to 1`() throws {
    let mix = try mix("{'open': 0.25, 'eim-apdf': 0.5, 'apdm-apdf': 0.25, /* nobody */ 'adm-adf': 0}")
    let shares = mix.shares(mix.pairs().map { $0.outcome() })
    let share = { (wanted: ConnectionClass) in shares.first { $0.connectionClass == wanted }?.share ?? 0 }
    // Symmetric with symmetric 1/16, symmetric with port-restricted 2/8; open with symmetric 2/16 reveals an address.
    #expect(share(.relay) == 0.3125)
    #expect(share(.directPeerReflexive) == 0.125)
    #expect(share(.direct) == 0.5625)
    #expect(share(.relayOverTCP) == 0 && share(.none) == 0)
  }

  @Test func `a pair that varies counts in a population by its shares`() throws {
    let mix = try PopulationMix(
      text: "{'eim-adf': 0.5, 'enterprise-symmetric': 0.5}", file: "mix.json5", nats: Self.presets)
    let outcomes = mix.pairs().map { $0.outcome() }
    let shares = mix.shares(outcomes)
    // Two home routers connect, two companies never do, and the half of the pairs that are one of each varies.
    let relayed = outcomes[1].parts.first { $0.connectionClass == .relay }?.share ?? 0
    #expect(outcomes[1].varies)
    #expect(shares.first { $0.connectionClass == .relay }?.share == 0.25 + 0.5 * relayed)
    #expect(shares.first { $0.connectionClass == .directPeerReflexive }?.share == 0.5 * (1 - relayed))
  }

  @Test(arguments: [
    ("{'open': 0.5}", "mix.json5:1: the file: found a sum of 0.5, allowed: names of NATs with shares that sum to 1"),
    ("{}", "mix.json5:1: the file: found a sum of 0.0"), ("[]", "mix.json5:1: the file: found"),
    ("{'eim-eif@isp': 1}", "found 'eim-eif@isp', allowed: as a name one without @"),
    ("{'eim-apf': 1}", "did you mean 'eim-adf'?"), ("{'open': '1'}", "open: found '1', allowed: a share from 0 to 1"),
    ("{'open': -1, 'eim-eif': 2}", "open: found -1, allowed: a share from 0 to 1"),
  ])
  func `a population that is none is refused`(text: String, part: String) {
    let message = message { _ = try mix(text) }
    #expect(message.contains(part), "\(message)")
  }
}
