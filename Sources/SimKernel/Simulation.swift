import Glibc
import RTCPrimitives

/// One run: a seed, a clock, an event queue and the executor of every actor in it, all on one thread.
///
/// Packets and wakes are delivered synchronously from the loop, which itself runs as a job of this executor.
/// Tasks (`spawn`) are for the control plane. Nothing that belongs to a simulation may be touched from another thread
/// while it runs; jobs and timers trap when that happens.
public final class Simulation: SerialExecutor, TaskExecutor, @unchecked Sendable {
  /// Decides everything that is random in the run.
  public let seed: UInt64

  // The hot state. Exclusivity is not checked at run time: everything runs on one thread and no accessor is reentered.
  @exclusivity(unchecked) @usableFromInline var queue = EventQueue()
  @exclusivity(unchecked) @usableFromInline var slab = PacketSlab()
  @exclusivity(unchecked) @usableFromInline var nodes: [Unmanaged<NodeEntry>] = []
  @exclusivity(unchecked) @usableFromInline var alarms: [Instant] = []
  @exclusivity(unchecked) @usableFromInline var sequence: UInt64 = 0
  @exclusivity(unchecked) @usableFromInline var currentTime = Instant.start
  /// How many events were handled so far.
  @exclusivity(unchecked) public internal(set) var eventCount: UInt64 = 0
  /// The digest of every datagram with its bytes.
  @exclusivity(unchecked) public var traceHash = TraceHash()
  /// The digest of every datagram's time, endpoints and size, without the bytes.
  @exclusivity(unchecked) public var timingHash = TraceHash()
  @exclusivity(unchecked) @usableFromInline var carrier: Unmanaged<PacketCarrier>?
  @exclusivity(unchecked) var handlers: [Unmanaged<EventHandler>] = []
  @exclusivity(unchecked) var jobs = JobQueue()
  @exclusivity(unchecked) var sleepers = Sleepers()
  @exclusivity(unchecked) var owner: pthread_t?
  /// What the uncounted references above refer to.
  private var kept: [AnyObject] = []
  private var numbersTaken = 0
  private var names: Set<String> = []
  /// The nodes' names, by their number.
  public private(set) var nodeNames: [String] = []

  public init(seed: UInt64) { self.seed = seed }

  /// The virtual time.
  ///
  /// Computed, because other modules would check the exclusivity of a stored property.
  @inlinable public var now: Instant { currentTime }

  /// The generator called `stream`; the same name gives the same numbers.
  public func generator(_ stream: String) -> SeededGenerator { SeededGenerator(seed: seed, stream: stream) }

  /// Makes a node's door. The node itself is made with it, then registered.
  ///
  /// - Precondition: `name` is new in this simulation.
  public func makePort(named name: String) -> NodePort {
    precondition(names.insert(name).inserted, "there is a node called \(name) already")
    nodeNames.append(name)
    return NodePort(simulation: self, index: names.count - 1, name: name)
  }

  /// Adds a node.
  ///
  /// - Precondition: nodes are registered in the order in which their ports were made.
  @inlinable
  public func register(_ node: some Node) {
    precondition(node.port.index == nodes.count, "nodes are registered in the order of their ports")
    add(TypedNodeEntry(node))
  }

  @usableFromInline
  func add(_ entry: NodeEntry) {
    kept.append(entry)
    nodes.append(Unmanaged.passUnretained(entry))
    alarms.append(.distantFuture)
  }

  /// Sets what carries packets; without it, sending is an error.
  public func setCarrier(_ carrier: PacketCarrier) {
    kept.append(carrier)
    self.carrier = Unmanaged.passUnretained(carrier)
  }

  /// Adds a handler of events and gives its number.
  public func addHandler(_ handler: EventHandler) -> Int {
    kept.append(handler)
    handlers.append(Unmanaged.passUnretained(handler))
    return handlers.count - 1
  }

  /// A number that grows with each call: the order of what nodes note down.
  public func takeNumber() -> Int {
    defer { numbersTaken += 1 }
    return numbersTaken
  }

  /// Lets go of the nodes and the network, which hold the simulation in turn. Call it once when the run was read.
  public func end() {
    for entry in kept { (entry as? NodeEntry)?.end() }
    nodes = []
    handlers = []
    carrier = nil
    kept = []
  }

  /// How many packets are on their way.
  public var packetsInFlight: Int { slab.count }

  public func enqueue(_ job: consuming ExecutorJob) {
    requireOwnThread()
    jobs.append(UnownedJob(job))
  }

  @inlinable
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  public func isIsolatingCurrentContext() -> Bool? {
    guard let owner else { return false }
    return pthread_equal(owner, pthread_self()) != 0
  }

  public func checkIsolated() {
    precondition(isIsolatingCurrentContext() == true, "code of a simulation ran outside its thread")
  }

  /// Traps when a running simulation is touched from a thread that is not its own.
  func requireOwnThread() {
    if let owner {
      precondition(pthread_equal(owner, pthread_self()) != 0, "a simulation was used from another thread")
    }
  }
}
