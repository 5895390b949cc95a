import Benchmarks
import Foundation
import RTCPrimitives
import SimNodes
import SimSessions
import Testing

@testable import rtcsim

/// What `bench` says, never how fast: the work is a thousandth of the real one.
struct BenchTests {
  private static let effort = BenchmarkEffort(
    rounds: 1, divisor: 1000, starDuration: .milliseconds(200),
    pictureSizes: [.init(width: 64, height: 36, kilobitsPerSecond: 100)], meetingSize: 3)

  private func bench(_ line: String) throws -> Bench {
    var parser = CommandParser(root: RTCSim.self)
    guard case .run(let command) = try parser.parse(line.split(separator: " ").map(String.init)) else {
      throw HelpRequest()
    }
    return try #require(command as? Bench)
  }

  private func failure(_ line: String) -> String {
    do {
      _ = try bench(line).output(Self.effort)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  /// A benchmark whose floor does other work than ours throws; one that measures nothing gives zero.
  @Test(arguments: BenchmarkSubject.allCases)
  func `every figure is there, beside its floor if it has one`(subject: BenchmarkSubject) throws {
    let steps = BenchmarkStep.all(Self.effort).filter { $0.subject == subject }
    #expect(!steps.isEmpty)
    for step in steps {
      #expect(step.seconds > 0)
      for figure in try step.run() {
        #expect(figure.group.subject == subject)
        #expect(
          figure.value.isFinite
            && (figure.value > 0 || [.allocations, .forwardingAllocations].contains(figure.group.unit)), "\(figure)")
        #expect((figure.floor != nil) == (figure.group.floor != nil), "\(figure)")
        #expect((figure.ratio != nil) == (figure.group.floor != nil), "\(figure)")
        #expect(figure.floor.map { $0.isFinite && $0 > 0 } ?? true, "\(figure)")
      }
    }
  }

  @Test func `once the star is warm, its events allocate nothing`() throws {
    var star = StarWorkload()
    star.duration = .milliseconds(400)
    // Sanitizers bring an allocator of their own.
    guard let warm = star.run().warm else { return }
    #expect((30_000...31_500).contains(warm.events))
    #if DEBUG
      // Code that is not optimized allocates what closures capture.
      #expect(warm.allocations > 0)
    #else
      #expect(warm.allocations == 0)
    #endif
  }

  @Test func `JSON names machine, unit, floor and ratio of each figure`() throws {
    let text = try bench("bench srtp --format json").output(Self.effort)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let machine = try #require(json["machine"] as? [String: Any])
    #expect(Set(machine.keys) == ["processor", "cores", "system", "libraries"])
    #expect((machine["libraries"] as? [String])?.count == 5)
    let figures = try #require(json["figures"] as? [[String: Any]])
    #expect(figures.count == 8)
    for figure in figures {
      #expect(
        Set(figure.keys) == [
          "subject", "group", "name", "unit", "value", "floor", "ratio", "wantedRatio", "wantedValue", "timesRealTime",
        ])
      #expect(figure["subject"] as? String == "srtp")
      #expect(figure["unit"] as? String == "kpackets/s")
      #expect((figure["floor"] as? [String: Any])?["name"] as? String == "libsrtp2 from C")
      #expect(figure["wantedRatio"] as? Double == 0.95)
    }
    #expect(figures[0]["name"] as? String == "protect AES_CM_128_HMAC_SHA1_80 160 B")
  }

  @Test func `the table has the unit in each column and the floor beside the figure`() throws {
    let text = try bench("bench dtls").output(Self.effort)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    #expect(text.contains("OpenSSL from C"))
    #expect(lines.contains(["what", "handshakes/s", "handshakes/s", "of", "speeds"]))
    let row = try #require(lines.first { $0.starts(with: ["handshake", "with", "SRTP", "keys"]) })
    #expect(row.count == 7)
    #expect(row.suffix(3).allSatisfy { Double($0) != nil })
  }

  @Test func `the cost file has every figure, and is read again as it was written`() throws {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "costs-\(ProcessInfo.processInfo.processIdentifier).json5").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = try bench("bench dtls --costs \(path)").output(Self.effort)
    #expect(!text.contains("Opus"), "only what was asked for is printed")
    let file = try ScenarioLibrary(folder: "/nowhere").costs(path)
    #expect(file.text == (try String(contentsOfFile: path, encoding: .utf8)))
    #expect(file.machine == Machine.current.description)
    #expect(file.source.contains("libvpx"))
    for profile in ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"] {
      #expect(try #require(file.srtpProtect[profile]).nanoseconds(for: 1212) > 0)
      #expect(try #require(file.srtpUnprotect[profile]).nanoseconds(for: 1212) > 0)
    }
    let large = [
      file.videoEncode["VP8"], file.videoDecode["VP8"], file.audioEncode["opus"], file.audioDecode["opus"],
      file.videoCompose, file.videoScale, file.dtlsHandshake, file.iceCheck,
    ]
    // Of a large piece of work, because a short measurement cannot tell the small ones from nothing.
    for cost in large { #expect(try #require(cost).nanoseconds(for: 100_000) > 0) }
    // Microseconds, and in part differences: beside other tests they may vanish.
    for cost in [file.networkSend, file.networkReceive, file.forward, file.audioMix] {
      #expect(cost.nanoseconds(for: 100_000) >= 0)
    }
  }

  @Test func `a cost file is not made of half of the figures`() throws {
    let steps = BenchmarkStep.all(Self.effort).filter { $0.subject == .dtls }
    let figures = try steps.flatMap { try $0.run() }
    #expect(throws: BenchmarkError.self) {
      _ = try CostFile(name: "half", machine: .current, date: "2025-01-31", figures: figures)
    }
  }

  @Test func `bad arguments are named, and nothing is measured before the file can be written`() {
    #expect(
      failure("bench srpt")
        == "<subject>: found 'srpt', allowed: events, srtp, dtls, codecs, network, meetings; did you mean srtp?")
    #expect(failure("bench --format xml") == "--format: found 'xml', allowed: table, json")
    #expect(failure("bench --costs /nowhere/costs.json5").hasPrefix("cannot write /nowhere/costs.json5: "))
  }
}

struct CostFitTests {
  private func fit(_ points: [(count: Int, nanoseconds: Double)]) -> LinearCost {
    LinearCost(fitting: points.map { CostSample(.videoScale, count: $0.count, nanoseconds: $0.nanoseconds) })
  }

  @Test func `points on a line give the line`() {
    let line = fit([(57_600, 150 + 57_600 * 1.25), (230_400, 150 + 230_400 * 1.25), (921_600, 150 + 921_600 * 1.25)])
    #expect(line == LinearCost(fixedNanoseconds: 150, picosecondsEach: 1250))
  }

  @Test func `several measurements of one thing give their mean`() {
    #expect(fit([(0, 100), (0, 300)]) == LinearCost(fixedNanoseconds: 200))
  }

  /// By hand: the constant c with the least (c/300 − 1)² + (c/200 − 1)² is (1/300 + 1/200) / (1/300² + 1/200²).
  @Test func `what falls with the count is a constant`() {
    #expect(fit([(100, 300), (1000, 200)]) == LinearCost(fixedNanoseconds: 231))
  }

  /// By hand: the slope s with the least (100·s/50 − 1)² + (1000·s/2000 − 1)² is (2 + 0.5) / (4 + 0.25).
  @Test func `nothing costs less than nothing`() {
    #expect(fit([(100, 50), (1000, 2000)]) == LinearCost(fixedNanoseconds: 0, picosecondsEach: 588))
  }
}
