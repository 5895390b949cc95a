import SimNetwork
import SimSessions

/// `rtcsim nat-matrix`: which NATs connect directly, and which need a relay.
struct NATMatrix: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case table, json, csv
  }

  private static let runs = 2 * ConnectivityRun.seedsPerDirection

  static let configuration = CommandConfiguration(
    commandName: "nat-matrix", abstract: "Tells which pairs of NATs connect directly and which need a relay.",
    discussion: """
      Every pair is run: two real ICE agents behind these NATs, 25 ms from each other, with a STUN server and a TURN \
      server over UDP, TCP and TLS on 443. The class is that of the best valid pair after 10 s. A NAT is a name that rtcsim list nats \
      shows, or a chain from home outwards: eim-eif+apdm-apdf. \
      Both sides may be behind one NAT: a name behind an @ says whose it is, as in eim-adf+carrier-grade@isp. \
      Where the dice of a NAT decide (pooling arbitrary over several addresses) a pair is run \(runs) times, each side \
      offering in half of them, and the shares of the classes are printed.
      """)

  @Option(help: "Only these, two names to a pair: eim-apdf,open or a,b,c,d.") var pairs: CommaSeparated<String>?
  @Option(help: "A JSON5 file of shares of a population that sum to 1: {\"eim-apdf\": 0.7, \"apdm-apdf\": 0.3}.")
  var mix: String?
  @Option(help: "Write the whole table as a picture (SVG).") var plot: String?
  @Option(help: "The seed of the first run.") var seed: UInt64 = 1
  @Option(help: "table, json or csv.") var format = Format.table

  func run() throws {
    let library = try ScenarioLibrary.find()
    guard plot == nil || pairs == nil else {
      throw CommandLineError.badValue(name: "--plot", found: "with --pairs", allowed: "the whole table")
    }
    let runs = try pairs.map { try self.runs($0.elements, library) } ?? ConnectivityMatrix.pairs(seed: seed)
    let mix = try mix.map { try library.mix($0) }
    var known = Outcomes()
    let rows = runs.map { NATMatrixReport.Row(run: $0, outcome: known.of($0)) }
    let shares = mix.map { mix in
      NATMatrixReport.Mix(mix, shares: mix.shares(mix.pairs(seed: seed).map { known.of($0) }))
    }
    if let plot { try AtomicFile.write(NATMatrixPlot(rows: rows).svg, to: plot) }
    let report = NATMatrixReport(rows: rows, isWhole: pairs == nil, mix: shares, traceDigest: known.digest)
    switch format {
    case .table: Terminal.write(report.text)
    case .json: Terminal.write(report.json.text() + "\n")
    case .csv: Terminal.write(report.csv)
    }
  }

  private func runs(_ names: [String], _ library: ScenarioLibrary) throws -> [ConnectivityRun] {
    guard names.count.isMultiple(of: 2) else {
      throw CommandLineError.badValue(
        name: "--pairs", found: names.joined(separator: ","), allowed: "two names to a pair: eim-apdf,open")
    }
    return try stride(from: 0, to: names.count, by: 2).map { index in
      let offerer = try library.access(names[index], option: "--pairs")
      let answerer = try library.access(names[index + 1], option: "--pairs")
      guard !offerer.contradicts(answerer) else {
        throw CommandLineError.badValue(
          name: "--pairs", found: answerer.name, allowed: "the NAT of \(answerer.owner ?? "") as in \(offerer.name)")
      }
      return ConnectivityRun(offerer: offerer, answerer: answerer, seed: seed)
    }
  }

  /// What was found so far: a pair of the mix may be one of the table's.
  private struct Outcomes {
    private var found: [String: ConnectivityOutcome] = [:]
    /// Over all runs so far.
    private(set) var digest = TraceDigest()

    mutating func of(_ run: ConnectivityRun) -> ConnectivityOutcome {
      if let known = found[run.id] { return known }
      let outcome = run.outcome()
      found[run.id] = outcome
      for hash in outcome.traceHashes { digest.combine(hash) }
      return outcome
    }
  }
}
