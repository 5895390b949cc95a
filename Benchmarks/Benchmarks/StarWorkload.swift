import CFloors
import RTCPrimitives
import SimKernel

/// Senders that send through a hub to some receivers each: what an SFU does to the kernel, and nothing else.
///
/// Every packet is a real packet of the simulation with a modelled payload, delivered into an actor, with both hashes
/// on; the links are arithmetic (100 Mbit/s, 10 ms).
public struct StarWorkload: Sendable {
  public var senders = 100
  public var receiversPerSender = 24
  public var packetsPerSecond = 60
  public var packetSize = DataSize.bytes(1200)
  public var linkRate = DataRate.megabitsPerSecond(100)
  public var delay = Duration.milliseconds(10)
  public var duration = Duration.seconds(20)

  public init() {}

  public struct Result: Sendable {
    public let deliveries: UInt64
    public let checksum: UInt64
    public let events: UInt64
    public let traceHash: String
    /// The second half of the run; `nil` where allocations cannot be counted.
    public let warm: Warm?

    /// Events of a run that is warm, and how often they allocated memory.
    public struct Warm: Hashable, Sendable {
      public let events: UInt64
      public let allocations: UInt64
    }
  }

  /// Runs the workload on the calling thread.
  public func run() -> Result {
    let simulation = Simulation(seed: 1)
    let hub = StarHub(simulation.makePort(named: "hub"), self)
    let stars = (0..<senders).map { StarSender(simulation.makePort(named: "sender \($0)"), self, number: $0) }
    simulation.register(hub)
    for star in stars { simulation.register(star) }
    simulation.setCarrier(StarCarrier(self))
    let memory = MemoryMark()
    let mark = simulation.addHandler(memory)
    simulation.schedule(handler: mark, argument: 0, at: .start + duration / 2)
    simulation.schedule(handler: mark, argument: 1, at: .start + duration)
    let interval = Duration.nanoseconds(1_000_000_000 / Int64(packetsPerSecond))
    for (number, star) in stars.enumerated() {
      star.port.wake(at: .start + .nanoseconds(Int64(number) * interval.nanoseconds / Int64(senders)))
    }
    simulation.run()
    let sums = simulation.perform {
      var sums = await hub.tally
      for star in stars { await sums.add(star.tally) }
      return sums
    }
    let result = Result(
      deliveries: sums.deliveries, checksum: sums.checksum, events: simulation.eventCount,
      traceHash: simulation.traceHash.description, warm: memory.warm)
    simulation.end()
    return result
  }
}

struct StarTally: Sendable {
  var deliveries: UInt64 = 0
  var checksum: UInt64 = 0

  mutating func note(_ now: Instant, _ receiver: Int) {
    deliveries &+= 1
    checksum &+= UInt64(bitPattern: now.nanoseconds) ^ UInt64(receiver)
  }

  mutating func add(_ other: StarTally) {
    deliveries &+= other.deliveries
    checksum &+= other.checksum
  }
}

private func address(_ node: Int) -> Endpoint { Endpoint(IPAddress(v4: 0x0A00_0000 + UInt32(node)), 9) }

private actor StarHub: Node {
  nonisolated let port: NodePort
  @exclusivity(unchecked) private(set) var tally = StarTally()
  private let receivers: Int
  private let senders: Int

  init(_ port: NodePort, _ workload: StarWorkload) {
    self.port = port
    receivers = workload.receiversPerSender
    senders = workload.senders
  }

  func receive(_ datagram: Datagram, at now: Instant) {
    tally.note(now, 0)
    let sender = Int(datagram.source.address.v4Bits & 0xFF_FFFF) - 1
    for offset in 1...receivers {
      let receiver = (sender + offset) % senders
      port.send(Span(), elided: datagram.elided, from: address(0), to: address(1 + receiver))
    }
  }

  func wake(at now: Instant) {}
}

private actor StarSender: Node {
  nonisolated let port: NodePort
  @exclusivity(unchecked) private(set) var tally = StarTally()
  private let workload: StarWorkload
  private let number: Int
  private let interval: Int64
  private let end: Int64

  init(_ port: NodePort, _ workload: StarWorkload, number: Int) {
    self.port = port
    self.workload = workload
    self.number = number
    interval = 1_000_000_000 / Int64(workload.packetsPerSecond)
    end = workload.duration.nanoseconds
  }

  func receive(_ datagram: Datagram, at now: Instant) { tally.note(now, 1 + number) }

  func wake(at now: Instant) {
    port.send(Span(), elided: workload.packetSize.bytes, from: address(1 + number), to: address(0))
    let next = Instant(nanoseconds: now.nanoseconds + interval)
    if next.nanoseconds < end { port.wake(at: next) }
  }
}

/// Reads the counters of events and allocations twice within the loop, where nothing but events is counted.
private final class MemoryMark: EventHandler {
  private var events: (first: UInt64, last: UInt64) = (0, 0)
  private var allocations: (first: UInt64, last: UInt64) = (0, 0)

  override func handle(_ argument: UInt32, in simulation: Simulation) {
    if argument == 0 {
      (events.first, allocations.first) = (simulation.eventCount, floor_allocation_count())
    } else {
      (events.last, allocations.last) = (simulation.eventCount, floor_allocation_count())
    }
  }

  var warm: StarWorkload.Result.Warm? {
    guard allocations.last != .max else { return nil }
    return StarWorkload.Result.Warm(
      events: events.last - events.first, allocations: allocations.last - allocations.first)
  }
}

/// Links as arithmetic: from each sender to the hub, and from the hub to each.
private final class StarCarrier: PacketCarrier {
  private let serialisation: Int64
  private let delay: Int64
  @exclusivity(unchecked) private var up: [Int64]
  @exclusivity(unchecked) private var down: [Int64]

  init(_ workload: StarWorkload) {
    serialisation = workload.linkRate.nanoseconds(for: workload.packetSize)
    delay = workload.delay.nanoseconds
    up = Array(repeating: 0, count: workload.senders)
    down = up
  }

  override func carry(_ packet: PacketHandle, from node: Int, in simulation: Simulation) {
    let target = Int(simulation[packet].destination.address.v4Bits & 0xFF_FFFF)
    let now = simulation.now.nanoseconds
    let done: Int64
    if target == 0 {
      done = max(up[node - 1], now) + serialisation
      up[node - 1] = done
    } else {
      done = max(down[target - 1], now) + serialisation
      down[target - 1] = done
    }
    simulation.deliver(packet, to: target, at: Instant(nanoseconds: done + delay))
  }
}
