import CHints
import Glibc
import RTCPrimitives

/// The loop.
extension Simulation {
  /// Handles every event up to and including `limit`, on the calling thread; the clock then stands at `limit`, or at
  /// the last event when `limit` is `.distantFuture`.
  public func run(until limit: Instant = .distantFuture) {
    onOwnThread {
      let driver = LoopDriver(self)
      spawn { await driver.loop(until: limit) }
      drainJobs()
      if limit != .distantFuture { currentTime = max(currentTime, limit) }
    }
  }

  /// Runs `body` on the simulation's executor, as far as it gets without time passing, and gives its result.
  ///
  /// - Precondition: `body` does not wait for virtual time.
  public func perform<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Result {
    onOwnThread {
      let box = ResultBox<Result>()
      spawn { box.value = await body() }
      drainJobs()
      guard let value = box.value else { preconditionFailure("the operation waited for virtual time") }
      return value
    }
  }

  /// Starts a task of this simulation: everything in it runs on this executor.
  public func spawn(_ body: sending @escaping () async -> Void) {
    Task(executorPreference: self, operation: body)
  }

  private func onOwnThread<Result>(_ body: () -> Result) -> Result {
    precondition(owner == nil, "a simulation is not run from within itself")
    owner = pthread_self()
    defer { owner = nil }
    return body()
  }

  fileprivate func loop(until limit: Instant) {
    drainJobs()
    while let event = queue.pop(until: limit.nanoseconds) {
      currentTime = Instant(nanoseconds: event.time)
      eventCount &+= 1
      prefetchNext()
      dispatch(event)
      if !jobs.isEmpty { drainJobs() }
    }
  }

  /// Fetches the packets of the next events into the cache: in a large run they have left it long ago.
  @inline(__always)
  private func prefetchNext() {
    let count = queue.current.count
    guard count > 0 else { return }
    // The second and third of the heap first: by the time they are its top, their records can be read.
    for index in 1..<3 where index < count {
      hints_prefetch(slab.records + Int(queue.current.storage[index].argument), 128)
    }
    let next = Int(queue.current.top.argument)
    if next < slab.used { hints_prefetch(slab.records[next].payload, 64) }
  }

  @inline(__always)
  private func dispatch(_ event: Event) {
    let index = event.target.index
    switch event.target.kind {
    case .receive:
      let packet = PacketHandle(rawValue: event.argument)
      nodes[index]._withUnsafeGuaranteedRef { $0.deliver(packet) }
      slab.remove(packet)
    case .wake:
      guard alarms[index].nanoseconds == event.time else { return }
      alarms[index] = .distantFuture
      nodes[index]._withUnsafeGuaranteedRef { $0.deliverWake() }
    case .handler: handlers[index]._withUnsafeGuaranteedRef { $0.handle(event.argument, in: self) }
    case .sleeper: sleepers.resume(event.argument)
    case .departure: depart(PacketHandle(rawValue: event.argument), from: index)
    }
  }

  private func drainJobs() {
    let serial = asUnownedSerialExecutor()
    let task = asUnownedTaskExecutor()
    while let job = jobs.popFirst() { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
  }
}

/// Runs the loop inside a job of the executor, so that checking isolation is a comparison of pointers.
private actor LoopDriver {
  private nonisolated let simulation: Simulation
  nonisolated var unownedExecutor: UnownedSerialExecutor { simulation.asUnownedSerialExecutor() }

  init(_ simulation: Simulation) { self.simulation = simulation }

  func loop(until limit: Instant) { simulation.loop(until: limit) }
}

private final class ResultBox<Value: Sendable>: @unchecked Sendable {
  var value: Value?
}

/// Jobs in the order in which they became ready.
struct JobQueue {
  private var jobs: [UnownedJob] = []
  private var first = 0

  var isEmpty: Bool { first == jobs.count }

  mutating func append(_ job: UnownedJob) { jobs.append(job) }

  mutating func popFirst() -> UnownedJob? {
    guard first < jobs.count else { return nil }
    defer {
      first += 1
      if first == jobs.count {
        jobs.removeAll(keepingCapacity: true)
        first = 0
      }
    }
    return jobs[first]
  }
}
