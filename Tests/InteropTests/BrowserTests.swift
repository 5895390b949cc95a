import Foundation
import RTCMedia
import TestSupport
import Testing

/// Whether `make deps-test` could install a browser and what drives it.
private let hasBrowser =
  ["/usr/bin/chromium", "/usr/bin/chromedriver", Vectors.packageFolder.path + "/.build/venv/installed"]
  .allSatisfy { FileManager.default.fileExists(atPath: $0) }

/// `rtcsim peer` and its page in headless Chromium. What is true is what Chromium's `getStats` says.
@Suite(.enabled(if: hasBrowser, "make deps-test installs chromium, chromium-driver and selenium"), .serialized)
struct BrowserTests {
  private static let python = Vectors.packageFolder.appending(path: ".build/venv/bin/python3")
  private static let script = Vectors.packageFolder.appending(path: "Tests/Python/call_peer.py")

  private struct Outcome {
    /// What the script saw.
    let page: [String: Any]
    /// The lines of `rtcsim peer`.
    let lines: [String]
    let screenshot: Data

    func seen(_ step: String) -> [String: Any] { page[step] as? [String: Any] ?? [:] }

    /// A number in what is told of a call's end.
    func number(before words: String, ofCall number: Int) -> Int? {
      lines.first { $0.hasPrefix("call \(number):") }?.range(of: " \(words)")
        .flatMap { range in
          let line = lines.first { $0.hasPrefix("call \(number):") } ?? ""
          return line[..<range.lowerBound].split(separator: " ").last.flatMap { Int($0) }
        }
    }
  }

  /// What both programs wrote and how they ended.
  private struct Ends: Sendable {
    let page: RunningProgram.Result
    let peer: RunningProgram.Result
    let screenshot: Data
  }

  private func call(peer options: [String], page arguments: [String]) async throws -> Outcome {
    // On a thread of its own, because all tests share as many as there are cores, and this waits for a minute.
    let ends: Ends = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try Self.run(peer: options, page: arguments) }) }
    }
    #expect(ends.page.status == 0, "\(ends.page.output)")
    #expect(ends.peer.status == 0, "\(ends.peer.output)")
    let json = ends.page.output.split(separator: "\n").last { $0.hasPrefix("{") } ?? "{}"
    return Outcome(
      page: try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:],
      lines: ends.peer.output.split(separator: "\n").map(String.init), screenshot: ends.screenshot)
  }

  private static func run(peer options: [String], page arguments: [String]) throws -> Ends {
    let peer = try RunningProgram(Installed.rtcsim, limit: .seconds(170)) { _ in
      ["peer", "--listen", "127.0.0.1:0"] + options
    }
    let address = peer.readLine()
    let browser = try RunningProgram(python, limit: .seconds(160)) { folder in
      [script.path, address, folder.path] + arguments
    }
    let page = browser.finish()
    let screenshot = try? Data(contentsOf: browser.folder.appending(path: "peer.png"))
    return Ends(page: page, peer: peer.finish(SIGTERM), screenshot: screenshot ?? Data())
  }

  /// The mean colour of the test picture by BT.601, and a tolerance for what codec and scaling do to it.
  private func expectTestPicture(_ outcome: Outcome) throws {
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

  private func expectGoodEnd(_ outcome: Outcome, ofCall number: Int) throws {
    #expect(try #require(outcome.number(before: "pictures of", ofCall: number), "\(outcome.lines)") > 20)
    #expect(try #require(outcome.number(before: "packets of sound", ofCall: number)) > 100)
    #expect(outcome.number(before: "decoding errors", ofCall: number) == 0, "\(outcome.lines)")
  }

  /// The page compares each message with what it sent: 25 of 1 MiB together, a text and two that are empty.
  private func expectEcho(_ outcome: Outcome) {
    let echo = outcome.seen("echo")
    #expect(echo["count"] as? Int == 28 && echo["wrong"] as? [Int] == [], "\(echo)")
    #expect(echo["bytes"] as? Int ?? 0 >= 1 << 20)
    #expect(echo["maxMessageSize"] as? Int == 262_144)
  }

  @Test(.timeLimit(.minutes(4)))
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

  @Test(.timeLimit(.minutes(3)))
  func `the program offers to a page without a camera`() async throws {
    let outcome = try await call(peer: ["--offer"], page: ["--synthetic", "--steps", "echo,restart,track"])
    try expectTestPicture(outcome)
    try expectGoodEnd(outcome, ofCall: 1)
    expectEcho(outcome)
  }

  @Test(.timeLimit(.minutes(2)))
  func `Chromium offers a data channel and nothing else`() async throws {
    let outcome = try await call(peer: [], page: ["--data", "--steps", "echo"])
    expectEcho(outcome)
    #expect(outcome.number(before: "packets of sound", ofCall: 1) == 0)
  }

  @Test(.timeLimit(.minutes(3)))
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
}
