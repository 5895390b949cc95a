import RTCPrimitives
import RTCSession
import RTCTransport
import SimKernel
import SimNetwork
import SimNodes

/// Sets connections up between two hosts, again and again with other dice, and says when each step happened.
///
/// Two hosts and a STUN server stand one round trip apart from each other, on links without a limit; each packet that a
/// host sends is lost with the same probability. Signaling loses nothing.
public enum SetupRunner {
  public struct Conditions: Hashable, Sendable {
    public var profile: SetupProfile
    public var roundTripTime: Duration
    /// Probability that a packet is lost, in each direction; 0 ... 1.
    public var loss: Double
    /// What stands before each of the two.
    public var offererAccess: AccessBehavior
    public var answererAccess = AccessBehavior(name: "open")
    /// A run that has not ended by then counts as not connected.
    public var limit: Duration = .seconds(60)

    public init(_ profile: SetupProfile, roundTripTime: Duration, loss: Double = 0, offererAccess: AccessBehavior) {
      self.profile = profile
      self.roundTripTime = roundTripTime
      self.loss = loss
      self.offererAccess = offererAccess
    }
  }

  /// The steps of both sides, counted from `createOffer`.
  public struct Timeline: Hashable, Sendable {
    public typealias Step = SetupPeer.Step
    public let offerer: [Step: Duration]
    public let answerer: [Step: Duration]
    public let traceHash: String

    /// When both handshakes are complete; `nil` when one never was.
    public var bothDTLS: Duration? { later(.dtlsConnected) }
    /// When both may send media.
    public var media: Duration? { later(.ready) }

    private func later(_ step: Step) -> Duration? {
      guard let one = offerer[step], let other = answerer[step] else { return nil }
      return max(one, other)
    }
  }

  private static let stunServer = IPAddress(198, 51, 100, 1)
  private static let names = ["offerer", "answerer"]

  /// One set-up.
  public static func run(_ conditions: Conditions, seed: UInt64) -> Timeline {
    let simulation = Simulation(seed: seed)
    defer { simulation.end() }
    let network = Network(simulation)
    let sites = (Self.names + ["stun"]).map { network.addSite($0) }
    for index in sites.indices {
      for other in sites.indices.dropFirst(index + 1) {
        network.setDelay(conditions.roundTripTime / 2, between: sites[index], and: sites[other])
      }
    }
    let stun = STUNServerNode(simulation.makePort(named: "stun"))
    simulation.register(stun)
    network.attach(stun.port, AttachmentPlan(addresses: [Self.stunServer], site: sites[2]))
    let accesses = [conditions.offererAccess, conditions.answererAccess]
    let peers = Self.names.indices.map { index in
      makePeer(index, accesses[index], conditions, simulation, network, sites[index])
    }
    let (offerer, answerer) = (peers[0], peers[1])
    let start = Instant.start + Self.gatheringTime
    let signaling = SetupSignaling(offerer: offerer, answerer: answerer, conditions: conditions, simulation: simulation)
    simulation.spawn { await signaling.exchange(at: start) }
    let end = start + conditions.limit
    var times: [[SetupPeer.Step: Instant]] = [[:], [:]]
    while simulation.now < end {
      simulation.run(until: min(end, simulation.now + conditions.roundTripTime + .milliseconds(100)))
      times = simulation.perform { [await offerer.times, await answerer.times] }
      if times.allSatisfy({ $0[.dtlsConnected] != nil && $0[.ready] != nil && $0[.iceConnected] != nil }) { break }
    }
    let steps = times.map { $0.mapValues { $0 - start } }
    return Timeline(offerer: steps[0], answerer: steps[1], traceHash: simulation.traceHash.description)
  }

  /// Before this nothing counts: candidates may be gathered.
  private static let gatheringTime = Duration.seconds(15)

  private static func makePeer(
    _ index: Int, _ access: AccessBehavior, _ conditions: Conditions, _ simulation: Simulation, _ network: Network,
    _ site: SiteID
  ) -> SetupPeer {
    let port = simulation.makePort(named: Self.names[index])
    let loss: LossModel = conditions.loss > 0 ? .independent(probability: conditions.loss) : .none
    let address = IPAddress(v4: 0xC612_0001 + UInt32(index))
    let own = network.attach(
      port, behind: access, inside: IPAddress(v4: 0x0A00_0002 + UInt32(index + 1) << 8), number: UInt32(index + 1),
      AttachmentPlan(addresses: [address], site: site, uplink: .init(loss: loss))
    ).addresses[0]
    let profile = conditions.profile
    var ice = ICEConfiguration(
      hosts: [Endpoint(own, 50_000)], stunServers: [Endpoint(Self.stunServer, 3478)])
    ice.checking = profile.checking
    ice.pacing = profile.pacing
    ice.embedsHandshake = profile.embedsHandshake
    let peer = SetupPeer(
      port, ice: ice, handshake: profile.handshake, role: index == 0 ? .controlling : .controlled)
    simulation.register(peer)
    return peer
  }
}

/// The way of the descriptions. All candidates are in them, and `setup:active` in the answer.
private struct SetupSignaling: Sendable {
  let offerer: SetupPeer
  let answerer: SetupPeer
  let conditions: SetupRunner.Conditions
  let simulation: Simulation

  private var processing: SetupProfile.Processing { conditions.profile.processing }
  private var half: Duration { conditions.roundTripTime / 2 }

  func exchange(at start: Instant) async {
    await offerer.gather()
    await answerer.gather()
    await simulation.sleep(until: start)
    switch conditions.profile.exchange {
    case .together(let firstCheckAfter):
      let (offer, answer) = (await offerer.describe(), await answerer.describe())
      await simulation.sleep(for: half * 2 + firstCheckAfter)
      await offerer.apply(answer, dtls: .server)
      await answerer.apply(offer, dtls: .client)
    case .offerAndAnswer:
      await simulation.sleep(for: processing.offer)
      let offer = await offerer.describe()
      await simulation.sleep(for: half + processing.delivery)
      await answerer.noteReception()
      await simulation.sleep(for: processing.answer)
      let answer = await answerer.describe()
      simulation.spawn { await deliver(answer) }
      await simulation.sleep(for: processing.answererCheck)
      await answerer.apply(offer, dtls: .client)
    }
  }

  private func deliver(_ answer: SetupPeer.Description) async {
    await simulation.sleep(for: half + processing.delivery)
    await offerer.noteReception()
    await simulation.sleep(for: processing.offererCheck)
    await offerer.apply(answer, dtls: .server)
  }
}
