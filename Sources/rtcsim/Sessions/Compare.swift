import Foundation
import RTCPrimitives
import SimNodes
import SimSessions
import Synchronization

/// `rtcsim compare`: one workload, one set of links and one seed under all topologies.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares topologies under one identical workload, link set and seed.")

  @Argument(help: "A name in Models/Scenarios or a path.") var scenario = "meeting"
  @Option(help: "Numbers of participants.") var participants = CommaSeparated<Int>([2, 3, 5, 10, 25, 50])
  @Option(help: "Names of topologies.") var topologies = CommaSeparated<String>(
    Topologies.names)
  @OptionGroup var session: SessionOptions
  @Option(help: "Runs at the same time; by default as many as cores.") var jobs: Int?
  @Option(help: "table or json.") var format = OutputFormat.table
  @Option(help: "Also write a CSV file.") var csv: String?
  @Option(help: "Also draw the topologies over the number of people, as SVG.") var plot: String?

  func run() throws {
    let library = try ScenarioLibrary.find()
    let loaded = try library.scenario(scenario)
    guard loaded.session != nil else {
      throw CommandLineError.badValue(
        name: "<scenario>", found: scenario, allowed: "people in a session; this one is of plain UDP flows")
    }
    let base = try loaded.applying(try session.overrides(library))
    let cells = try plannedCells(loaded, library)
    let file = try csv.map { try AtomicFile(path: $0) }
    let drawing = try plot.map { try AtomicFile(path: $0) }
    let reports = try runAll(cells)
    let verdicts = topologies.elements.map { topology in
      Verdict(
        topology: topology,
        cells: reports.filter { $0.result.topology == topology }.map { Verdict.Cell($0.result) })
    }
    if let file {
      var table = CSV(header: CellReport.csvHeader(currency: reports[0].result.currency))
      for report in reports { table.append(report.csvRow) }
      try file.append(table.text)
      try file.commit()
    }
    if let drawing {
      try drawing.append(ComparisonPlot(reports: reports, title: Self.title(base)).svg)
      try drawing.commit()
    }
    switch format {
    case .table: Terminal.write(Self.text(reports, verdicts, base))
    case .json: Terminal.write(Self.json(reports, verdicts, base).text() + "\n")
    }
  }

  private func plannedCells(_ loaded: Scenario, _ library: ScenarioLibrary) throws -> [SessionRun] {
    var overrides = try session.overrides(library)
    guard !participants.elements.isEmpty, !topologies.elements.isEmpty else {
      throw CommandLineError.badValue(
        name: "--participants", found: "nothing", allowed: "at least one number", nearest: nil)
    }
    var runs: [SessionRun] = []
    var options = SessionRun.Options()
    if let session = loaded.session { try options.readMedia(of: session) }
    for topology in topologies.elements {
      for count in participants.elements.sorted() {
        overrides.topology = topology
        overrides.participants = count
        let scenario = try loaded.applying(overrides)
        // They are for the SFU among others.
        if !topologies.elements.contains(SelectiveForwarding().name) { try overrides.checkSelection(in: scenario) }
        runs.append(try SessionRun(scenario, options: options))
      }
    }
    return runs
  }

  /// Runs the cells on several threads, the longest first, so that no long one is left for the end.
  private func runAll(_ runs: [SessionRun]) throws -> [CellReport] {
    let count = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    guard count > 0 else {
      throw CommandLineError.badValue(name: "--jobs", found: "\(count)", allowed: "1 or more", nearest: nil)
    }
    let order = runs.indices.sorted { runs[$0].plannedPackets > runs[$1].plannedPackets }
    let progress = ProgressLine(total: runs.reduce(0) { $0 + $1.plannedPackets })
    let results = Mutex([CellReport?](repeating: nil, count: runs.count))
    Workers.run(count: min(count, runs.count), items: order) { index in
      let run = runs[index]
      let label = "\(run.session.topology), \(run.session.participants) people"
      let clock = ContinuousClock()
      let begin = clock.now
      var done = 0.0
      let result = run.run { share in
        progress.advance(by: run.plannedPackets * (share - done), label: label)
        done = share
      }
      let seconds = (clock.now - begin) / .seconds(1)
      results.withLock { $0[index] = CellReport(result: result, wallSeconds: seconds) }
    }
    progress.finish()
    return results.withLock { $0.compactMap(\.self) }
  }

  private static func text(_ reports: [CellReport], _ verdicts: [Verdict], _ scenario: Scenario) -> String {
    var text = Terminal.styled("\(scenario.name)", .bold) + ": \(scenario.summary)\n\n"
    text += CellReport.table(of: reports).text() + "\n"
    if let data = dataTable(reports) { text += data.text() + "\n" }
    for verdict in verdicts { text += verdict.sentence + "\n" }
    text += """

      \(adaptation(scenario, reports)) Rates of links count IP packets. Media is
      \(reports[0].result.media.rawValue); CPU times are charged from '\(scenario.session?.costs.name ?? "")'. \
      Seed \(scenario.seed), scenario \(scenario.scenarioHash).

      """
    return text
  }

  /// What the plot shows: `meeting · gcc · uplink 5M · seed 1`.
  private static func title(_ scenario: Scenario) -> String {
    let session = scenario.session
    let rates = session?.congestionControl ?? "fixed rates"
    let uplink = session?.client.uplink.rate?.quantity ?? "unlimited"
    return "\(scenario.name) · \(rates) · uplink \(uplink) · seed \(scenario.seed)"
  }

  private static func adaptation(_ scenario: Scenario, _ reports: [CellReport]) -> String {
    guard let session = scenario.session, let controller = session.congestionControl else {
      return "Rates are fixed: encoders do not adapt to what the network carries."
    }
    guard session.adapts else { return "Rates are held by '\(controller)'; an SFU forwards what it gets." }
    let selects = session.video != nil && reports.contains { $0.result.topology == SelectiveForwarding().name }
    return "Encoders follow '\(controller)'\(selects ? ", and an SFU selects what each receiver gets" : "")."
  }

  /// What went on data channels; `nil` when there are none.
  private static func dataTable(_ reports: [CellReport]) -> Table? {
    var table = Table(
      [.left("topology"), .right("people"), .left("data channel")] + DataReport.columns
        + [.right("clients up\nkbytes"), .right("clients down\nkbytes")])
    for result in reports.map(\.result) {
      let links = [result.traffic.clientUplink, result.traffic.clientDownlink].map { fixed(Double($0.bytes) / 1000, 1) }
      for data in result.dataTotals {
        table.append([result.topology, "\(result.participants)", data.workload.rawValue] + data.cells + links)
      }
    }
    return table.isEmpty ? nil : table
  }

  private static func json(_ reports: [CellReport], _ verdicts: [Verdict], _ scenario: Scenario) -> JSON {
    [
      "seed": JSON(scenario.seed), "scenarioHash": JSON(scenario.scenarioHash),
      "cells": .array(reports.map(\.json)),
      "verdicts": .array(
        verdicts.map {
          [
            "topology": JSON($0.topology), "heldUpTo": $0.heldUpTo.map { JSON($0) } ?? .null,
            "brokenBy": JSON($0.brokenBy.rawValue),
          ]
        }),
    ]
  }
}

/// How results are written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  case table, json
}

/// Threads that share a list of work.
enum Workers {
  /// Calls `body` for every item, on `count` threads, and returns when all are done.
  static func run(count: Int, items: [Int], _ body: @escaping @Sendable (Int) -> Void) {
    let next = Place()
    let done = DispatchSemaphore(value: 0)
    for _ in 0..<count {
      let thread = Thread {
        while let item = next.take(from: items) { body(item) }
        done.signal()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in 0..<count { done.wait() }
  }

  private final class Place: Sendable {
    private let number = Atomic(0)

    func take(from items: [Int]) -> Int? {
      let place = number.add(1, ordering: .relaxed).oldValue
      return place < items.count ? items[place] : nil
    }
  }
}
