import RTCPrimitives
import SimSessions

/// `rtcsim setup`: round trips to media and to data, and how long it takes under loss.
struct Setup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup",
    abstract: "Counts the round trips to media and to data, and how long set-up takes under loss.",
    discussion: """
      Two hosts stand one round trip apart; the answer says setup:active. Times count from createOffer, out of the packets:
      ClientHello leaves, answerer ready and offerer ready (its Finished has left and a pair works), answerer complete.

      To data, without loss (JSON key data): when each side may send on a data channel, and when the answerer has the offerer's
      first message. In the first row the offerer alone starts SCTP when its DTLS handshake is complete, and the answerer
      waits for its INIT; in the second each starts it when its own is, as browsers do. DATA_CHANNEL_OPEN and the message
      leave together, as soon as the offerer's association is there.

      Profiles:
      \(SetupProfiles.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

      With chromium, sped and sped-dtls13 both sides begin together one round trip and 50 ms after createOffer; with the others
      offer and answer take half a round trip each, as today. Subtract no round trips of the ones from those of the others.
      """)

  @Option(help: "From one host to the other and back. (default: \(Self.defaultRoundTripTime.quantity))")
  var rtt: Duration?
  @Option(help: "Of every packet, in each direction: 10% or 0.1. (default: 0%)") var loss: Percentage?
  @Option(help: "How many set-ups, each with a seed of its own. (default: \(Self.defaultRuns))") var runs: Int?
  @Option(help: "Whose timers, and which what-ifs. (default: \(SetupProfiles.all[0].name))") var profile: ProfileName?
  @Option(
    help: """
      What stands before the offerer: a name that rtcsim list nats shows, or a chain of NATs. \
      (default: \(Self.defaultOffererNat))
      """)
  var offererNat: String?
  @Option(help: "Compare with the recordings in this folder instead.") var against: String?
  @Option(help: "The seed of the first run.") var seed: UInt64 = 1
  @Option(help: "table or json.") var format = OutputFormat.table

  private static let defaultRoundTripTime = Duration.milliseconds(100)
  private static let defaultRuns = 1000
  private static let defaultOffererNat = "eim-apdf"

  func run() throws {
    if let against { return try compare(with: against) }
    let conditions = try conditions()
    let runs = runs ?? Self.defaultRuns
    guard runs >= 1 else {
      throw CommandLineError.badValue(name: "--runs", found: "\(runs)", allowed: "1 or more")
    }
    let progress = ProgressLine(total: Double(runs))
    let report = SetupReport(conditions, runs: runs, seed: seed) { done in
      progress.advance(by: 1, label: "run \(done)")
    }
    progress.finish()
    Terminal.write(format == .json ? report.json.text() + "\n" : report.text)
  }

  private func conditions() throws -> SetupRunner.Conditions {
    let roundTripTime = rtt ?? Self.defaultRoundTripTime
    // Each way takes half of it, in whole nanoseconds.
    guard roundTripTime >= .microseconds(1), roundTripTime <= .seconds(10),
      roundTripTime.nanoseconds.isMultiple(of: 2)
    else {
      throw CommandLineError.badValue(
        name: "--rtt", found: roundTripTime.quantity, allowed: "1us to 10s, an even number of nanoseconds")
    }
    let access = try ScenarioLibrary.find().access(offererNat ?? Self.defaultOffererNat, option: "--offerer-nat")
    return SetupRunner.Conditions(
      profile?.profile ?? SetupProfiles.all[0], roundTripTime: roundTripTime, loss: loss?.share ?? 0,
      offererAccess: access)
  }

  /// Ends with status 1 when a step is outside.
  private func compare(with folder: String) throws {
    let given = [
      ("--rtt", rtt != nil), ("--loss", loss != nil), ("--runs", runs != nil), ("--profile", profile != nil),
      ("--offerer-nat", offererNat != nil),
    ]
    if let (name, _) = given.first(where: \.1) {
      throw CommandLineError.badValue(
        name: name, found: "with --against", allowed: "one of the two; the recordings have conditions of their own")
    }
    let report = RecordedSetupReport(rows: try RecordedSetups(folder: folder).compare(seed: seed))
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
