import Foundation
import SimSessions
import WebHost

/// What the page can ask for. Everything that comes in is taken for hostile.
final class PageAPI {
  private let library: ScenarioLibrary
  private let first: HistoryRun
  private let store = HistoryStore()
  /// The scenarios that can be stepped through, with the one of the command line.
  private lazy var runs: [String: HistoryRun] = loadRuns()

  init(library: ScenarioLibrary, first: HistoryRun) {
    self.library = library
    self.first = first
  }

  /// - Parameter log: takes a line for each request that is refused.
  func answer(_ request: HTTPRequest, log: (String) -> Void) -> HTTPResponse {
    do {
      return try route(request)
    } catch {
      log("\(error.status) \(request.path.printable.prefix(100)): \(error.sentence.printable)")
      return Self.response(["error": .string(error.sentence)], status: error.status)
    }
  }

  private func route(_ request: HTTPRequest) throws(PageRefusal) -> HTTPResponse {
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    let isPost = request.method == .post
    switch (parts.first ?? "", parts.count, isPost) {
    case ("", 1, false):
      return HTTPResponse(contentType: BundledFiles.type(of: "index.html"), body: try file("index.html"))
    case ("page", 2, false): return HTTPResponse(contentType: BundledFiles.type(of: parts[1]), body: try file(parts[1]))
    case ("api", 2, false) where parts[1] == "scenarios": return Self.response(scenarios)
    case ("api", 2, true) where parts[1] == "histories": return Self.response(try make(request.body).json)
    case ("api", 3, false) where parts[1] == "histories": return Self.response(try stored(parts[2]).json)
    case ("api", 5, false) where parts[1] == "histories": return Self.response(try detail(parts))
    default: throw PageRefusal(404, "There is nothing at this address.")
    }
  }

  private func file(_ name: String) throws(PageRefusal) -> [UInt8] {
    guard let content = PageFiles.content(of: name) else { throw PageRefusal(404, "The page has no such file.") }
    return content
  }

  private func detail(_ parts: [String]) throws(PageRefusal) -> JSON {
    let stored = try stored(parts[2])
    func number(below count: Int) throws(PageRefusal) -> Int {
      guard let number = Int(parts[4]), (0..<count).contains(number) else {
        throw PageRefusal(404, "The number must be from 0 to \(count - 1).")
      }
      return number
    }
    switch parts[3] {
    case "moments": return stored.momentJSON(try number(below: stored.history.moments.count))
    case "messages": return stored.messageJSON(try number(below: stored.history.messages.count))
    case "texts": return stored.textJSON(try number(below: stored.texts.count))
    default: throw PageRefusal(404, "There is nothing at this address.")
    }
  }

  private func stored(_ id: String) throws(PageRefusal) -> StoredHistory {
    guard let found = store.find(id) else {
      throw PageRefusal(404, "This call is no longer kept; load the page again to run it.")
    }
    return found
  }

  private func make(_ body: [UInt8]) throws(PageRefusal) -> StoredHistory {
    let wanted: WantedHistory
    do {
      wanted = try JSONDecoder().decode(WantedHistory.self, from: Data(body))
    } catch {
      throw PageRefusal(400, "The request is not the JSON that is expected: scenario, seed and whatIf.")
    }
    let changes = wanted.whatIf ?? []
    guard changes.count <= Self.mostChanges else {
      throw PageRefusal(400, "whatIf: \(changes.count) changes found, at most \(Self.mostChanges) allowed.")
    }
    let run = try run(wanted.scenario, wanted.seed)
    do {
      return try store.history(of: run, changes)
    } catch {
      throw PageRefusal(400, "\(error)")
    }
  }

  private func run(_ name: String, _ seed: UInt64?) throws(PageRefusal) -> HistoryRun {
    guard let run = runs[name] else {
      throw PageRefusal(404, "There is no scenario of this name that can be stepped through.")
    }
    guard let seed, seed != run.scenario.seed else { return run }
    return run.seeded(seed)
  }

  private var scenarios: JSON {
    [
      "scenarios": .array(
        runs.keys.sorted().compactMap { runs[$0] }.map {
          ["name": .string($0.scenario.name), "summary": .string($0.scenario.summary)]
        }),
      "chosen": .string(first.scenario.name), "seed": JSON(first.scenario.seed),
    ]
  }

  private func loadRuns() -> [String: HistoryRun] {
    var runs: [String: HistoryRun] = [:]
    for name in library.scenarioNames {
      if let run = try? HistoryRun.open(name, seed: nil) { runs[name] = run }
    }
    runs[first.scenario.name] = first
    return runs
  }

  private static let mostChanges = 8

  private static func response(_ json: JSON, status: Int = 200) -> HTTPResponse {
    .json(Array(json.text(isPretty: false).utf8), status: status)
  }
}

/// What the page posts.
private struct WantedHistory: Decodable {
  let scenario: String
  let seed: UInt64?
  let whatIf: [WhatIf]?
}

/// Why a request is not answered.
struct PageRefusal: Error {
  let status: Int
  let sentence: String

  init(_ status: Int, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }
}
