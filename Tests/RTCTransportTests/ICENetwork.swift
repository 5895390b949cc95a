import RTCPrimitives
import RTCWire

@testable import RTCTransport

/// A NAT or firewall as small as ICE needs it; the behaviours of RFC 4787 §4.1 and §5.
struct SmallNAT {
  enum Scope: String {
    case endpointIndependent
    case addressDependent
    case addressAndPortDependent

    func key(_ endpoint: Endpoint) -> Endpoint {
      switch self {
      case .endpointIndependent: Endpoint(.anyIPv4, 0)
      case .addressDependent: Endpoint(endpoint.address, 0)
      case .addressAndPortDependent: endpoint
      }
    }
  }

  private struct Mapping {
    var inner: Endpoint
    var key: Endpoint
    var port: UInt16
    var permitted: Set<Endpoint> = []
  }

  /// `nil` for a firewall that leaves addresses alone.
  var mapping: Scope?
  var filtering: Scope
  var publicAddress: IPAddress
  private var mappings: [Mapping] = []
  private var firstPort: UInt16 = 40000

  init(mapping: Scope?, filtering: Scope, publicAddress: IPAddress) {
    self.mapping = mapping
    self.filtering = filtering
    self.publicAddress = publicAddress
  }

  /// Forgets all mappings and begins with other ports.
  mutating func reboot() {
    mappings.removeAll()
    firstPort += 1000
  }

  /// The source that the world sees.
  mutating func outbound(from inner: Endpoint, to remote: Endpoint) -> Endpoint {
    let key = (mapping ?? .endpointIndependent).key(remote)
    let index: Int
    if let known = mappings.firstIndex(where: { $0.inner == inner && $0.key == key }) {
      index = known
    } else {
      index = mappings.count
      let port = mapping == nil ? inner.port : firstPort + UInt16(mappings.count)
      mappings.append(Mapping(inner: inner, key: key, port: port))
    }
    mappings[index].permitted.insert(filtering.key(remote))
    return mapping == nil ? inner : Endpoint(publicAddress, mappings[index].port)
  }

  /// Whom a datagram to `outer` is for; `nil` when it is filtered.
  func inbound(from remote: Endpoint, to outer: Endpoint) -> Endpoint? {
    let target = mappings.first { mapping == nil ? $0.inner == outer : $0.port == outer.port }
    guard let target, target.permitted.contains(filtering.key(remote)) else { return nil }
    return target.inner
  }
}

/// Two agents on a network in virtual time, with servers; every datagram is counted.
final class ICENetwork {
  final class Peer {
    var agent: ICEAgent
    var hosts: [Endpoint]
    var nat: SmallNAT?
    var output = Output<ICEAgent.Event>()
    var log: [(time: Instant, event: ICEAgent.Event)] = []
    var received: [[UInt8]] = []
    var signalsCandidates = true
    /// Nothing passes its firewall in either direction.
    var isUDPBlocked = false
    /// Sends no checks of its own, but answers those that it gets.
    var isMute = false

    init(_ configuration: ICEConfiguration, role: ICERole, entropy: EntropySource, nat: SmallNAT?) {
      agent = ICEAgent(configuration, role: role, entropy: entropy)
      hosts = configuration.hosts
      self.nat = nat
    }

    var pair: CandidatePair? { agent.selectedPair }
    var state: ICEAgent.State { agent.state }
    var role: ICERole { agent.role }
    var localCredentials: ICECredentials { agent.localCredentials }
    var discarded: ICEAgent.DiscardStatistics { agent.discarded }
    var roleChanges: Int { log.count { if case .roleChanged = $0.event { true } else { false } } }

    /// When the state was entered first.
    func time(of state: ICEAgent.State) -> Instant? { log.first { $0.event == .stateChanged(state) }?.time }

    var states: [ICEAgent.State] {
      log.compactMap { if case .stateChanged(let state) = $0.event { state } else { nil } }
    }
  }

  static let stunServer = Endpoint(IPAddress(198, 51, 100, 1), 3478)
  static let turnServer = Endpoint(IPAddress(198, 51, 100, 2), 3478)

  let peers: [Peer]
  var now = Instant.start
  var delay = Duration.milliseconds(20)
  /// How long what a peer signals is under way.
  var signalingDelays: [Duration] = [.milliseconds(30), .milliseconds(30)]
  var loss = 0.0
  /// Drops what it returns true for; the index is the sender's, `nil` for a server.
  var isBlocked: (_ sender: Int?, _ bytes: [UInt8], _ source: Endpoint, _ destination: Endpoint) -> Bool = {
    _, _, _, _ in false
  }
  /// A hash over time, addresses and bytes of everything that was sent.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var datagramCount = 0
  /// Datagrams that reached a peer from anywhere but a server.
  private(set) var directCount = 0

  private enum Happening {
    case datagram([UInt8], elided: Int, from: Endpoint, to: Endpoint)
    case remoteCandidate(Candidate, to: Int)
    case credentials(ICECredentials, to: Int)
    case endOfCandidates(to: Int)
  }
  private var queue: [(time: Instant, happening: Happening)] = []
  private var dice: SeededGenerator
  private var stun = STUNServer()
  private(set) var turn: TURNServer
  private var turnOutput = Output<TURNServer.Event>()

  init(_ peers: [Peer], seed: UInt64 = 1) {
    self.peers = peers
    dice = SeededGenerator(seed: seed, stream: "loss")
    turn = TURNServer(
      TURNServer.Configuration(
        realm: "example.org", passwords: ["user": "secret"], relayAddresses: [Self.turnServer.address]),
      entropy: EntropySource(SeededGenerator(seed: seed, stream: "turn")))
  }

  /// Starts both agents: the first offers, and its peer starts when the offer arrives.
  func call() {
    start(0)
    signal(.credentials(peers[0].agent.localCredentials, to: 1), from: 0)
  }

  func start(_ index: Int) {
    peers[index].agent.start(at: now, into: &peers[index].output)
    flush(index)
  }

  /// Runs until nothing is left to do before `end`, or until `isDone`.
  func run(until end: Instant, while isRunning: () -> Bool = { true }) {
    while isRunning() {
      var next = end
      if let time = queue.first?.time { next = min(next, time) }
      for peer in peers { if let time = peer.agent.nextTimeout { next = min(next, time) } }
      guard next < end else {
        now = end
        return
      }
      now = max(now, next)
      if let first = queue.first, first.time <= now {
        happen(queue.removeFirst().happening)
      } else {
        for index in peers.indices where peers[index].agent.nextTimeout.map({ $0 <= now }) ?? false {
          peers[index].agent.handleTimeout(at: now, into: &peers[index].output)
          flush(index)
        }
      }
    }
  }

  func run(for duration: Duration) { run(until: now + duration) }

  /// Sends application data from a peer.
  @discardableResult
  func send(_ bytes: [UInt8], elided: Int = 0, from index: Int) -> Bool {
    let isSent = peers[index].agent.send(bytes.span, elided: elided, at: now, into: &peers[index].output.datagrams)
    flush(index)
    return isSent
  }

  func restart(_ index: Int) {
    peers[index].agent.restart(at: now, into: &peers[index].output)
    signal(.credentials(peers[index].agent.localCredentials, to: 1 - index), from: index)
    flush(index)
  }

  /// Hands a datagram straight to a peer's agent.
  func inject(_ bytes: [UInt8], from source: Endpoint, to index: Int) {
    let datagram = Datagram(from: source, to: peers[index].hosts[0], bytes: bytes.span)
    if let range = peers[index].agent.receive(datagram, at: now, into: &peers[index].output) {
      peers[index].received.append(Array(bytes[range]))
    }
    flush(index)
  }

  /// Puts a datagram on its way that nobody of the network sent.
  func schedule(_ bytes: [UInt8], from source: Endpoint, to destination: Endpoint) {
    schedule(.datagram(bytes, elided: 0, from: source, to: destination), at: now + delay)
  }

  private func happen(_ happening: Happening) {
    switch happening {
    case .datagram(let bytes, let elided, let source, let destination):
      deliver(bytes, elided: elided, from: source, to: destination)
    case .remoteCandidate(let candidate, let index):
      peers[index].agent.addRemote(candidate, at: now, into: &peers[index].output)
      flush(index)
    case .endOfCandidates(let index):
      peers[index].agent.remoteCandidatesEnded(at: now, into: &peers[index].output)
      flush(index)
    case .credentials(let credentials, let index):
      let peer = peers[index]
      // The answerer restarts when an offer with other credentials comes, and answers with its own.
      let isAnswer = index == 0
      if !isAnswer {
        if peer.agent.remoteCredentials == nil {
          peer.agent.start(at: now, into: &peer.output)
        } else {
          peer.agent.restart(at: now, into: &peer.output)
        }
        signal(.credentials(peer.agent.localCredentials, to: 0), from: 1)
      }
      peer.agent.setRemote(
        ufrag: credentials.ufrag, password: credentials.password, at: now, into: &peer.output)
      flush(index)
    }
  }

  private func signal(_ happening: Happening, from index: Int) {
    schedule(happening, at: now + signalingDelays[index])
  }

  private func schedule(_ happening: Happening, at time: Instant) {
    let place = queue.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
    queue.insert((time, happening), at: place)
  }

  /// Carries out what an agent asked for.
  func flush(_ index: Int) {
    let peer = peers[index]
    for event in peer.output.takeEvents() {
      peer.log.append((now, event))
      switch event {
      case .candidateGathered(let candidate) where peer.signalsCandidates:
        signal(.remoteCandidate(candidate, to: 1 - index), from: index)
      case .gatheringCompleted where peer.signalsCandidates: signal(.endOfCandidates(to: 1 - index), from: index)
      default: break
      }
    }
    let datagrams = peer.output.datagrams
    peer.output.removeAll()
    for position in 0..<datagrams.count {
      let datagram = datagrams[position]
      transmit(
        datagram.bytes.array(), elided: datagram.elided, sender: index, from: datagram.source,
        to: datagram.destination)
    }
  }

  private func transmit(
    _ bytes: [UInt8], elided: Int, sender: Int?, from source: Endpoint, to destination: Endpoint
  ) {
    if let sender, peers[sender].isMute, STUNMessage.isSTUN(bytes.span), bytes[0] == 0, bytes[1] == 1 { return }
    mix(source, destination, bytes)
    datagramCount += 1
    var source = source
    if let sender, peers[sender].nat != nil {
      source = peers[sender].nat!.outbound(from: source, to: destination)
    }
    let isLost = dice.happens(withProbability: loss)
    if let sender, peers[sender].isUDPBlocked { return }
    guard !isLost, !isBlocked(sender, bytes, source, destination) else { return }
    schedule(.datagram(bytes, elided: elided, from: source, to: destination), at: now + delay)
  }

  private func deliver(_ bytes: [UInt8], elided: Int, from source: Endpoint, to destination: Endpoint) {
    if destination.address == Self.stunServer.address || destination.address == Self.turnServer.address {
      return serve(bytes, elided: elided, from: source, to: destination)
    }
    for index in peers.indices {
      let peer = peers[index]
      var target = destination
      if let nat = peer.nat {
        let isOurs = nat.mapping == nil ? peer.hosts.contains(destination) : nat.publicAddress == destination.address
        guard isOurs else { continue }
        guard let inner = nat.inbound(from: source, to: destination) else { return }
        target = inner
      }
      guard peer.hosts.contains(target) else { continue }
      if peer.isUDPBlocked { return }
      if source.address != Self.stunServer.address, source.address != Self.turnServer.address { directCount += 1 }
      let datagram = Datagram(from: source, to: target, bytes: bytes.span, elided: elided)
      if let range = peer.agent.receive(datagram, at: now, into: &peer.output) {
        peer.received.append(Array(bytes[range]))
      }
      flush(index)
      return
    }
  }

  private func serve(_ bytes: [UInt8], elided: Int, from source: Endpoint, to destination: Endpoint) {
    let datagram = Datagram(from: source, to: destination, bytes: bytes.span, elided: elided)
    if destination == Self.stunServer {
      stun.handle(datagram, at: now, into: &turnOutput.datagrams)
    } else {
      turn.handle(datagram, at: now, into: &turnOutput)
    }
    let answers = turnOutput.datagrams
    turnOutput.removeAll()
    for position in 0..<answers.count {
      let answer = answers[position]
      transmit(
        answer.bytes.array(), elided: answer.elided, sender: nil, from: answer.source, to: answer.destination)
    }
  }

  private func mix(_ source: Endpoint, _ destination: Endpoint, _ bytes: [UInt8]) {
    func add(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01B3 }
    add(UInt64(bitPattern: now.nanoseconds))
    for endpoint in [source, destination] {
      add(endpoint.address.low)
      add(UInt64(endpoint.port))
    }
    for byte in bytes { add(UInt64(byte)) }
  }
}
