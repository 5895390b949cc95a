import Foundation

/// The command line of the laboratory.
@main
struct RTCSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rtcsim", abstract: "A deterministic laboratory for WebRTC.", version: "rtcsim 0.1.0",
    subcommands: [
      Compare.self, CompareReal.self, Run.self, Step.self, Serve.self, Learn.self, Setup.self, NATMatrix.self,
      CongestionCommand.self, Explain.self, List.self,
      Inspect.self, Bench.self, Peer.self, TURNServerCommand.self,
    ])

  /// Runs the command that the arguments name; bad input ends with one message and status 2.
  static func main() { exit(status(of: Array(CommandLine.arguments.dropFirst()))) }

  private static func status(of arguments: [String]) -> Int32 {
    var parser = CommandParser(root: RTCSim.self)
    do {
      switch try parser.parse(arguments) {
      case .help(let text): Terminal.write(text)
      case .version(let text): Terminal.write(text + "\n")
      case .run(var command): try command.run()
      }
      return 0
    } catch let code as ExitCode {
      return code.rawValue
    } catch is HelpRequest {
      Terminal.write(parser.help)
      return 0
    } catch {
      Terminal.writeError("\(parser.commandPath): \(error)\n")
      return 2
    }
  }
}
