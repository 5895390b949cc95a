import Foundation
import Testing

/// What came of a call of `rtcsim peer` with a script that drives the other end.
struct PeerOutcome: Sendable {
  /// The last line of the script, which is JSON.
  let json: String
  /// The lines of `rtcsim peer`.
  let lines: [String]
  let screenshot: Data

  /// Runs `rtcsim peer` with a script of `Tests/Python`, which is told where it is and a folder if it wants one.
  static func call(
    peer options: [String], script: String, wantsFolder: Bool = false, _ arguments: [String],
    limit: Duration = .seconds(160)
  ) async throws -> PeerOutcome {
    // On a thread of its own, because all tests share as many as there are cores, and this waits for a minute.
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try run(peer: options, script: script, wantsFolder: wantsFolder, arguments, limit: limit)
          })
      }
    }
  }

  private static func run(
    peer options: [String], script: String, wantsFolder: Bool, _ arguments: [String], limit: Duration
  ) throws -> PeerOutcome {
    let peer = try RunningProgram(Installed.rtcsim, limit: limit + .seconds(10)) { _ in
      ["peer", "--listen", "127.0.0.1:0"] + options
    }
    let address = peer.readLine()
    let caller = try RunningProgram(Installed.venvPython, limit: limit) { folder in
      [Installed.script(script), address]
        + (wantsFolder ? [folder.path] : []) + arguments
    }
    let called = caller.finish()
    let screenshot = try? Data(contentsOf: caller.folder.appending(path: "peer.png"))
    let peerEnd = peer.finish(SIGTERM)
    #expect(called.status == 0, "\(called.output)")
    #expect(peerEnd.status == 0, "\(peerEnd.output)")
    return PeerOutcome(
      json: called.output.split(separator: "\n").last { $0.hasPrefix("{") }.map(String.init) ?? "{}",
      lines: peerEnd.output.split(separator: "\n").map(String.init), screenshot: screenshot ?? Data())
  }

  /// What the script saw.
  var page: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]) ?? [:]
  }

  func seen(_ step: String) -> [String: Any] { page[step] as? [String: Any] ?? [:] }

  /// A number in what is told of a call's end.
  func number(before words: String, ofCall number: Int) -> Int? {
    guard let line = lines.first(where: { $0.hasPrefix("call \(number):") }),
      let range = line.range(of: " \(words)")
    else { return nil }
    return line[..<range.lowerBound].split(separator: " ").last.flatMap { Int($0) }
  }
}
