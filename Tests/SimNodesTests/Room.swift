import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel
import SimNetwork
import SimNodes

/// People on links of their own, with or without a media server, and everything on the wire written down.
///
/// Links have 10 ms each way and no limit, processors cost nothing, fidelity is `model`, unless a test says otherwise.
final class Room {
  enum Topology {
    case mesh, forwarding
    case mixing(MixingUnit.Layout)
  }

  /// What a test may want otherwise.
  struct Settings {
    var topology = Topology.mesh
    var count = 3
    var media: (Int) -> MediaSettings = { _ in MediaSettings() }
    var uplink: (Int) -> Link.Configuration = { _ in Link.Configuration(propagationDelay: .milliseconds(10)) }
    var downlink: (Int) -> Link.Configuration = { _ in Link.Configuration(propagationDelay: .milliseconds(10)) }
    var serverCosts = MeasuredCosts()
    var clientCosts = MeasuredCosts()
    /// What everybody sends on data channels.
    var data: DataSettings?
    /// Congestion control of everybody.
    var congestion: CongestionSettings?
    /// How many encodings of video go to a server that forwards.
    var encodings = 1
    /// What a server that forwards selects.
    var selection: SelectionSettings?
    var canvas = MixingUnit.Canvas(width: 320, height: 180)
  }

  static let serverAddress = IPAddress(198, 51, 100, 10)

  let simulation = Simulation(seed: 1)
  let network: Network
  let wire = WireLog()
  let signaling: SignalingServer
  private(set) var forwarding: SelectiveForwardingUnit?
  private(set) var mixing: MixingUnit?
  private(set) var clients: [Client] = []
  private let settings: Settings

  init(_ change: (inout Settings) -> Void) {
    var settings = Settings()
    change(&settings)
    self.settings = settings
    network = Network(simulation)
    network.observer = wire
    let site = network.addSite("region")
    signaling = SignalingServer(simulation.makePort(named: "signaling"))
    simulation.register(signaling)
    addServer(site)
    for index in 0..<settings.count { addClient(index, site) }
  }

  deinit { simulation.end() }

  static func name(_ index: Int) -> String { "client-\(index + 1)" }
  static func address(_ index: Int) -> IPAddress { IPAddress(198, 18, 0, UInt8(index + 1)) }

  /// Lets a client join at a time.
  func join(_ index: Int, at time: Duration = .zero) {
    let (client, simulation) = (clients[index], simulation)
    simulation.spawn {
      await simulation.sleep(until: .start + time)
      await client.join()
    }
  }

  func hangUp(_ index: Int) {
    let client = clients[index]
    simulation.spawn { await client.hangUp() }
  }

  func perform(_ action: ClientAction, by index: Int) {
    let client = clients[index]
    simulation.spawn { await client.perform(action) }
  }

  /// Loses everything that a client sends and is sent from now on until a time.
  func cut(_ index: Int, until time: Duration) {
    for id in network.attachments(of: clients[index].port) {
      for direction in LinkDirection.allCases { network.disturb(id, direction, .cut(until: .start + time)) }
    }
  }

  func run(until time: Duration) { simulation.run(until: .start + time) }

  var reports: [ClientReport] {
    let clients = clients
    return simulation.perform {
      var reports: [ClientReport] = []
      for client in clients { reports.append(await client.report()) }
      return reports
    }
  }

  var serverReport: ServerReport? {
    let (forwarding, mixing) = (forwarding, mixing)
    return simulation.perform {
      if let forwarding { return await forwarding.report() }
      return await mixing?.report()
    }
  }

  /// The SSRC of what a client sends: of this kind, on its first connection.
  func ssrc(of index: Int, _ kind: MediaKind) -> UInt32 {
    reports[index].connections.first?.outbound.first { $0.kind == kind }?.ssrc ?? 0
  }

  private func addServer(_ site: SiteID) {
    if case .mesh = settings.topology { return }
    let port = simulation.makePort(named: "server")
    network.attach(port, AttachmentPlan(addresses: [Self.serverAddress], site: site))
    var endpoint = EndpointSettings(
      addresses: [Self.serverAddress], fidelity: .model, cores: 16, costs: settings.serverCosts)
    endpoint.congestion = settings.congestion
    let (signaling, path) = (signaling, SignalingAccess(delay: .zero))
    switch settings.topology {
    case .mesh: break
    case .forwarding:
      let slots = Dictionary(uniqueKeysWithValues: (0..<settings.count).map { (Self.name($0), lines(of: $0)) })
      let unit = SelectiveForwardingUnit(
        port, endpoint, signaling: signaling, slots: slots, selection: settings.selection)
      simulation.register(unit)
      simulation.spawn { await signaling.addConnected(unit, over: path) }
      forwarding = unit
    case .mixing(let layout):
      let unit = MixingUnit(
        port, endpoint, signaling: signaling, media: settings.media(0), layout: layout, canvas: settings.canvas)
      simulation.register(unit)
      simulation.spawn { await signaling.addConnected(unit, over: path) }
      mixing = unit
    }
  }

  private func addClient(_ index: Int, _ site: SiteID) {
    let port = simulation.makePort(named: Self.name(index))
    network.attach(
      port,
      AttachmentPlan(
        addresses: [Self.address(index)], site: site, uplink: settings.uplink(index),
        downlink: settings.downlink(index)))
    let media = settings.media(index)
    var offers: [String: [LineSettings]] = [:]
    if case .mesh = settings.topology {
      for other in 0..<index { offers[Self.name(other)] = lines(of: index) }
    } else {
      offers["server"] = lines(of: index)
    }
    let sources = Dictionary(
      uniqueKeysWithValues: (0..<settings.count).map {
        (Self.name($0), CapturedMedia(participant: $0, settings: settings.media($0), seed: 1))
      })
    var configuration = Client.Configuration(
      endpoint: EndpointSettings(
        addresses: [Self.address(index)], fidelity: .model, costs: settings.clientCosts),
      media: CapturedMedia(participant: index, settings: media, seed: 1), offers: offers, sources: sources,
      signalingAccess: SignalingAccess(delay: .milliseconds(10)))
    configuration.data = settings.data
    configuration.endpoint.congestion = settings.congestion
    let client = Client(port, configuration, signaling: signaling)
    simulation.register(client)
    clients.append(client)
  }

  private func kinds(of index: Int) -> [MediaKind] {
    let media = settings.media(index)
    return (media.audio == nil ? [] : [.audio]) + (media.video == nil ? [] : [.video])
  }

  private func lines(of index: Int) -> [LineSettings] {
    switch settings.topology {
    case .mesh, .mixing: kinds(of: index).map { LineSettings(kind: $0, direction: .sendrecv) }
    case .forwarding:
      kinds(of: index).map { kind in
        var line = LineSettings(kind: kind, direction: .sendonly)
        if kind == .video { line.encodings = settings.encodings }
        return line
      }
        + (0..<settings.count).filter { $0 != index }.flatMap { other in
          kinds(of: other).map { LineSettings(kind: $0, direction: .recvonly, source: Self.name(other)) }
        }
    }
  }
}
