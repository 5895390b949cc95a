import Foundation
import RTCPrimitives
import SimSessions
import WebHost

/// `rtcsim serve`: the same steps in a page.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Shows a call of two people in a page, step by step.",
    discussion: """
      Only this machine can see the page, unless --listen names another address. It is served until the command is ended
      with Control-C.
      """)

  @Argument(help: "A name in Models/Scenarios or a path.") var scenario = "two-peers"
  @Option(help: "Decides everything that is random.") var seed: UInt64?
  @OptionGroup var congestion: CongestionOptions
  @Option(help: ArgumentHelp("Address and port, such as 127.0.0.1:7788 or [::1]:7788.", valueName: "address:port"))
  var listen = ListeningPlace(address: "127.0.0.1", port: 7788)
  @Option(help: "A further name under which browsers ask for the page, when it is not served to this machine only.")
  var name: String?
  @Flag(help: "Opens the page in the browser.") var open = false

  func run() throws {
    // The page's language counts no further.
    if let seed, seed >= 1 << 53 {
      throw CommandLineError.badValue(
        name: "--seed", found: "\(seed)", allowed: "a whole number below 9007199254740992, for a page", nearest: nil)
    }
    let library = try ScenarioLibrary.find()
    let first = try HistoryRun.open(scenario, seed: seed, congestion)
    let api = PageAPI(library: library, first: first)
    var configuration = WebServer.Configuration()
    configuration.address = listen.address
    configuration.port = listen.port
    configuration.allowedHosts += listen.hosts + [name].compactMap(\.self)
    if !listen.isLoopback {
      Terminal.writeError(
        "rtcsim serve: warning: \(listen.address) can be reached from other machines; everybody there can run scenarios "
          + "here\n")
    }
    let server = try WebServer(configuration, log: { Terminal.writeError("rtcsim serve: \($0)\n") }) {
      api.answer($0) { Terminal.writeError("rtcsim serve: \($0)\n") }
    }
    let address = "http://\(listen.urlHost):\(server.port)/"
    Terminal.write("\(first.scenario.name): \(address)\n")
    if open { try Self.openBrowser(address) }
    server.run { true }
  }

  private static func openBrowser(_ address: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["xdg-open", address]
    try process.run()
  }
}

/// An IP address and a port to listen at.
struct ListeningPlace: ExpressibleByArgument {
  let address: String
  let port: UInt16

  init(address: String, port: UInt16) {
    self.address = address
    self.port = port
  }

  init?(argument: String) {
    guard let endpoint = Endpoint(argument) else { return nil }
    self.init(address: endpoint.address.description, port: endpoint.port)
  }

  static var allowed: String { "an IP address and a port, such as 127.0.0.1:7788 or [::1]:7788" }

  var defaultValueDescription: String { "\(urlHost):\(port)" }

  /// As it stands in a URL.
  var urlHost: String { address.contains(":") ? "[\(address)]" : address }

  var isLoopback: Bool { address.hasPrefix("127.") || address == "::1" }

  /// The names under which it is asked, beside those of this machine.
  var hosts: [String] { [urlHost] }
}
