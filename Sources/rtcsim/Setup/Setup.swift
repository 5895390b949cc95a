import RTCPrimitives
import SimSessions

/// `rtcsim setup`: round trips to media, and how long it takes under loss.
struct Setup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup", abstract: "Counts the round trips to media, and how long set-up takes under loss.",
    discussion: """
      Two hosts stand one round trip apart; the answer says setup:active. Times count from createOffer, out of the packets:
      ClientHello leaves, answerer ready and offerer ready (its Finished has left over a pair that works), answerer complete.
      """)

  @Option(help: "From one host to the other and back.") var rtt: Duration = .milliseconds(100)
  @Option(help: "Of every packet, in each direction: 10% or 0.1.") var loss = Percentage(0)
  @Option(help: "How many set-ups, each with a seed of its own.") var runs = 1000
  @Option(help: "Whose timers, and which what-ifs.") var profile = ProfileName(SetupProfiles.all[0])
  @Option(help: "What stands before the offerer: a name that rtcsim list nats shows, or a chain of NATs.")
  var offererNat = "eim-apdf"
  @Option(help: "Compare with the recordings in this folder instead.") var against: String?
  @Option(help: "The seed of the first run.") var seed: UInt64 = 1
  @Option(help: "table or json.") var format = OutputFormat.table

  func run() throws {
    guard runs >= 1 else {
      throw CommandLineError.badValue(name: "--runs", found: "\(runs)", allowed: "1 or more", nearest: nil)
    }
    guard rtt > .zero, rtt <= .seconds(10) else {
      throw CommandLineError.badValue(
        name: "--rtt", found: rtt.quantity, allowed: "more than 0, up to 10s", nearest: nil)
    }
    if let against { return try compare(with: RecordedSetups(folder: against)) }
    let access = try ScenarioLibrary.find().access(offererNat, option: "--offerer-nat")
    let conditions = SetupRunner.Conditions(
      profile.profile, roundTripTime: rtt, loss: loss.share, offererAccess: access)
    let progress = ProgressLine(total: Double(runs))
    let report = SetupReport(conditions, runs: runs, seed: seed) { done in
      progress.advance(by: 1, label: "run \(done)")
    }
    progress.finish()
    Terminal.write(format == .json ? report.json.text() + "\n" : report.text)
  }

  /// Ends with status 1 when a step is outside.
  private func compare(with recorded: RecordedSetups) throws {
    let report = RecordedSetupReport(rows: recorded.compare(seed: seed))
    Terminal.write(format == .json ? report.json.text() + "\n" : report.text)
    if !report.isWithin { throw ExitCode(1) }
  }
}

/// A share of the whole, written `10%` or `0.1`.
struct Percentage: ExpressibleByArgument {
  /// 0 ... 1.
  let share: Double

  init(_ share: Double) { self.share = share }

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? String(argument.dropLast()) : argument), number.isFinite else { return nil }
    share = isPercent ? number / 100 : number
    guard (0...0.9).contains(share) else { return nil }
  }

  static var allowed: String { "a share such as 10% or 0.1, up to 90%" }
  var defaultValueDescription: String { "\(fixed(share * 100, 0))%" }
}

struct ProfileName: ExpressibleByArgument {
  let profile: SetupProfile

  init(_ profile: SetupProfile) { self.profile = profile }

  init?(argument: String) {
    guard let profile = SetupProfiles.named(argument) else { return nil }
    self.profile = profile
  }

  static var allowed: String { allValueStrings.joined(separator: ", ") }
  static var allValueStrings: [String] { SetupProfiles.all.map(\.name) }
  var defaultValueDescription: String { profile.name }
}
