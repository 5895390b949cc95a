public import RTCMedia
public import RTCPrimitives
import RTCSession
import SimKernel
import SimNetwork
import SimNodes

/// Runs a case with one controller and one seed, and writes down what happens ten times a second.
public struct CongestionRun: Sendable {
  /// What happened in 100 ms.
  public struct Sample: Hashable, Sendable {
    /// After the beginning of the case: the end of the 100 ms.
    public var time: Duration
    /// Of the link, at its end; `nil` for no limit.
    public var capacity: DataRate?
    /// Bytes of IP packets that the forward link has carried.
    public var carriedBytes: Int64 = 0
    /// The longest that a packet has waited in front of the forward link.
    public var queueingDelay = Duration.zero
    public var offeredPackets: Int64 = 0
    public var droppedPackets: Int64 = 0
    public var flows: [FlowSample] = []
  }

  /// What one flow did in 100 ms; rates hold at its end.
  public struct FlowSample: Hashable, Sendable {
    /// What the controller allows, all headers included.
    public var estimate = DataRate.zero
    /// The bitrate that the video encoder is to have.
    public var target = DataRate.zero
    /// Bytes of RTP payload sent, repetitions and padding included.
    public var payloadBytes = 0
    /// Bytes of IP packets of RTP.
    public var wireBytes = 0
    public var packets = 0
    public var width = 0
    public var height = 0
    public var isActive = false
    public var roundTripTime: Duration?
  }

  public struct Result: Sendable {
    public let samples: [Sample]
    public let traceHash: String
  }

  public static let interval = Duration.milliseconds(100)

  public let testCase: CongestionCase
  public let controller: CongestionControllers.Entry
  public let seed: UInt64

  public init(_ testCase: CongestionCase, controller: CongestionControllers.Entry, seed: UInt64) {
    self.testCase = testCase
    self.controller = controller
    self.seed = seed
  }

  /// How long before its media begins a flow is set up: about four round trips.
  private var lead: Duration {
    (testCase.forward.propagationDelay + testCase.backward.propagationDelay) * 4 + .milliseconds(150)
  }

  public func result() -> Result {
    let simulation = Simulation(seed: seed)
    defer { simulation.end() }
    let network = Network(simulation)
    let site = network.addSite("everywhere")
    let begin = Instant.start + lead
    let forward = network.addRouter(
      named: "left", AttachmentPlan(addresses: [], site: site, uplink: testCase.forward.delayed(by: lead)))
    let backward = network.addRouter(
      named: "right", AttachmentPlan(addresses: [], site: site, uplink: testCase.backward.delayed(by: lead)))
    var senders: [FlowPeer] = []
    for (number, flow) in testCase.flows.enumerated() {
      let ends = [forward.inside, backward.inside].enumerated().map { side, realm in
        makePeer(flow, number, isLeft: side == 0, realm, site, simulation, network)
      }
      let (sender, receiver) = flow.direction == .forward ? (ends[0], ends[1]) : (ends[1], ends[0])
      senders.append(sender)
      let (start, end, lead) = (begin + flow.start, begin + flow.end, lead)
      simulation.spawn {
        await simulation.sleep(until: start - lead)
        await sender.run(from: start, until: end)
        do {
          let answer = try await receiver.answer(try await sender.offer())
          try await sender.accept(answer)
        } catch {
          preconditionFailure("two ends of ours agree: \(error)")
        }
      }
    }
    addCrossTraffic(simulation, network, (forward.inside, backward.inside), site, from: begin)
    network.beginMeasurement(of: forward.outside, .up)
    var recorder = SampleRecorder(testCase, begin: begin)
    let read = senders
    while simulation.now < begin + testCase.duration {
      simulation.run(until: simulation.now < begin ? begin : simulation.now + Self.interval)
      let readings = simulation.perform { () async -> [FlowPeer.Reading] in
        var readings: [FlowPeer.Reading] = []
        for sender in read { readings.append(await sender.read()) }
        return readings
      }
      recorder.note(network.takeMeasurement(of: forward.outside, .up), readings, at: simulation.now)
    }
    return Result(samples: recorder.samples, traceHash: simulation.traceHash.description)
  }

  /// One host on the left that opens all connections to one on the right: uploads go forward, downloads backward.
  private func addCrossTraffic(
    _ simulation: Simulation, _ network: Network, _ realms: (left: RealmID, right: RealmID), _ site: SiteID,
    from begin: Instant
  ) {
    guard !testCase.crossTraffic.isEmpty else { return }
    let (own, remote) = (IPAddress(v4: 0xC612_FE01), IPAddress(v4: 0xC613_FE01))
    let server = CrossTrafficServer(simulation.makePort(named: "tcp/server"))
    network.attach(server.port, AttachmentPlan(addresses: [remote], realm: realms.right, site: site))
    simulation.register(server)
    let client = CrossTrafficClient(
      simulation.makePort(named: "tcp/client"), own: own, server: remote,
      testCase.crossTraffic.map { flow in
        CrossTraffic(
          flow.direction == .forward ? .upload : .download, flow.pattern, flow.control, from: begin + flow.start,
          until: begin + flow.end)
      })
    network.attach(client.port, AttachmentPlan(addresses: [own], realm: realms.left, site: site))
    simulation.register(client)
    simulation.spawn { await client.start() }
  }

  private func makePeer(
    _ flow: CongestionCase.Flow, _ number: Int, isLeft: Bool, _ realm: RealmID, _ site: SiteID,
    _ simulation: Simulation, _ network: Network
  ) -> FlowPeer {
    let isSender = isLeft == (flow.direction == .forward)
    let port = simulation.makePort(named: "\(flow.name)/\(isSender ? "sender" : "receiver")")
    let address = IPAddress(v4: (isLeft ? 0xC612_0001 : 0xC613_0001) + UInt32(number))
    network.attach(port, AttachmentPlan(addresses: [address], realm: realm, site: site))
    let peer = FlowPeer(
      port, address: address, media: isSender ? flow.media : FlowPeer.Media(),
      congestion: CongestionSettings(controller: controller, limits: flow.limits))
    simulation.register(peer)
    return peer
  }
}

/// Turns what only grows into what happened between two looks.
private struct SampleRecorder {
  private let testCase: CongestionCase
  private let begin: Instant
  private var lastReadings: [FlowPeer.Reading] = []
  private(set) var samples: [CongestionRun.Sample] = []

  init(_ testCase: CongestionCase, begin: Instant) {
    self.testCase = testCase
    self.begin = begin
  }

  mutating func note(_ link: LinkMeasurement, _ readings: [FlowPeer.Reading], at now: Instant) {
    defer { lastReadings = readings }
    guard now > begin else { return }
    var sample = CongestionRun.Sample(time: now - begin)
    sample.capacity = testCase.forward.rate(at: sample.time - .nanoseconds(1))
    sample.carriedBytes = Int64(link.carried.bytes)
    sample.offeredPackets = link.offeredPackets
    sample.droppedPackets = link.queueDrops + link.lostPackets
    sample.queueingDelay = link.queueingDelay.maximum
    for (index, reading) in readings.enumerated() {
      let before = lastReadings.indices.contains(index) ? lastReadings[index] : FlowPeer.Reading()
      var flow = CongestionRun.FlowSample()
      flow.estimate = reading.estimate ?? .zero
      flow.target = reading.target
      flow.payloadBytes = reading.payloadBytesSent - before.payloadBytesSent
      flow.packets = reading.packetsSent - before.packetsSent
      flow.wireBytes = reading.wireBytesSent - before.wireBytesSent
      (flow.width, flow.height) = (reading.width, reading.height)
      flow.isActive = testCase.flows[index].start < sample.time && sample.time <= testCase.flows[index].end
      flow.roundTripTime = reading.roundTripTime
      sample.flows.append(flow)
    }
    samples.append(sample)
  }
}
