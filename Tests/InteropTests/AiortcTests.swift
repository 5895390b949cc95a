import Foundation
import RTCMedia
import Testing

/// `rtcsim peer` and aiortc, which speaks its signaling. What is true is what aiortc decodes.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct AiortcTests {
  @Test(
    .interop(.aiortc, "VP8 and Opus both ways, data echo; both offer"), arguments: [[], ["--offer"]])
  func `aiortc and the program see and hear each other, whoever offers`(options: [String]) async throws {
    let outcome = try await PeerOutcome.call(peer: options, script: "call_aiortc.py", ["--seconds", "4"])
    #expect(outcome.page["offerer"] as? String == (options.isEmpty ? "aiortc" : "rtcsim"))
    #expect(outcome.page["sections"] as? [String] == ["audio", "video", "application"])
    // Aiortc decodes at least half of what is sent in four seconds at 30 and 50 a second, on a machine that is busy.
    let received = outcome.seen("received")
    #expect(received["video"] as? Int ?? 0 > 60 && received["audio"] as? Int ?? 0 > 100, "\(outcome.json)")
    #expect(outcome.seen("lost") as? [String: Int] == ["audio": 0, "video": 0], "\(outcome.json)")
    #expect(outcome.page["size"] as? [Int] == [640, 360])
    #expect(outcome.page["loudest"] as? Int ?? 0 > 1000, "the synthetic voice is heard: \(outcome.json)")
    try expectTestPicture(outcome)
    #expect(try #require(outcome.number(before: "pictures of", ofCall: 1), "\(outcome.lines)") > 60)
    #expect(try #require(outcome.number(before: "packets of sound", ofCall: 1)) > 100)
    #expect(outcome.number(before: "decoding errors", ofCall: 1) == 0, "\(outcome.lines)")
    #expect(outcome.seen("echo")["count"] as? Int == 20)
  }

  private func expectTestPicture(_ outcome: PeerOutcome) throws {
    let picture = SyntheticCamera(seed: 1).frame(at: 30)
    let expected = [picture.yRange, picture.uRange, picture.vRange].map { range in
      Double(picture.bytes[range].reduce(0) { $0 + Int($1) }) / Double(range.count)
    }
    let seen = try #require(outcome.page["mean"] as? [Double], "\(outcome.json)")
    for (plane, value) in zip(seen, expected) { #expect(abs(plane - value) < 4, "\(seen) \(expected)") }
  }

  @Test(
    .interop(.aiortc, "data echo of 200 messages with 1 % loss; both offer"),
    arguments: [["--data-only"], ["--seconds", "0"]])
  func `two hundred messages come back in order through a relay that loses one datagram of a hundred`(
    arguments: [String]
  ) async throws {
    let isOffered = !arguments.contains("--data-only")
    let outcome = try await PeerOutcome.call(
      peer: isOffered ? ["--offer"] : [], script: "call_aiortc.py",
      arguments + ["--messages", "200", "--loss", "0.01", "--seed", "6"], limit: .seconds(110))
    // The script compares each message with what it sent.
    #expect(outcome.seen("echo")["count"] as? Int == 200, "\(outcome.json)")
    // These dice drop three of the first two hundred datagrams to the program, and four of those from it.
    let relay = try #require(outcome.page["relay"] as? [[String: Int]])
    #expect(relay.count == 2 && relay[0]["dropped"] ?? 0 >= 3 && relay[1]["dropped"] ?? 0 >= 4, "\(relay)")
  }

  @Test(.interop(.aiortc, "a call with us through our TURN server"))
  func `aiortc talks to the program through our TURN server and nothing else`() async throws {
    let (server, place) = try TURNServers.ours(limit: .seconds(120))
    let outcome = try await PeerOutcome.call(
      peer: [
        "--ice-server", "turn:\(place)", "--ice-username", TURNServers.user, "--ice-password", TURNServers.password,
      ], script: "call_aiortc.py", ["--seconds", "2", "--relayed"], limit: .seconds(110))
    let received = outcome.seen("received")
    #expect(received["video"] as? Int ?? 0 > 30 && received["audio"] as? Int ?? 0 > 50, "\(outcome.json)")
    #expect(outcome.seen("echo")["count"] as? Int == 20)
    let end = try JSONSerialization.jsonObject(with: Data(server.finish(SIGTERM).output.utf8)) as? [String: Any]
    let counters = try #require(end)
    // All has passed the server, at least one packet for each picture and each 20 ms of sound.
    #expect(
      counters["packetsToPeers"] as? Int ?? 0 > 80 && counters["packetsToClients"] as? Int ?? 0 > 80, "\(counters)")
  }
}
