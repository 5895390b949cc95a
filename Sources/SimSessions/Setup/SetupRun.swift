import RTCPrimitives
import RTCSession
import RTCTransport
import SimKernel
import SimNetwork
import SimNodes

/// Sets connections up between two hosts, again and again with other dice, and says when each step happened.
///
/// Two hosts and their servers stand one round trip apart from each other, on links without a limit; each packet that a
/// host sends is lost with the same probability. Signaling loses nothing.
public enum SetupRunner {
  /// Whom the two ask for candidates, and when.
  public enum Gathering: Hashable, Sendable {
    /// A STUN server, before anything counts: all candidates are in the descriptions.
    case ahead
    /// Nobody: there are host candidates only.
    case hostsOnly
    /// A STUN and a TURN server, from the moment when a description leaves; candidates follow it (RFC 8838).
    case trickled
  }

  /// How SCTP begins, for data.
  public enum DataStart: Hashable, Sendable, CaseIterable {
    /// The offerer sends INIT when its handshake is complete; the answerer waits for it.
    case offererAlone
    /// Each side sends INIT when its own handshake is complete, as libwebrtc and its kin do.
    case simultaneous

    fileprivate var plans: [SetupPeer.DataPlan] {
      [
        SetupPeer.DataPlan(start: .active, opensChannel: true),
        SetupPeer.DataPlan(start: self == .simultaneous ? .active : .passive, opensChannel: false),
      ]
    }
  }

  public struct Conditions: Hashable, Sendable {
    public var profile: SetupProfile
    public var roundTripTime: Duration
    /// Probability that a packet is lost, in each direction; 0 ... 1.
    public var loss: Double
    /// What stands before each of the two.
    public var offererAccess: AccessBehavior
    public var answererAccess = AccessBehavior(name: "open")
    public var gathering = Gathering.ahead
    /// How SCTP begins; `nil` where there is no data.
    public var data: DataStart?
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
  private static let turnServer = IPAddress(198, 51, 100, 2)
  private static let (username, password) = ("user", "secret")
  private static let names = ["offerer", "answerer"]

  /// One set-up.
  public static func run(_ conditions: Conditions, seed: UInt64) -> Timeline {
    let simulation = Simulation(seed: seed)
    defer { simulation.end() }
    let network = Network(simulation)
    let sites = (Self.names + ["servers"]).map { network.addSite($0) }
    for index in sites.indices {
      for other in sites.indices.dropFirst(index + 1) {
        network.setDelay(conditions.roundTripTime / 2, between: sites[index], and: sites[other])
      }
    }
    addServers(conditions.gathering, simulation, network, sites[2])
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
      let isSetUp = times.allSatisfy {
        $0[.dtlsConnected] != nil && $0[.ready] != nil && $0[.iceConnected] != nil
      }
      if isSetUp, conditions.data == nil || times[1][.messageReceived] != nil { break }
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
    var ice = ICEConfiguration(hosts: [Endpoint(own, 50_000)])
    switch conditions.gathering {
    case .hostsOnly: break
    case .ahead: ice.stunServers = [Endpoint(Self.stunServer, 3478)]
    case .trickled:
      ice.stunServers = [Endpoint(Self.stunServer, 3478)]
      ice.turnServers = [
        ICEConfiguration.TURNServer(
          Endpoint(Self.turnServer, TURN.port), username: Self.username, password: Self.password)
      ]
    }
    ice.checking = profile.checking
    ice.pacing = profile.pacing
    ice.embedsHandshake = profile.embedsHandshake
    let peer = SetupPeer(
      port, ice: ice, handshake: profile.handshake, role: index == 0 ? .controlling : .controlled,
      data: conditions.data?.plans[index])
    simulation.register(peer)
    return peer
  }

  private static func addServers(
    _ gathering: Gathering, _ simulation: Simulation, _ network: Network, _ site: SiteID
  ) {
    guard gathering != .hostsOnly else { return }
    let stun = STUNServerNode(simulation.makePort(named: "stun"))
    simulation.register(stun)
    network.attach(stun.port, AttachmentPlan(addresses: [Self.stunServer], site: site))
    guard gathering == .trickled else { return }
    let turn = TURNServerNode(
      simulation.makePort(named: "turn"),
      TURNServer.Configuration(
        realm: "rtcsim.example", passwords: [Self.username: Self.password], relayAddresses: [Self.turnServer]))
    simulation.register(turn)
    network.attach(turn.port, AttachmentPlan(addresses: [Self.turnServer], site: site))
  }
}

/// The way of the descriptions, with `setup:active` in the answer, and of candidates that trickle.
private struct SetupSignaling: Sendable {
  let offerer: SetupPeer
  let answerer: SetupPeer
  let conditions: SetupRunner.Conditions
  let simulation: Simulation

  private var processing: SetupProfile.Processing { conditions.profile.processing }
  private var half: Duration { conditions.roundTripTime / 2 }

  private var isTrickling: Bool { conditions.gathering == .trickled }

  func exchange(at start: Instant) async {
    if !isTrickling {
      await offerer.gather()
      await answerer.gather()
    }
    await simulation.sleep(until: start)
    switch conditions.profile.exchange {
    case .together(let firstCheckAfter):
      await startTrickling(offerer, to: answerer)
      await startTrickling(answerer, to: offerer)
      let (offer, answer) = (await offerer.describe(), await answerer.describe())
      await simulation.sleep(for: half * 2 + firstCheckAfter)
      await offerer.apply(answer, dtls: .server)
      await answerer.apply(offer, dtls: .client)
    case .offerAndAnswer:
      await simulation.sleep(for: processing.offer)
      await startTrickling(offerer, to: answerer)
      let offer = await offerer.describe()
      await simulation.sleep(for: half + processing.delivery)
      await answerer.noteReception()
      await simulation.sleep(for: processing.answer)
      await startTrickling(answerer, to: offerer)
      let answer = await answerer.describe()
      simulation.spawn { await deliver(answer) }
      await simulation.sleep(for: processing.answererCheck)
      await answerer.apply(offer, dtls: .client)
    }
  }

  /// Host candidates are there at once and go into the description.
  private func startTrickling(_ peer: SetupPeer, to other: SetupPeer) async {
    guard isTrickling else { return }
    await peer.trickle(to: other, after: half + processing.delivery)
    await peer.gather()
  }

  private func deliver(_ answer: SetupPeer.Description) async {
    await simulation.sleep(for: half + processing.delivery)
    await offerer.noteReception()
    await simulation.sleep(for: processing.offererCheck)
    await offerer.apply(answer, dtls: .server)
  }
}
