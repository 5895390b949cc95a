import Foundation
import RTCSession
import RTCSockets
import RTCWire
import Testing

/// Answers of our `PeerConnection` to descriptions that others wrote, judged by aiortc.
@Suite(.timeLimit(.minutes(2)))
struct DescriptionTests {
  private struct Exchange: Codable {
    let offer: String
    let answer: String
  }

  /// Answers an offer as `rtcsim peer` does; without an address, so that nothing is sent to those of a recording.
  private func answer(_ offer: String, on loop: SocketLoop) throws -> String {
    let connection = try SocketConnection(SocketConnection.Configuration(addresses: []), on: loop)
    defer { connection.close() }
    let description = try SessionDescription(parsing: offer)
    return try connection.perform { core, now, output in
      try core.setRemote(.offer(description), at: now, into: &output)
      for (line, transceiver) in core.transceivers.enumerated() where transceiver.media.mid != nil {
        core.setDirection(.sendrecv, of: line)
      }
      let answer = try core.createAnswer()
      try core.setLocal(.answer(answer), at: now, into: &output)
      #expect(core.signaling.state == .stable)
      return answer.description
    }
  }

  /// A description of somebody else has no connection of aiortc's that its answer could be set on.
  @Test(
    .interop(.recordings, "each offer is answered; aiortc parses the answer; answers to aiortc's own offers are set"))
  func `every recorded offer is answered and aiortc parses the answer, and sets those to offers of its own`() throws {
    let loop = try SocketLoop()
    var exchanges: [String: Exchange] = [:]
    for file in Installed.recordings where file.lastPathComponent.contains("offer") {
      let offer = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      do {
        exchanges[file.lastPathComponent] = Exchange(offer: offer, answer: try answer(offer, on: loop))
      } catch {
        Issue.record("\(file.lastPathComponent): \(error)")
      }
    }
    #expect(exchanges.count > 50)
    let judge = try RunningProgram(Installed.venvPython) { folder in
      try JSONEncoder().encode(exchanges).write(to: folder.appending(path: "recorded.json"))
      return [Installed.script("accept_answers.py"), folder.path]
    }
    let line = judge.readLine()
    if line.hasPrefix("{") {
      let offers = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
      let answers = try JSONEncoder().encode(offers.mapValues { try answer($0, on: loop) })
      try answers.write(to: judge.folder.appending(path: "answers.json"), options: .atomic)
    }
    let result = judge.finish()
    #expect(result.status == 0, "\(line)\n\(result.output)")
    let counts = try JSONDecoder().decode([String: Int].self, from: Data(result.output.utf8))
    #expect(counts["recorded"] == exchanges.count && counts["set"] == 6, "\(counts)")
    #expect(counts["accepted"] ?? 0 > 60, "\(counts)")
  }
}
