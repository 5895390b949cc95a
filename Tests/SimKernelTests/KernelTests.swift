import RTCPrimitives
import SimKernel
import TestSupport
import Testing

@Suite struct KernelTests {
  @Test func `a hundred runs of one seed leave one trace`() {
    let traces = Set((0..<100).map { _ in ChatterRun(seed: 7).trace })
    #expect(traces.count == 1)
  }

  @Test func `another seed leaves another trace`() {
    #expect(ChatterRun(seed: 7).trace != ChatterRun(seed: 8).trace)
  }

  @Test func `runs on two threads at once leave the trace of a run alone`() {
    let alone = ChatterRun(seed: 7).trace
    let beside = onThreads(2) { (0..<20).map { _ in ChatterRun(seed: 7).trace } }
    #expect(Set(beside.flatMap { $0 }) == [alone])
  }

  @Test func `the trace of a run is the one that was recorded, in debug and in release`() {
    #expect(ChatterRun(seed: 1).trace == "9de1ffad6576e546 1558014000 5041")
  }

  @Test func `every packet is freed after its delivery`() {
    let run = ChatterRun(seed: 5)
    #expect(run.delivered > 1000)
    #expect(run.simulation.packetsInFlight == 0)
  }

  @Test func `an alarm rings once at the earliest time that was asked for`() {
    let simulation = Simulation(seed: 1)
    let sleeper = AlarmNode(simulation.makePort(named: "sleeper"))
    simulation.register(sleeper)
    sleeper.port.wake(at: Instant(nanoseconds: 900))
    sleeper.port.wake(at: Instant(nanoseconds: 300))
    sleeper.port.wake(at: Instant(nanoseconds: 500))
    simulation.run()
    #expect(simulation.perform { await sleeper.rings } == [Instant(nanoseconds: 300)])
  }

  @Test func `the clock stands at the limit of a run and the rest happens later`() {
    let simulation = Simulation(seed: 1)
    let sleeper = AlarmNode(simulation.makePort(named: "sleeper"))
    simulation.register(sleeper)
    sleeper.port.wake(at: Instant(nanoseconds: 2_000_000_000))
    simulation.run(until: Instant(nanoseconds: 1_000_000_000))
    #expect(simulation.now == Instant(nanoseconds: 1_000_000_000))
    #expect(simulation.perform { await sleeper.rings } == [])
    simulation.run()
    #expect(simulation.perform { await sleeper.rings } == [Instant(nanoseconds: 2_000_000_000)])
  }

  @Test func `tasks wait on the virtual clock and go on in order of time, then of asking`() {
    let simulation = Simulation(seed: 1)
    let log = Log()
    for (name, seconds) in [("late", 3), ("early", 1), ("middle", 2), ("early again", 1)] {
      simulation.spawn {
        try? await simulation.clock.sleep(for: .seconds(seconds))
        log.lines.append("\(name) \(simulation.now.nanoseconds)")
      }
    }
    simulation.run()
    #expect(
      log.lines == ["early 1000000000", "early again 1000000000", "middle 2000000000", "late 3000000000"])
  }
}

@Suite(.serialized) struct EscapeTests {
  @Test func `no job escapes to the global executor`() {
    let escapes = GlobalExecutorProbe.countEscapes { _ = ChatterRun(seed: 3).trace }
    #expect(GlobalExecutorProbe.isInstalled)
    #expect(escapes == 0)
  }

  @Test func `the probe counts a task that does escape`() {
    #expect(GlobalExecutorProbe.countEscapes { _ = Task.detached {} } == 1)
  }

  @Test func `a job from a foreign thread traps`() async {
    await #expect(processExitsWith: .failure) {
      let simulation = Simulation(seed: 1)
      simulation.spawn {
        _ = onThreads(1) { simulation.spawn {} }
      }
      simulation.run()
    }
  }
}

@Suite struct EventQueueTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `events come in order of time, then of pushing, over all horizons`(seed: UInt64) {
    let simulation = Simulation(seed: seed)
    let recorder = OrderRecorder(simulation)
    let handler = simulation.addHandler(recorder)
    recorder.number = handler
    var dice = simulation.generator("dice")
    for _ in 0..<5000 {
      let horizon: Int64 = [1000, 20_000, 60_000_000, 80_000_000, 10_000_000_000][Int(dice.next() % 5)]
      recorder.push(at: Instant(nanoseconds: Int64(dice.next() % UInt64(horizon))))
    }
    simulation.run()
    #expect(recorder.seen.count == 15_000)
    #expect(recorder.seen == recorder.seen.sorted { ($0.time, $0.order) < ($1.time, $1.order) })
  }
}
