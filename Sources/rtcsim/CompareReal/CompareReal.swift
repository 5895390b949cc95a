import RTCPrimitives
import SimNodes
import SimSessions

/// `rtcsim compare-real`: one call simulated and over real sockets, side by side.
struct CompareReal: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare-real", abstract: "Makes one call twice, simulated and over this machine's sockets.",
    discussion: """
      The call is that of the scenario two-peers, without NATs and delays: sound and pictures both ways. Both calls have the same
      encoders with the same pictures and sound, captured at the same times; the real one has its own keys, numbers and clock.
      What both ends send is counted by the same meter. Nothing leaves this machine.

      CPU: the simulation charges what the cost file says. Of the real call it is the CPU time of the thread that does the work of
      both ends, user and kernel (CLOCK_THREAD_CPUTIME_ID), without the synthetic camera and voice; on the loopback interface
      the sender's kernel time has the receiver's in it. Tolerances that are not met change no exit status.
      """)

  @Option(help: "How long is measured, in whole seconds from 1 to 300.") var seconds = 10
  @Option(help: "Decides what is captured, and all of the simulation.") var seed: UInt64 = 1
  @Option(help: "real (libvpx and libopus) or modelled (frames of their sizes, without CPU for codecs).")
  var media = MediaFidelity.real
  @Option(help: "A cost file: a name in Models/Costs or a path; rtcsim bench --costs writes this machine's.")
  var costs: String?
  @Option(help: "table or json.") var format = OutputFormat.table

  func validate() throws {
    guard (1...300).contains(seconds) else {
      throw CommandLineError.badValue(name: "--seconds", found: "\(seconds)", allowed: "a whole number from 1 to 300")
    }
  }

  func run() throws {
    let library = try ScenarioLibrary.find()
    var overrides = ScenarioOverrides()
    overrides.seed = seed
    overrides.media = media
    overrides.costs = try costs.map { name in
      do throws(ScenarioError) { return try library.costs(name) } catch { throw error.naming(option: "--costs") }
    }
    let scenario = try library.scenario("two-peers").applying(overrides)
    let run = try CallRun(scenario, window: .seconds(seconds))
    let simulated = try run.run()
    let progress = ProgressLine(total: 1)
    var done = 0.0
    let real = try RealCall(as: run).run { share in
      progress.advance(by: share - done, label: "the real call")
      done = share
    }
    progress.finish()
    let report = TrafficComparisonReport(
      comparison: TrafficComparison(
        simulated: simulated, real: real, costs: run.session.costs.name, hasCodecs: media == .real),
      media: media, seconds: seconds, seed: seed)
    switch format {
    case .table: Terminal.write(report.text)
    case .json: Terminal.write(report.json.text() + "\n")
    }
  }
}
