import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCWire
import Testing

@testable import rtcsim

/// Congestion control of Chromium and of ours in one call, first on loopback, then through a bottleneck that a relay makes. What
/// is true of Chromium is what its `getStats` says.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CongestionTests {
  /// What one end says at one time, in seconds since media could flow.
  private struct Sample: Decodable {
    var time: Double
    /// `availableOutgoingBitrate`, in bit/s.
    let available: Double
    /// Of the other end's video, as are the frames.
    let bytesReceived: Int
    let framesDecoded: Int
  }

  private static let highest = DataRate.megabitsPerSecond(1)
  private static let capacity = DataRate.kilobitsPerSecond(500)
  /// When the bottleneck comes, when its consequences are judged, and the end, in seconds.
  private static let (narrow, settled, end) = (9.0, 16.0, 24.0)

  private static let pictures: [VideoFrame] = {
    let camera = SyntheticCamera(seed: 1)
    let forth = (0..<45).map { camera.frame(at: $0) }
    return forth + forth.reversed()
  }()

  /// A call of ours that Chromium's offer has begun, and what is signalled in it.
  private final class Callee {
    let loop: SocketLoop
    let bottleneck: Bottleneck
    private(set) var samples: [Sample] = []
    private(set) var ends: [String] = []
    private var signals: [PeerSignal] = []
    private var call: PeerCall?
    private var captures: CaptureSchedule

    init() throws {
      loop = try SocketLoop()
      bottleneck = try Bottleneck()
      captures = CaptureSchedule(from: loop.clock.now, rate: (30, 1), backlog: 0)
      let controller = try #require(CongestionControllers.named("gcc"))
      let limits = RateLimits(
        minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(100))
      let settings = PeerCall.Settings(
        connection: SocketConnection.Configuration(
          congestion: CongestionSettings(controller: controller, limits: limits)),
        video: VP8Settings(bitrate: CongestionTests.highest), channels: 1)
      call = try PeerCall(1, settings, on: loop) { [unowned self] in
        signals.append($0)
      } ended: { [unowned self] in
        ends.append($0)
      }
    }

    var isReady: Bool { call?.isReady ?? false }

    /// An answer in which the outside of the bottleneck is our only candidate.
    ///
    /// Chromium's own are not told of: its checks arrive from the inside.
    func answer(_ offer: String) throws -> String {
      let known = offer.split(separator: "\r\n").filter { !$0.hasPrefix("a=candidate:") }
      try call?.receive(PeerSignal.offer(known.map { "\($0)\r\n" }.joined()).text)
      try run(for: 5) { signals.contains(.candidate(ICECandidateInit(""))) }
      var answer = ""
      for signal in signals {
        switch signal {
        case .answer(let sdp): answer = sdp
        case .candidate(let candidate) where !candidate.text.isEmpty:
          let port = try #require(candidate.text.firstMatch(of: #/127\.0\.0\.1 (\d+) /#).flatMap { UInt16($0.1) })
          bottleneck.setNear(Endpoint(IPAddress(127, 0, 0, 1), port))
          let text = candidate.text.replacing("127.0.0.1 \(port) ", with: "127.0.0.1 \(bottleneck.outside.port) ")
          answer += "a=\(text)\r\n"
        case .candidate: answer += "a=end-of-candidates\r\n"
        case .ready, .offer, .bye: break
        }
      }
      return answer
    }

    /// Sends pictures and serves until `isDone`, or for some seconds.
    func run(for seconds: Double, since begin: Instant? = nil, until isDone: () -> Bool = { false }) throws {
      let limit = loop.clock.now + Duration(inSeconds: seconds)
      while !isDone(), loop.clock.now < limit {
        loop.turn(waitingAtMost: .milliseconds(10))
        let now = loop.clock.now
        while let index = captures.take(at: now) {
          let picture = CongestionTests.pictures[index % CongestionTests.pictures.count]
          try call?.send(picture: picture, capturedAt: captures.time(of: index))
        }
        if let begin { note((now - begin).inSeconds, at: now) }
      }
    }

    private func note(_ time: Double, at now: Instant) {
      guard let call, time - (samples.last?.time ?? -1) >= 0.1 else { return }
      samples.append(
        Sample(
          time: time, available: Double(call.allowedRate?.bitsPerSecond ?? 0),
          bytesReceived: call.tracks.first?.receiver.statistics(at: now).bytesReceived ?? 0,
          framesDecoded: call.picturesDecoded))
    }

    func close() throws { try call?.close() }
  }

  @Test(.interop(.chromium, "congestion control both ways: probes, and a bottleneck of 500 kbit/s"))
  func `both ends find more than their pictures need, and follow a bottleneck without a freeze`() throws {
    let program = try RunningProgram(Installed.venvPython) {
      [Installed.script("watch_rates.py"), $0.path, "\(Self.highest.bitsPerSecond)"]
    }
    _ = Self.pictures
    let offer = try JSONDecoder().decode(String.self, from: Data(program.readLine().utf8))
    let callee = try Callee()
    let answer = try callee.answer(offer)
    try Data(answer.utf8).write(to: program.folder.appending(path: "answer.sdp"), options: .atomic)
    try callee.run(for: 10) { callee.isReady }
    let (begin, date) = (callee.loop.clock.now, Date().timeIntervalSince1970)
    try callee.run(for: Self.narrow, since: begin)
    callee.bottleneck.setCapacity(Self.capacity)
    try callee.run(for: Self.end - Self.narrow, since: begin)
    try Data().write(to: program.folder.appending(path: "done"))
    // The link goes on until Chromium has said its last.
    try callee.run(for: 1)
    let output = program.finish().output
    try callee.close()
    let chromium = output.split(separator: "\n").compactMap { line -> Sample? in
      guard var sample = try? JSONDecoder().decode(Sample.self, from: Data(line.utf8)) else { return nil }
      sample.time -= date
      return sample
    }
    #expect(callee.ends == [])
    expectRise(chromium, of: "Chromium")
    expectRise(callee.samples, of: "ours")
    try expectNarrow(sender: chromium, receiver: callee.samples, of: "Chromium")
    // Our pictures keep coming; Chromium's encoder leaves some out by itself.
    let pause = try expectNarrow(sender: callee.samples, receiver: chromium, of: "ours")
    #expect(pause < 1.2, "Chromium sees no picture for \(pause) s")
  }

  /// Eight per cent a second take 300 kbit/s to 408 in four seconds; only answered probes take it to more than is sent.
  private func expectRise(_ samples: [Sample], of end: String) {
    let rates = samples.filter { (0...Self.narrow).contains($0.time) }
    let early = rates.filter { $0.time < 4 }.map(\.available).max() ?? 0
    #expect(early > 700_000, "\(end): \(early) bit/s after 4 s")
    let most = rates.map(\.available).max() ?? 0
    #expect(most > Double(Self.highest.bitsPerSecond), "\(end): \(most) bit/s before the bottleneck")
  }

  /// The bands are ours, and wide: a machine that has other work delays packets, too.
  ///
  /// - Returns: For how long no picture came, at most, give or take the time between two samples.
  @discardableResult
  private func expectNarrow(sender: [Sample], receiver: [Sample], of end: String) throws -> Double {
    let capacity = Double(Self.capacity.bitsPerSecond)
    let rates = sender.filter { (Self.settled...Self.end).contains($0.time) }.map(\.available)
    let mean = rates.reduce(0, +) / Double(max(1, rates.count))
    #expect((0.4 * capacity...1.2 * capacity).contains(mean), "\(end): allowed are \(mean) bit/s")
    let seen = receiver.filter { (Self.settled...Self.end).contains($0.time) }
    let (first, last) = (try #require(seen.first), try #require(seen.last))
    let time = last.time - first.time
    try #require(time > 0.8 * (Self.end - Self.settled), "\(end): watched for \(time) s")
    let received = Double((last.bytesReceived - first.bytesReceived) * 8) / time
    #expect((0.3 * capacity...capacity).contains(received), "\(end): \(received) bit/s arrive")
    #expect(last.framesDecoded - first.framesDecoded > 30, "\(end): \(last.framesDecoded - first.framesDecoded)")
    var (latest, longest) = (first, 0.0)
    for sample in seen where sample.framesDecoded > latest.framesDecoded {
      longest = max(longest, sample.time - latest.time)
      latest = sample
    }
    return max(longest, last.time - latest.time)
  }
}
