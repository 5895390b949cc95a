import Glibc
import RTCPrimitives
import SimKernel
import Synchronization

/// Three actors that chat by packets, tasks and alarms: everything that could disturb the order takes part.
struct ChatterRun {
  let simulation: Simulation
  let trace: String
  let delivered: Int

  init(seed: UInt64) {
    let simulation = Simulation(seed: seed)
    simulation.setCarrier(DelayCarrier(delay: .milliseconds(10)))
    let nodes = (0..<3).map { Chatter(simulation.makePort(named: "chatter \($0)")) }
    for node in nodes { simulation.register(node) }
    for node in nodes { simulation.spawn { await node.talk(300) } }
    simulation.run()
    self.simulation = simulation
    trace = "\(simulation.traceHash) \(simulation.now.nanoseconds) \(simulation.eventCount)"
    delivered = simulation.perform {
      var sum = 0
      for node in nodes { sum += await node.heard }
      return sum
    }
  }
}

actor Chatter: Node {
  nonisolated let port: NodePort
  private(set) var heard = 0
  private var dice: SeededGenerator

  init(_ port: NodePort) {
    self.port = port
    dice = port.generator(for: "chatter")
  }

  private var endpoint: Endpoint { Endpoint(IPAddress(10, 0, 0, UInt8(port.index)), 9) }

  func receive(_ datagram: Datagram, at now: Instant) {
    heard += 1
    if datagram.bytes[0] < 3 { send(count: datagram.bytes[0] + 1) }
    if heard.isMultiple(of: 7) { port.wake(at: now + .microseconds(Int64(dice.next() % 90_000))) }
  }

  func wake(at now: Instant) { send(count: 2) }

  func talk(_ times: Int) async {
    for _ in 0..<times {
      await port.simulation.sleep(for: .microseconds(Int64(dice.next() % 9_000)))
      send(count: 0)
    }
  }

  private func send(count: UInt8) {
    let other = Endpoint(IPAddress(10, 0, 0, UInt8(dice.next() % 3)), 9)
    let bytes = [count] + (0..<Int(dice.next() % 40)).map { UInt8($0) }
    port.send(bytes.span, from: endpoint, to: other)
  }
}

/// Delivers to the node whose number is the last octet of the destination.
final class DelayCarrier: PacketCarrier {
  private let delay: Duration

  init(delay: Duration) { self.delay = delay }

  override func carry(_ packet: PacketHandle, from node: Int, in simulation: Simulation) {
    let target = Int(simulation[packet].destination.address.v4Bits & 255)
    simulation.deliver(packet, to: target, at: simulation.now + delay)
  }
}

actor AlarmNode: Node {
  nonisolated let port: NodePort
  private(set) var rings: [Instant] = []

  init(_ port: NodePort) { self.port = port }

  func receive(_ datagram: Datagram, at now: Instant) {}
  func wake(at now: Instant) { rings.append(now) }
}

/// Pushes two more events for each of the first events that it sees, and notes the order in which they come.
final class OrderRecorder: EventHandler {
  struct Seen: Equatable {
    let time: Int64
    let order: UInt32
  }
  private unowned let simulation: Simulation
  var number = 0
  var seen: [Seen] = []
  private var pushed: UInt32 = 0
  private var dice: SeededGenerator

  init(_ simulation: Simulation) {
    self.simulation = simulation
    dice = simulation.generator("recorder")
  }

  func push(at instant: Instant) {
    simulation.schedule(handler: number, argument: pushed, at: instant)
    pushed += 1
  }

  override func handle(_ argument: UInt32, in simulation: Simulation) {
    seen.append(Seen(time: simulation.now.nanoseconds, order: argument))
    if argument < 5000 {
      push(at: simulation.now + .nanoseconds(Int64(dice.next() % 200_000_000)))
      push(at: simulation.now)
    }
  }
}

final class Log: @unchecked Sendable {
  var lines: [String] = []
}

/// Counts jobs that reach Swift's global executor from one thread, through the runtime's own hook.
enum GlobalExecutorProbe {
  private static let watched = Atomic<UInt>(0)
  private static let count = Atomic<Int>(0)

  /// How many jobs the calling thread hands to the global executor while `body` runs.
  static func countEscapes(_ body: () -> Void) -> Int {
    guard isInstalled else { return -1 }
    count.store(0, ordering: .sequentiallyConsistent)
    watched.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
    body()
    watched.store(0, ordering: .sequentiallyConsistent)
    return count.load(ordering: .sequentiallyConsistent)
  }

  static let isInstalled: Bool = {
    typealias Original = @convention(thin) (UnsafeRawPointer) -> Void
    typealias Hook = @convention(thin) (UnsafeRawPointer, Original) -> Void
    guard let slot = dlsym(nil, "swift_task_enqueueGlobal_hook") else { return false }
    let hook: Hook = { job, original in
      if GlobalExecutorProbe.watched.load(ordering: .sequentiallyConsistent) == UInt(pthread_self()) {
        GlobalExecutorProbe.count.wrappingAdd(1, ordering: .sequentiallyConsistent)
      }
      original(job)
    }
    slot.assumingMemoryBound(to: Optional<Hook>.self).pointee = hook
    return true
  }()
}

/// Runs `body` on `count` threads at once and gives all results.
func onThreads<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable () -> Result) -> [Result] {
  let results = Results<Result>()
  let threads = (0..<count).map { _ in
    var thread = pthread_t()
    let work = ThreadWork {
      let result = body(); results.all.withLock { $0.append(result) }
    }
    pthread_create(&thread, nil, { ThreadWork.run($0) }, Unmanaged.passRetained(work).toOpaque())
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
  return results.all.withLock { $0 }
}

private final class Results<Result: Sendable>: Sendable {
  let all = Mutex<[Result]>([])
}

private final class ThreadWork: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  static func run(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadWork>.fromOpaque(raw!).takeRetainedValue().body()
    return nil
  }
}
