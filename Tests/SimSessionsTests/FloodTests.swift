import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel
import SimNetwork
import TestSupport
import Testing

@testable import SimNodes
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
  /// Answers to it.
  private(set) var received = 0

  init(_ port: NodePort, from own: Endpoint, at target: Endpoint, perSecond: Int, until end: Instant) {
    self.port = port
    self.own = own
    self.target = target
    self.end = end
    interval = .nanoseconds(Int64(1_000_000_000 / perSecond))
    dice = port.generator(for: "noise")
  }

  func begin(at time: Instant) { port.wake(at: time) }

  func receive(_ datagram: Datagram, at now: Instant) { received += 1 }

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

/// What is kept and counted at one end of a call.
private struct Account: Hashable, Sendable {
  var state = ""
  var packetsReceived = 0
  var framesDecoded = 0
  /// Datagrams that the agent dropped, for whatever reason, and that the processor refused.
  var dropped = 0
  /// Everything that a stranger's datagram might add to.
  var tables: [Int] = []
}

extension Client {
  fileprivate func account() -> Account {
    var account = Account()
    for connection in connections.all {
      let now = port.simulation.now
      let snapshot = connection.core.snapshot(of: connection.peer, at: now)
      account.state = snapshot.connectionState
      account.packetsReceived += snapshot.inbound.reduce(0) { $0 + $1.packetsReceived }
      account.framesDecoded += snapshot.inbound.reduce(0) { $0 + ($1.framesDecoded ?? 0) }
      let discarded = connection.core.transport.ice.discarded
      account.dropped +=
        discarded.malformed + discarded.unauthenticated + discarded.unmatched + discarded.badFingerprint
      account.dropped += discarded.unknownSource + connection.core.transport.drops.unknownProtocol
      account.tables += [
        snapshot.pairs.count, snapshot.remoteCandidates.count, snapshot.localCandidates.count, snapshot.inbound.count,
        connection.core.transceivers.count, connection.core.drops.unknownSource,
      ]
    }
    account.dropped += WorkCategory.allCases.reduce(0) { $0 + connections.processor.waiting.refused($1) }
    return account
  }
}

@Suite(.serialized) struct FloodTests {
  /// When noise is thrown at somebody, at 100,000 datagrams a second.
  private static let begin = Instant.start + .seconds(3)
  private static let end = Instant.start + .milliseconds(3500)
  private static let perSecond = 100_000

  private struct Outcome {
    /// Of both clients: before the noise, at its end, and later.
    var before: [Account] = []
    var during: [Account] = []
    var after: [Account] = []
    var sent = 0
    var answered = 0
    var turn: (discarded: Int, refused: Int, allocations: Int)?
  }

  /// A call on links so wide that the noise does not fill them.
  private func call(_ options: String = "", noiseAt target: Endpoint?) throws -> Outcome {
    let scenario = try scenario(
      #"{ topology: "mesh", participants: 2, duration: "10s", "#
        + #"client: { nat: "none", uplink: { rate: "1G" }, downlink: { rate: "1G" } } \#(options) }"#)
    let run = try SessionRun(scenario)
    let builder = SessionBuilder(
      scenario: scenario, session: run.session, plan: run.plan, fidelity: run.fidelity,
      options: SessionRun.Options(), media: SessionRun.mediaSettings(of: run.session, SessionRun.Options()))
    let simulation = Simulation(seed: scenario.seed)
    defer { simulation.end() }
    let built = builder.build(in: simulation)
    let clients = built.clients
    func accounts() -> [Account] {
      simulation.perform {
        var accounts: [Account] = []
        for client in clients { accounts.append(await client.account()) }
        return accounts
      }
    }
    for client in clients { simulation.spawn { await client.join() } }
    simulation.run(until: Self.begin)
    var outcome = Outcome(before: accounts())
    var flooder: Flooder?
    if let target {
      let port = simulation.makePort(named: "flooder")
      let address = IPAddress(198, 51, 100, 66)
      let made = Flooder(
        port, from: Endpoint(address, 4000), at: target, perSecond: Self.perSecond, until: Self.end)
      simulation.register(made)
      built.network.attach(port, AttachmentPlan(addresses: [address], site: built.network.addSite("elsewhere")))
      simulation.perform { await made.begin(at: Self.begin) }
      flooder = made
    }
    simulation.run(until: Self.end + .milliseconds(200))
    outcome.during = accounts()
    simulation.run(until: .start + .seconds(6))
    outcome.after = accounts()
    if let flooder {
      (outcome.sent, outcome.answered) = simulation.perform { (await flooder.sent, await flooder.received) }
    }
    if let server = built.turnServers.first {
      outcome.turn = simulation.perform {
        let report = await server.report()
        return (report.statistics.discarded, report.statistics.refused, report.allocations)
      }
    }
    return outcome
  }

  /// The call goes on while the noise comes in, and afterwards nothing is left of it.
  private func expectUndisturbed(_ loud: Outcome, _ quiet: Outcome) {
    #expect(loud.sent == 50_000)
    for index in 0..<2 {
      #expect(loud.after[index].state == "connected" && quiet.after[index].state == "connected")
      let frames = loud.during[index].framesDecoded - loud.before[index].framesDecoded
      let undisturbed = quiet.during[index].framesDecoded - quiet.before[index].framesDecoded
      #expect(undisturbed > 10 && abs(frames - undisturbed) <= 2, "\(frames) frames, \(undisturbed) without noise")
      let (one, other) = (quiet.after[index].packetsReceived, loud.after[index].packetsReceived)
      #expect(one > 500 && abs(one - other) <= one / 20, "\(one) without, \(other) with")
      #expect(loud.after[index].tables == quiet.after[index].tables)
    }
  }

  @Test
  func `a hundred thousand datagrams of noise a second at a client are dropped and counted, and the call goes on`()
    throws
  {
    let quiet = try call(noiseAt: nil)
    let loud = try call(noiseAt: Endpoint(IPAddress(v4: 0xC612_0001), 50_000))
    expectUndisturbed(loud, quiet)
    let own = quiet.during[0].dropped - quiet.before[0].dropped
    #expect(loud.during[0].dropped - loud.before[0].dropped - own == loud.sent)
    #expect(loud.during[1].dropped - loud.before[1].dropped <= 10)
  }

  @Test func `a hundred thousand datagrams of noise a second at a TURN server leave those alone whom it relays`() throws
  {
    let relayed = #", turn: true, iceTransportPolicy: "relay""#
    let quiet = try call(relayed, noiseAt: nil)
    let loud = try call(relayed, noiseAt: Endpoint(SessionBuilder.turnAddresses()[0], 3478))
    expectUndisturbed(loud, quiet)
    let (before, after) = (try #require(quiet.turn), try #require(loud.turn))
    #expect(after.allocations == before.allocations && after.allocations == 2)
    // A Binding request is answered, whoever sends it.
    #expect(after.discarded - before.discarded + after.refused - before.refused + loud.answered == loud.sent)
    #expect(loud.answered > 10_000 && loud.answered < 15_000)
  }
}
