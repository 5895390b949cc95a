import Foundation
import RTCMedia
import Testing

/// `rtcsim peer` and its page in headless Chromium. What is true is what Chromium's `getStats` says.
@Suite(.serialized)
struct BrowserTests {
  private func call(peer options: [String], page arguments: [String]) async throws -> PeerOutcome {
    try await PeerOutcome.call(peer: options, script: "call_peer.py", wantsFolder: true, arguments)
  }

  /// The mean colour of the test picture by BT.601, and a tolerance for what codec and scaling do to it.
  private func expectTestPicture(_ outcome: PeerOutcome) throws {
    let picture = SyntheticCamera(seed: 1).frame(at: 0)
    func mean(_ range: Range<Int>) -> Double {
      Double(picture.bytes[range].reduce(0) { $0 + Int($1) }) / Double(range.count)
    }
    let (y, u, v) = (mean(picture.yRange), mean(picture.uRange) - 128, mean(picture.vRange) - 128)
    let expected = [
      1.164 * (y - 16) + 1.596 * v, 1.164 * (y - 16) - 0.392 * u - 0.813 * v, 1.164 * (y - 16) + 2.017 * u,
    ]
    let colour = try #require(outcome.page["colour"] as? [String: Any])
    let seen = try #require(colour["mean"] as? [Int])
    for (channel, value) in zip(seen, expected) { #expect(abs(Double(channel) - value) < 20, "\(seen) \(expected)") }
    #expect(colour["width"] as? Int == 640 && colour["height"] as? Int == 360)
    #expect(outcome.screenshot.count > 50_000)
  }

  private func expectGoodEnd(_ outcome: PeerOutcome, ofCall number: Int) throws {
    #expect(try #require(outcome.number(before: "pictures of", ofCall: number), "\(outcome.lines)") > 20)
    #expect(try #require(outcome.number(before: "packets of sound", ofCall: number)) > 100)
    #expect(outcome.number(before: "decoding errors", ofCall: number) == 0, "\(outcome.lines)")
  }

  /// The page compares each message with what it sent: 25 of 1 MiB together, a text and two that are empty.
  private func expectEcho(_ outcome: PeerOutcome) {
    let echo = outcome.seen("echo")
    #expect(echo["count"] as? Int == 28 && echo["wrong"] as? [Int] == [], "\(echo)")
    #expect(echo["bytes"] as? Int ?? 0 >= 1 << 20)
    #expect(echo["maxMessageSize"] as? Int == 262_144)
  }

  @Test(
    .interop(.chromium, "it offers: VP8 and Opus both ways, 1 MiB data echo, ICE restart, a track more, reload, crash"),
    .timeLimit(.minutes(4)))
  func `Chromium offers, reloads, calls twice, restarts ICE, adds a track and crashes`() async throws {
    let outcome = try await call(peer: [], page: ["--steps", "echo,reload,tab,restart,track,crash,garbage,echo"])
    try expectTestPicture(outcome)
    // Call 1 ends with the reload; 2 lives until the end.
    try expectGoodEnd(outcome, ofCall: 1)
    try expectGoodEnd(outcome, ofCall: 2)
    // Chromium offers DTLS 1.3.
    #expect(outcome.seen("call")["tlsVersion"] as? String == "FEFD")
    expectEcho(outcome)
  }

  @Test(
    .interop(.chromium, "we offer: VP8 and Opus both ways, 1 MiB data echo, ICE restart, a track more"),
    .timeLimit(.minutes(3)))
  func `the program offers to a page without a camera`() async throws {
    let outcome = try await call(peer: ["--offer"], page: ["--synthetic", "--steps", "echo,restart,track"])
    try expectTestPicture(outcome)
    try expectGoodEnd(outcome, ofCall: 1)
    expectEcho(outcome)
  }

  @Test(.interop(.chromium, "it offers data alone: 1 MiB echo"), .timeLimit(.minutes(2)))
  func `Chromium offers a data channel and nothing else`() async throws {
    let outcome = try await call(peer: [], page: ["--data", "--steps", "echo"])
    expectEcho(outcome)
    #expect(outcome.number(before: "packets of sound", ofCall: 1) == 0)
  }

  @Test(.interop(.chromium, "PSNR of the pictures that it plays from a file"), .timeLimit(.minutes(3)))
  func `pictures that Chromium plays from a file are told from others by their PSNR`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let camera = SyntheticCamera(seed: 7, participant: 3)
    var bytes = Array("YUV4MPEG2 W640 H360 F30:1\n".utf8)
    for index in 0..<60 { bytes += Array("FRAME\n".utf8) + camera.frame(at: index).bytes }
    let file = folder.appending(path: "capture.y4m")
    try Data(bytes).write(to: file)
    let outcome = try await call(peer: ["--expect", file.path], page: ["--capture", file.path])
    let line = try #require(outcome.lines.first { $0.hasPrefix("call 1:") })
    let decibels = try #require(line.firstMatch(of: /PSNR ([0-9.]+) dB/).flatMap { Double($0.1) }, "\(line)")
    // What Chromium codes at its first 300 kbit/s; other pictures have less than 20 dB.
    #expect(decibels > 24)
    try expectGoodEnd(outcome, ofCall: 1)
  }

  @Test(.interop(.chromium, "it sends its picture in three sizes: each is decoded"), .timeLimit(.minutes(2)))
  func `Chromium sends its picture in three sizes, and each is decoded and told of by its name`() async throws {
    let outcome = try await call(peer: [], page: ["--simulcast", "--seconds", "8"])
    let line = try #require(outcome.lines.first { $0.hasPrefix("call 1:") })
    let layers = line.matches(of: #/([0-9]+)×[0-9]+ \(([a-z]+): ([0-9]+)\)/#)
    #expect(layers.map { String($0.2) } == ["q", "h", "f"], "\(line)")
    // A busy machine's Chromium makes pictures smaller, but no encoding smaller than the next.
    let widths = layers.compactMap { Int($0.1) }
    #expect(zip(widths, widths.dropFirst()).allSatisfy { $0 < $1 }, "\(line)")
    #expect(layers.allSatisfy { Int($0.3) ?? 0 > 20 }, "\(line)")
    #expect(outcome.number(before: "decoding errors", ofCall: 1) == 0, "\(line)")
  }
}
