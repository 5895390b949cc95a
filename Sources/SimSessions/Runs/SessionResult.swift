import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel
import SimNetwork
import SimNodes

/// Everything that was measured in one run.
public struct SessionResult: Sendable {
  public let topology: String
  public let participants: Int
  public let fidelity: RTCSession.Fidelity
  public let media: MediaFidelity
  /// The controller that encoders follow; `nil` for fixed rates.
  public let congestionControl: String?
  public let seed: UInt64
  /// The measured window: from 5 s after the last join to the end.
  public let window: Duration
  public let connectionsPlanned: Int
  public let connectionsEstablished: Int
  /// Streams of one kind (video where there is any), by SSRC on the wire.
  public let streams: PlannedStreams
  /// Mean rates of the clients' access links at the UDP/IP layer.
  public let clientUplink: DataRate
  public let clientDownlink: DataRate
  /// Of all cores of the mean client, in percent.
  public let clientCPUPercent: Double
  public let serverIngress: DataRate?
  public let serverEgress: DataRate?
  public let serverCPUCores: Double?
  public let traffic: LinkTraffic
  /// From joining (or from the second join, for the first) to the first remote frame.
  public let setupTimes: [Duration]
  public let audioLatency: DurationHistogram
  public let videoLatency: DurationHistogram
  /// How far pictures and the sound that was captured with them were apart when they were played.
  public let audioVideoOffset: DurationHistogram
  /// On the way from one client to another, before repair; `nil` when nothing was expected.
  public let lossPercent: Double?
  let wire: MediaOutcomes
  /// Of the time in which pictures were to be seen; `nil` without video.
  public let frozenPercent: Double?
  /// Of the same time, how long pictures were left out on purpose because a link carried no more; `nil` where the server selects
  /// nothing.
  public let pausedPercent: Double?
  /// In `currency`.
  public let costPerParticipantHour: Double
  /// ISO 4217, of the price list.
  public let currency: String
  public let firstLimit: FirstLimit
  public let traceHash: String
  public let timingHash: String
  public let events: UInt64
  public let virtualSeconds: Double
  /// CPU seconds by category, of all clients and of the server.
  public let clientCPUSeconds: [WorkCategory: Double]
  public let serverCPUSeconds: [WorkCategory: Double]
  public let datagrams: DatagramCounts
  public let clients: [ClientReport]
  public let server: ServerReport?
  /// Of the whole run, as are those of the TURN servers.
  public let stunServer: STUNServerReport?
  public let turnServers: [TURNServerReport]
  /// TCP that shared clients' links; empty where the scenario has none.
  public let crossTraffic: [CrossTrafficResult]
  public let milestones: [Milestone]
  public let captures: [(name: String, capture: PacketCapture)]
  /// The last picture that an MCU composed for each client, where media is real.
  public let composedPictures: [String: VideoFrame]

  init(_ run: SessionRun, _ built: SessionBuilder.Built, _ measured: SessionRun.Measurement) {
    let (clients, server, nic) = (measured.end.clients, measured.end.server, measured.end.nic)
    let (access, window) = (measured.end.access, measured.window)
    let session = run.session
    let seconds = window.inSeconds
    self.clients = clients
    self.server = server
    stunServer = measured.end.stunServer
    turnServers = measured.end.turnServers
    self.window = window
    topology = session.topology
    participants = session.participants
    fidelity = run.fidelity
    media = session.media
    congestionControl = session.congestionControl
    seed = run.scenario.seed
    connectionsPlanned = run.plan.connections.count
    connectionsEstablished = Self.established(clients, server)
    streams = Self.streams(measured.streams, built)
    func mean(_ bytes: Int64) -> DataRate { .bitsPerSecond(Int64(Double(bytes) * 8 / seconds / Double(clients.count))) }
    clientUplink = mean(access.reduce(0) { $0 + $1.uplink.carriedBytes })
    clientDownlink = mean(access.reduce(0) { $0 + $1.downlink.carriedBytes })
    clientCPUPercent =
      clients.reduce(0) { $0 + $1.busySeconds / Double($1.cores) } / seconds / Double(clients.count) * 100
    serverIngress = nic.map { DataSize(bytes: Int($0.downlink.carriedBytes)).rate(over: window) }
    serverEgress = nic.map { DataSize(bytes: Int($0.uplink.carriedBytes)).rate(over: window) }
    traffic = LinkTraffic(measured.end)
    serverCPUCores = server.map { $0.busySeconds / seconds }
    setupTimes = Self.setupTimes(clients)
    audioLatency = clients.reduce(into: DurationHistogram()) { $0.merge($1.audioLatency) }
    videoLatency = clients.reduce(into: DurationHistogram()) { $0.merge($1.videoLatency) }
    audioVideoOffset = clients.reduce(into: DurationHistogram()) { $0.merge($1.audioVideoOffset) }
    wire = measured.wire
    lossPercent = wire.loss.map { 100 * $0 }
    let watched = clients.reduce(0) { $0 + $1.watchedSeconds }
    frozenPercent = watched > 0 ? 100 * clients.reduce(0) { $0 + $1.frozenSeconds } / watched : nil
    pausedPercent =
      watched > 0 && session.forwarding != nil ? 100 * clients.reduce(0) { $0 + $1.pausedSeconds } / watched : nil
    costPerParticipantHour = session.prices.perParticipantHour(
      serverEgress: nic?.uplink.carriedBytes ?? 0, serverBusySeconds: server?.busySeconds ?? 0,
      turnEgress: run.plan.server == nil ? measured.end.turnEgress : 0,
      window: window, participants: session.participants)
    currency = session.prices.currency
    firstLimit = FirstLimit.find(joining: measured.begin, window: measured.end)
    datagrams = measured.end.datagrams
    composedPictures = measured.composedPictures
    crossTraffic = measured.end.crossTraffic
    milestones = measured.milestones
    traceHash = built.simulation.traceHash.description
    timingHash = built.simulation.timingHash.description
    events = built.simulation.eventCount
    virtualSeconds = (built.simulation.now - .start).inSeconds
    clientCPUSeconds = clients.reduce(into: [:]) { sum, report in
      for category in WorkCategory.allCases { sum[category, default: 0] += report.cpuSeconds[category] ?? 0 }
    }
    serverCPUSeconds = server?.cpuSeconds ?? [:]
    captures = built.network.captures
  }

  /// Connections over which media could flow at both ends, counted at the offerer.
  private static func established(_ clients: [ClientReport], _ server: ServerReport?) -> Int {
    struct Pair: Hashable {
      let node: String
      let peer: String
    }
    let all = clients.flatMap(\.connections) + (server?.connections ?? [])
    let ready = Set(all.filter { $0.readyAt != nil }.map { Pair(node: $0.node, peer: $0.peer) })
    return all.count {
      ready.contains(Pair(node: $0.node, peer: $0.peer)) && ready.contains(Pair(node: $0.peer, peer: $0.node))
    }
      / 2
  }

  private static func streams(_ counter: StreamCounter, _ built: SessionBuilder.Built) -> PlannedStreams {
    let clients = counter.counts(of: Set(built.clients.map(\.port.index)))
    let server: Int =
      switch built.server {
      case .forwarding(let unit): counter.counts(of: [unit.port.index]).sent
      case .mixing(let unit): counter.counts(of: [unit.port.index]).sent
      case nil: 0
      }
    let count = Double(built.clients.count)
    return PlannedStreams(
      upPerClient: Double(clients.sent) / count, downPerClient: Double(clients.received) / count,
      total: clients.sent + server)
  }

  private static func setupTimes(_ clients: [ClientReport]) -> [Duration] {
    let joins = clients.compactMap(\.joinedAt).sorted()
    guard joins.count > 1 else { return [] }
    return clients.compactMap { client in
      guard let joined = client.joinedAt, let first = client.firstRemoteFrame else { return nil }
      return first - max(joined, joins[1])
    }.sorted()
  }

  /// What the mean client receives for each picture that he is to see, in kbit/s of IP packets, sound included; `nil` without video.
  public var ratePerPicture: Double? {
    let pictures = clients.reduce(0) { $0 + $1.watchedSeconds } / window.inSeconds / Double(clients.count)
    return pictures > 0 ? clientDownlink.megabitsPerSecond * 1000 / pictures : nil
  }

  /// The shortest set-up time that `fraction` of the clients do not exceed.
  public func setupTime(percentile fraction: Double) -> Duration? {
    guard !setupTimes.isEmpty else { return nil }
    return setupTimes[min(setupTimes.count - 1, max(0, Int((fraction * Double(setupTimes.count)).rounded(.up)) - 1))]
  }
}

extension Sequence {
  fileprivate func sum(_ count: KeyPath<Element, Int>) -> Int { reduce(0) { $0 + $1[keyPath: count] } }
}

extension PriceList {
  /// What one participant costs in an hour that goes on like the window.
  ///
  /// - Parameter serverEgress: bytes that the media server sent; `turnEgress` those of the TURN server.
  func perParticipantHour(
    serverEgress: Int64, serverBusySeconds: Double, turnEgress: Int64, window: Duration, participants: Int
  ) -> Double {
    let hours = window.inSeconds / 3600
    let egress = Double(serverEgress) / 1e9 * egressPerGigabyte + Double(turnEgress) / 1e9 * turnEgressPerGigabyte
    let cores = serverBusySeconds / 3600 * serverPerCoreHour
    return (egress + cores) / hours / Double(participants)
  }
}
