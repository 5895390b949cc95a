import RTCPrimitives
import RTCTransport
import RTCWire
import SimKernel
import SimNetwork
import SimNodes
import TestSupport
import Testing

@testable import SimSessions

/// Somebody on the network who throws bytes at a port: noise, and messages that look like STUN, DTLS and RTP.
private actor Flooder: Node {
  nonisolated let port: NodePort
  private let own: Endpoint
  private let target: Endpoint
  private let end: Instant
  private let interval: Duration
  private var dice: SeededGenerator
  private(set) var sent = 0

  init(_ port: NodePort, from own: Endpoint, at target: Endpoint, perSecond: Int, until end: Instant) {
    self.port = port
    self.own = own
    self.target = target
    self.end = end
    interval = .nanoseconds(Int64(1_000_000_000 / perSecond))
    dice = port.generator(for: "noise")
  }

  func begin(at time: Instant) { port.wake(at: time) }

  func receive(_ datagram: Datagram, at now: Instant) {}

  func wake(at now: Instant) {
    guard now < end else { return }
    port.send(noise().span, from: own, to: target)
    sent += 1
    port.wake(at: now + interval)
  }

  private func noise() -> [UInt8] {
    let length = Int(dice.next() % 200) + 1
    var bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    switch dice.next() % 4 {
    case 0:
      // A Binding request with a user name and a MESSAGE-INTEGRITY that nobody made.
      var entropy = EntropySource(dice)
      let id = TransactionID(using: &entropy)
      bytes = STUNMessage(
        .request, .binding, transactionID: id,
        attributes: [.username("abcd:efgh"), .priority(1), .messageIntegrity(Array(repeating: 7, count: 20))]
      ).bytes(fingerprint: true)
    case 1: bytes[0] = 22
    case 2: bytes[0] = 0x80
    default: break
    }
    return bytes
  }
}

struct FloodTests {
  private struct Outcome {
    /// Packets that each client has received after eight seconds.
    let received: [Int]
    /// How many datagrams were thrown at the first client.
    let sent: Int
    let states: [String]
    /// What the first client's ICE agent dropped.
    let discarded: ICEAgent.DiscardStatistics
    /// How many candidates and pairs the first client knows.
    let tables: [Int]
  }

  private func call(perSecond: Int?) throws -> Outcome {
    // No NAT, so that everything arrives.
    let scenario = try scenario(#"{ topology: "mesh", participants: 2, duration: "10s" }"#)
    let run = try SessionRun(scenario)
    let options = SessionRun.Options()
    let builder = SessionBuilder(
      scenario: scenario, session: run.session, plan: run.plan, fidelity: run.fidelity, options: options,
      media: SessionRun.mediaSettings(of: run.session, options))
    let simulation = Simulation(seed: scenario.seed)
    defer { simulation.end() }
    let built = builder.build(in: simulation)
    for client in built.clients { simulation.spawn { await client.join() } }
    simulation.run(until: .start + .seconds(3))
    var flooder: Flooder?
    if let perSecond {
      let port = simulation.makePort(named: "flooder")
      let address = IPAddress(198, 51, 100, 66)
      let made = Flooder(
        port, from: Endpoint(address, 4000), at: Endpoint(IPAddress(v4: 0xC612_0001), 50_000), perSecond: perSecond,
        until: .start + .seconds(4))
      simulation.register(made)
      built.network.attach(port, AttachmentPlan(addresses: [address], site: built.network.addSite("elsewhere")))
      simulation.perform { await made.begin(at: .start + .seconds(3)) }
      flooder = made
    }
    simulation.run(until: .start + .seconds(8))
    let clients = built.clients
    let snapshots = simulation.perform {
      var snapshots: [EndSnapshot] = []
      for client in clients { snapshots.append(await client.snapshot()) }
      return snapshots
    }
    let sent = flooder.map { flooder in simulation.perform { await flooder.sent } } ?? 0
    let discarded = simulation.perform { await clients[0].discarded }
    let connections = snapshots.compactMap(\.connections.first)
    let first = connections[0]
    return Outcome(
      received: connections.map { $0.inbound.reduce(0) { $0 + $1.packetsReceived } }, sent: sent,
      states: connections.map(\.connectionState), discarded: try #require(discarded.first),
      tables: [first.localCandidates.count, first.remoteCandidates.count, first.pairs.count])
  }

  @Test func `a hundred thousand datagrams of noise a second do not disturb a call`() throws {
    let quiet = try call(perSecond: nil)
    let loud = try call(perSecond: 100_000)
    #expect(loud.sent == 100_000)
    #expect(quiet.states == ["connected", "connected"] && loud.states == quiet.states)
    for (one, other) in zip(quiet.received, loud.received) {
      #expect(one > 1000 && abs(one - other) <= one / 20, "\(one) without, \(other) with")
    }
    // All of it is dropped and counted by its reason, and nothing of it is kept.
    func sum(_ drops: ICEAgent.DiscardStatistics) -> Int {
      drops.malformed + drops.unauthenticated + drops.badFingerprint + drops.unknownSource
    }
    let drops = loud.discarded
    #expect(sum(drops) == 100_000 && sum(quiet.discarded) == 0)
    #expect(drops.unauthenticated > 20_000 && drops.unknownSource > 50_000 && drops.malformed > 100)
    #expect(loud.tables == quiet.tables)
  }
}
