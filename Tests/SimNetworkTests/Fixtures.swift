import RTCPrimitives
import SimKernel
import SimNetwork

/// Sends datagrams at given times and notes what it receives.
actor Station: Node {
  struct Arrival: Equatable {
    let time: Instant
    let source: Endpoint
    let bytes: [UInt8]
  }

  nonisolated let port: NodePort
  private(set) var arrivals: [Arrival] = []
  private let answers: Bool

  init(_ port: NodePort, answers: Bool = false) {
    self.port = port
    self.answers = answers
  }

  func receive(_ datagram: Datagram, at now: Instant) {
    arrivals.append(Arrival(time: now, source: datagram.source, bytes: datagram.bytes.array()))
    if answers { port.send(datagram.bytes, from: datagram.destination, to: datagram.source) }
  }

  func wake(at now: Instant) {}

  func send(_ bytes: [UInt8], from source: Endpoint, to destination: Endpoint) {
    port.send(bytes.span, from: source, to: destination)
  }
}

/// A simulation with a network of one site.
struct World {
  let simulation: Simulation
  let network: Network
  let site: SiteID

  init(seed: UInt64 = 1) {
    simulation = Simulation(seed: seed)
    network = Network(simulation)
    site = network.addSite("here")
  }

  func station(
    _ name: String, _ addresses: String..., realm: RealmID = .public, uplink: Link.Configuration = .ideal,
    downlink: Link.Configuration = .ideal, firewall: Firewall.Policy? = nil, answers: Bool = false
  ) -> Station {
    let station = Station(simulation.makePort(named: name), answers: answers)
    simulation.register(station)
    network.attach(
      station.port,
      AttachmentPlan(
        addresses: addresses.map { IPAddress($0)! }, realm: realm, site: site, uplink: uplink, downlink: downlink,
        firewall: firewall))
    return station
  }

  func translator(_ name: String, _ address: String, _ behavior: NATBehavior, realm: RealmID = .public) -> RealmID {
    network.addTranslator(
      behavior, named: name, AttachmentPlan(addresses: [IPAddress(address)!], realm: realm, site: site)
    ).inside
  }

  /// Sends at `time`, in virtual time.
  func at(_ time: Duration, _ station: Station, sends bytes: [UInt8], from source: String, to destination: String) {
    let simulation = simulation
    let (source, destination) = (Endpoint(source)!, Endpoint(destination)!)
    simulation.spawn {
      await simulation.sleep(until: .start + time)
      await station.send(bytes, from: source, to: destination)
    }
  }

  func arrivals(at station: Station) -> [Station.Arrival] { simulation.perform { await station.arrivals } }
}
