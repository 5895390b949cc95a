import RTCMedia
import SimNetwork
import SimNodes
import SimSessions

/// `rtcsim list`: what scenarios can name.
struct List: ParsableCommand {
  enum Subject: String, CaseIterable, ExpressibleByArgument {
    case topologies, links, nats, codecs, signaling, scenarios
  }

  private struct Entry {
    let name: String
    let summary: String
  }

  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists what scenarios can name.")

  @Argument(help: "What is listed.") var subject: Subject
  @Option(help: "Form of the output.") var format = OutputFormat.table

  func run() throws {
    let entries = try entries
    if format == .json {
      let list = entries.map { ["name": .string($0.name), "summary": .string($0.summary)] as JSON }
      Terminal.write(JSON.array(list).text() + "\n")
      return
    }
    var table = Table([.left(subject == .links ? "parameter or preset of a link" : "name"), .left("what it is")])
    for entry in entries { table.append([entry.name, entry.summary]) }
    Terminal.write(table.text())
  }

  private var entries: [Entry] {
    get throws {
      switch subject {
      case .topologies: Topologies.all.map { Entry(name: $0.name, summary: $0.summary) }
      case .links: try links
      case .nats: try nats
      case .codecs: (Codecs.audio + Codecs.video).map { Entry(name: $0.name, summary: $0.summary) }
      case .signaling: SignalingProfiles.all.map { Entry(name: $0.name, summary: $0.summary) }
      case .scenarios: try scenarios
      }
    }
  }

  /// The parameters, and the links that have a name.
  private var links: [Entry] {
    get throws {
      LinkParameters.all.map { Entry(name: $0.name, summary: $0.summary) }
        + (try ScenarioLibrary.find().links()).map {
          Entry(name: "'\($0.name)'", summary: "\($0.summary) (\($0.source))")
        }
    }
  }

  private var nats: [Entry] {
    get throws {
      AccessBehaviors.all.map { Entry(name: $0.name, summary: $0.summary) }
        + (NATBehaviors.all + (try ScenarioLibrary.find().nats())).map { Entry(name: $0.name, summary: $0.summary) }
    }
  }

  private var scenarios: [Entry] {
    get throws {
      let library = try ScenarioLibrary.find()
      return try library.scenarioNames.map { Entry(name: $0, summary: try library.scenario($0).summary) }
    }
  }
}
