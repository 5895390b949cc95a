import Foundation
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCWire
import Testing

/// Several encodings of one picture, from Chromium to a connection that forwards. What is true is what Chromium's `getStats`
/// says.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct EncodingTests {
  private struct Seen: Decodable {
    struct Sent: Decodable {
      let ssrc: UInt32
      let packetsSent: Int
      let frameHeight: Int
    }

    let sent: [String: Sent]
    let left: [String]
  }

  /// Leaves some of three encodings in an answer, and lets Chromium begin with a bitrate that is enough for all: without
  /// congestion control nobody tells it.
  private func edited(_ answer: SessionDescription, keeping rids: [String]) throws -> SessionDescription {
    let lines = answer.description.split(separator: "\r\n").compactMap { line -> String? in
      if line.hasPrefix("a=simulcast:") { return "a=simulcast:recv \(rids.joined(separator: ";"))" }
      if line.hasPrefix("a=rid:"), !rids.contains(where: { line.hasPrefix("a=rid:\($0) ") }) { return nil }
      guard let number = line.firstMatch(of: /a=rtpmap:([0-9]+) VP8/)?.1 else { return String(line) }
      return "\(line)\r\na=fmtp:\(number) x-google-start-bitrate=4000;x-google-min-bitrate=3500"
    }
    return try SessionDescription(parsing: lines.map { "\($0)\r\n" }.joined())
  }

  @Test(
    .interop(.chromium, "it sends three encodings of VP8, or those that an answer takes"),
    arguments: [["q", "h", "f"], ["q", "f"], ["f"]])
  func `Chromium sends the encodings that an answer takes, and each is known by its name`(_ rids: [String]) throws {
    let program = try RunningProgram(Installed.venvPython) { [Installed.script("send_encodings.py"), $0.path] }
    let line = program.readLine()
    let offer = try SessionDescription(parsing: JSONDecoder().decode(String.self, from: Data(line.utf8)))
    let loop = try SocketLoop()
    let connection = try SocketConnection(SocketConnection.Configuration(purpose: .forwarding), on: loop)
    defer { connection.close() }
    var packets = rids.map { _ in 0 }
    connection.packetHandler = { packet, _ in packets[packet.encoding] += 1 }
    func run(until condition: () -> Bool) {
      let end = loop.clock.now + .seconds(20)
      loop.run(asking: .milliseconds(20)) { !condition() && loop.clock.now < end }
    }

    let answer = try connection.perform { core, now, output in
      try core.setRemote(.offer(offer), at: now, into: &output)
      let made = try core.createAnswer()
      #expect(made.media[0].attributes.rids.map(\.id) == ["q", "h", "f"])
      let answer = try edited(made, keeping: rids)
      try core.setLocal(.answer(answer), at: now, into: &output)
      return answer
    }
    run { connection.core.transport.ice.isGatheringCompleted }
    let text = connection.core.withCandidates(answer).description
    try Data(text.utf8).write(to: program.folder.appending(path: "answer.sdp"), options: .atomic)
    run { packets.allSatisfy { $0 > 50 } }
    try Data().write(to: program.folder.appending(path: "done"))
    let result = program.finish()
    let seen = try JSONDecoder().decode(Seen.self, from: Data(result.output.utf8))

    #expect(packets.allSatisfy { $0 > 50 }, "\(packets)")
    #expect(seen.left == rids || rids.count == 1, "\(result.output)")
    // One that is left alone need not have its name in Chromium's statistics.
    let sent = seen.sent.filter { $0.value.packetsSent > 0 }
    let sources = rids.map { sent[$0]?.ssrc ?? (rids.count == 1 ? sent.first?.value.ssrc : nil) }
    #expect(sent.count == rids.count, "\(result.output)")
    let received = connection.core.transceivers[0].receivers.map { $0?.parameters.ssrc }
    #expect(received == sources, "\(result.output)")
    // A busy machine's Chromium makes pictures smaller, but no encoding smaller than the next.
    let heights = sources.map { source in sent.values.first { $0.ssrc == source }?.frameHeight ?? 0 }
    #expect(zip(heights, heights.dropFirst()).allSatisfy { $0 < $1 }, "\(result.output)")
    #expect(try #require(heights.last) > 360, "\(result.output)")
    #expect(connection.core.drops.unknownSource == 0)
  }
}
