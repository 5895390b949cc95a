import Foundation
import RTCPrimitives
import SimNodes
import Testing

@testable import SimSessions

/// Cases of congestion control out of files.
struct CongestionCaseFileTests {
  private func read(_ text: String) throws -> [CongestionCase] {
    let file = URL.temporaryDirectory.appending(path: "case-\(UUID().uuidString).json5")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try CongestionCase.cases(inFile: file.path)
  }

  private func refusal(_ text: String) -> String {
    do {
      _ = try read(text)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private static let whole = """
    { name: 'a lift', duration: '60s',
      link: { rate: '2M', delay: '30ms', queue: '300ms', schedule: [{ at: '20s', rate: '200k' }, { at: '30s', rate: '2M' }] },
      backward: { delay: '40ms' },
      flows: [{ name: 'one', video: { width: 640, height: 360, maximum: '2M' }, audio: '20k', end: '50s',
                limits: { minimum: '50k', start: '200k', maximum: '3M' } },
              { name: 'two', audio: '32k', direction: 'backward' }],
      crossTraffic: [{ pattern: 'short', control: 'reno', direction: 'backward', start: '10s', end: '20s' }],
      phases: [{ name: 'up', from: '0s', to: '20s', judgedFrom: '10s', utilisation: [0.7, 1.0], estimate: ['1M', '2M'],
                 largestQueue: '200ms', smallestJain: 0.8, smallestRate: '100k' }] }
    """

  @Test func `a file names link, schedule, flows, cross traffic and bands`() throws {
    let testCase = try #require(try read(Self.whole).first)
    #expect(testCase.name == "a lift" && testCase.duration == .seconds(60))
    #expect(testCase.forward.changes.map(\.rate) == [.kilobitsPerSecond(200), .megabitsPerSecond(2)])
    #expect(testCase.backward.propagationDelay == .milliseconds(40))
    #expect(testCase.flows.map(\.direction) == [.forward, .backward])
    #expect(testCase.flows[0].limits.start == .kilobitsPerSecond(200) && testCase.flows[0].end == .seconds(50))
    #expect(
      testCase.crossTraffic == [.init(.rfc8868, .reno, direction: .backward, start: .seconds(10), end: .seconds(20))])
    let phase = try #require(testCase.phases.first)
    #expect(phase.judgedFrom == .seconds(10))
    #expect(
      phase.bands
        == .init(
          utilisation: 0.7...1.0, estimate: .megabitsPerSecond(1)...(.megabitsPerSecond(2)),
          largestQueue: .milliseconds(200), smallestJain: 0.8, smallestRate: .kilobitsPerSecond(100)))
  }

  @Test func `a list holds several cases, and a case without phases is one phase`() throws {
    let cases = try read(
      "[{ name: 'a', duration: '1s', link: {}, flows: [{ name: 'f', audio: '20k' }] }, "
        + "{ name: 'b', duration: '2s', link: {}, flows: [{ name: 'f', audio: '20k' }] }]")
    #expect(cases.map(\.name) == ["a", "b"])
    #expect(cases[1].phases.map(\.end) == [.seconds(2)] && cases[1].phases[0].bands.isEmpty)
  }

  @Test(arguments: [
    ("{ duration: '1s', link: {}, flows: [] }", "name"),
    ("{ name: 'a', duration: '0s', link: {}, flows: [] }", "1s to 1h"),
    ("{ name: 'a', duration: '1s', link: {}, flows: [] }", "1 to 50 flows"),
    ("{ name: 'a', duration: '1s', link: {}, flows: [{ name: 'f' }] }", "one of the two at least"),
    (
      "{ name: 'a', duration: '1s', link: {}, flows: [{ name: 'f', audio: '20k', direction: 'up' }] }",
      "forward, backward"
    ),
    ("{ name: 'a', duration: '1s', link: {}, flows: [{ name: 'f', audio: '20k', end: '2s' }] }", "within the 1s"),
    ("{ name: 'a', duration: '1s', lnk: {}, flows: [] }", "lnk"),
    ("{ name: 'a', duration: '1s', link: {}, flows: [{ name: 'f', audio: '20k' }], phases: [] }", "at least one phase"),
    (
      "{ name: 'a', duration: '9s', link: {}, flows: [{ name: 'f', audio: '20k' }], "
        + "phases: [{ to: '5s', judgedFrom: '5s' }] }", "from 0s to before 5s"
    ),
    (
      "{ name: 'a', duration: '9s', link: {}, flows: [{ name: 'f', audio: '20k' }], phases: [{ utilisation: [1, 0.5] }] }",
      "the smaller one first"
    ),
    (
      "{ name: 'a', duration: '9s', link: {}, flows: [{ name: 'f', audio: '20k', limits: { minimum: '2M' } }] }",
      "300k"
    ),
  ]) func `what is wrong is named with what is allowed`(text: String, allowed: String) {
    #expect(refusal(text).contains(allowed), "\(refusal(text))")
  }
}
