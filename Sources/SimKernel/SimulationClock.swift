import RTCPrimitives

/// Virtual time as a Swift clock, for the control plane: `try await clock.sleep(for: .seconds(1))`.
public struct SimulationClock: Clock {
  private let simulation: Simulation

  public init(_ simulation: Simulation) { self.simulation = simulation }

  public var now: Instant { simulation.now }
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// Returns at `deadline`, or at once if that is past. Cancellation is noticed when the time has come.
  nonisolated(nonsending) public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    await simulation.sleep(until: deadline)
    try Task.checkCancellation()
  }
}

extension Instant: InstantProtocol {
  public func advanced(by duration: Duration) -> Instant { self + duration }
  public func duration(to other: Instant) -> Duration { other - self }
}

extension Simulation {
  /// The virtual clock of this simulation.
  public var clock: SimulationClock { SimulationClock(self) }

  /// Returns after `duration` of virtual time.
  nonisolated(nonsending) public func sleep(for duration: Duration) async { await sleep(until: now + duration) }

  /// Returns at `deadline` in virtual time.
  nonisolated(nonsending) public func sleep(until deadline: Instant) async {
    await withUnsafeContinuation { continuation in
      requireOwnThread()
      schedule(EventTarget(.sleeper, 0), argument: sleepers.add(continuation), at: deadline)
    }
  }
}

/// Tasks that wait for a time.
struct Sleepers {
  private var waiting: [UnsafeContinuation<Void, Never>?] = []
  private var free: [UInt32] = []

  mutating func add(_ continuation: UnsafeContinuation<Void, Never>) -> UInt32 {
    if let place = free.popLast() {
      waiting[Int(place)] = continuation
      return place
    }
    waiting.append(continuation)
    return UInt32(waiting.count - 1)
  }

  mutating func resume(_ place: UInt32) {
    guard let continuation = waiting[Int(place)] else { preconditionFailure("a sleeper is woken once") }
    waiting[Int(place)] = nil
    free.append(place)
    continuation.resume()
  }
}
