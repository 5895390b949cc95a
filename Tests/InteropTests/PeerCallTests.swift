import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import TestSupport
import Testing

@testable import rtcsim

/// Two calls of `rtcsim peer` with each other, over real sockets and without a page.
@Suite(.timeLimit(.minutes(1)))
struct PeerCallTests {
  /// What is told to a call, in its order.
  private final class Inbox {
    var texts: [String] = []
    var ends: [String] = []
  }

  private struct Pair {
    let loop: SocketLoop
    let calls: [PeerCall]
    let inboxes: [Inbox]
    /// Texts for which it is false do not arrive at the call with that number.
    var arrives: (Int, String) -> Bool = { _, _ in true }

    init(_ settings: [PeerCall.Settings]) throws {
      let loop = try SocketLoop()
      let inboxes = [Inbox(), Inbox()]
      calls = try settings.indices.map { index in
        try PeerCall(index + 1, settings[index], on: loop) {
          inboxes[1 - index].texts.append($0.text)
        } ended: {
          inboxes[index].ends.append($0)
        }
      }
      self.loop = loop
      self.inboxes = inboxes
    }

    /// Passes on what is signalled, and serves until `isDone` or for ten seconds.
    func run(until isDone: () -> Bool, turn: () throws -> Void = {}) throws -> Bool {
      let end = loop.clock.now + .seconds(10)
      while !isDone(), loop.clock.now < end {
        for (call, inbox) in zip(calls, inboxes) {
          let texts = inbox.texts
          inbox.texts.removeAll()
          for text in texts where arrives(call.number, text) { try call.receive(text) }
        }
        loop.turn(waitingAtMost: .milliseconds(5))
        try turn()
      }
      return isDone()
    }
  }

  private let camera = SyntheticCamera(seed: 1, width: 160, height: 96)

  private func settings(expecting frames: [VideoFrame]? = nil, folder: String? = nil) throws -> PeerCall.Settings {
    var expected: PictureMatcher?
    if let frames {
      var bytes = Array("YUV4MPEG2 W\(camera.width) H\(camera.height) F30:1\n".utf8)
      for frame in frames { bytes += Array("FRAME\n".utf8) + frame.bytes }
      expected = PictureMatcher(try Y4MFile(parsing: bytes))
    }
    return PeerCall.Settings(
      connection: SocketConnection.Configuration(),
      video: VP8Settings(
        width: camera.width, height: camera.height, bitrate: .kilobitsPerSecond(600), framesPerSecond: 30),
      channels: 1, expected: expected, folder: folder)
  }

  @Test func `both see and hear each other, and what they record can be played`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "peer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let frames = (0..<30).map { camera.frame(at: $0) }
    let pair = try Pair([try settings(expecting: frames), try settings(folder: folder.path)])
    try pair.calls[0].offer()
    let speech = SyntheticSpeech(seed: 1)
    let firstWord = try #require((0..<1000).first { speech.pattern.isTalking(at: $0) })
    let begin = pair.loop.clock.now
    var pictures = CaptureSchedule(from: begin, rate: (30, 1), backlog: 0)
    var sounds = CaptureSchedule(from: begin, rate: (50, 1), length: .milliseconds(20), backlog: 10)
    let isDone = try pair.run {
      pair.calls.allSatisfy { $0.picturesDecoded >= 20 && $0.soundsDecoded >= 20 }
    } turn: {
      let now = pair.loop.clock.now
      while let index = pictures.take(at: now) {
        for call in pair.calls { try call.send(picture: frames[index % 30], capturedAt: pictures.time(of: index)) }
      }
      while let index = sounds.take(at: now) {
        for call in pair.calls {
          try call.send(sound: speech.frame(at: firstWord + index), capturedAt: sounds.time(of: index))
        }
      }
    }
    #expect(isDone)
    for call in pair.calls {
      #expect(call.decodingErrors == 0)
      #expect(call.packetsLost(at: pair.loop.clock.now) == 0)
      #expect(call.pictures.map(\.width) == [camera.width])
      try call.close()
    }
    #expect(try #require(pair.calls[0].meanPSNR) > 28)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["call-2-audio-0.wav", "call-2-video-1.ivf"])
    let sound = try WAVFile(parsing: [UInt8](Data(contentsOf: folder.appending(path: names[0]))))
    #expect(sound.frameCount >= 20)
    #expect((0..<sound.frameCount).contains { sound.frame(at: $0).samples.contains { abs(Int($0)) > 500 } })
    try check([UInt8](Data(contentsOf: folder.appending(path: names[1]))), frames: pair.calls[1].picturesDecoded)
  }

  /// Reads an IVF file after its description and decodes all of it.
  private func check(_ file: [UInt8], frames expected: Int) throws {
    func number(at offset: Int, bytes: Int) -> Int { (0..<bytes).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) } }
    #expect(file.starts(with: Array("DKIF".utf8)) && file[8..<12].elementsEqual("VP80".utf8))
    #expect(number(at: 12, bytes: 2) == camera.width && number(at: 14, bytes: 2) == camera.height)
    #expect(number(at: 16, bytes: 4) == 90_000 && number(at: 20, bytes: 4) == 1)
    #expect(number(at: 24, bytes: 4) == expected)
    var decoder = try VP8Decoder()
    var picture = VideoFrame(width: 2, height: 2)
    var (offset, times) = (number(at: 6, bytes: 2), [Int]())
    while offset < file.count {
      let size = number(at: offset, bytes: 4)
      times.append(number(at: offset + 4, bytes: 8))
      let isShown = try decoder.decode(file.span.extracting(offset + 12..<offset + 12 + size), into: &picture)
      #expect(isShown)
      offset += 12 + size
    }
    #expect(times.count == expected && times.first == 0)
    #expect(times == times.sorted())
  }

  @Test func `a page that hides its addresses is found by its checks`() throws {
    var pair = try Pair([try settings(), try settings()])
    // Browsers name their addresses by mDNS.
    let hidden =
      #"{"type":"candidate","candidate":"candidate:1 1 udp 2122260223 0b6c-4f.local 50000 typ host","sdpMid":"0"}"#
    pair.arrives = { number, text in number == 2 || !text.contains("candidate:") || text == hidden }
    try pair.calls[0].offer()
    pair.inboxes[0].texts.append(hidden)
    let call = pair.calls[0]
    #expect(try pair.run { call.isReady && call.connection.core.transport.ice.selectedPair != nil })
    let kind = call.connection.core.transport.ice.selectedPair?.remote.kind
    #expect(kind == .peerReflexive)
    for call in pair.calls { try call.close() }
  }

  @Test func `whoever hangs up ends the other call`() throws {
    let pair = try Pair([try settings(), try settings()])
    try pair.calls[0].offer()
    #expect(try pair.run { pair.calls.allSatisfy(\.isReady) })
    try pair.calls[0].close()
    #expect(try pair.run { !pair.inboxes[1].ends.isEmpty })
    #expect(pair.inboxes[1].ends == ["the page closed the connection"])
    try pair.calls[1].close()
  }

  @Test func `what is hostile is refused, and costs no more than its call`() throws {
    let pair = try Pair([try settings(), try settings()])
    let section = "m=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\nc=IN IP4 0.0.0.0\\r\\na=mid:"
    let head = "v=0\\r\\no=- 1 1 IN IP4 0.0.0.0\\r\\ns=-\\r\\nt=0 0\\r\\n"
    let many = (0..<17).map { "\(section)\($0)\\r\\n" }.joined()
    #expect(throws: PeerCallError.tooManySections(17, limit: 16)) {
      try pair.calls[0].receive(#"{"type":"offer","sdp":"\#(head)\#(many)"}"#)
    }
    #expect(throws: (any Error).self) { try pair.calls[0].receive(#"{"type":"offer","sdp":"hello"}"#) }
    #expect(throws: (any Error).self) { try pair.calls[0].receive(#"{"type":"answer","sdp":"\#(head)"}"#) }
    for _ in 0..<1997 { try pair.calls[0].receive(#"{"type":"candidate","candidate":"x","sdpMid":"9"}"#) }
    #expect(throws: PeerSignalError.tooMany(limit: 2000)) {
      try pair.calls[0].receive(#"{"type":"candidate","candidate":""}"#)
    }
    for call in pair.calls { try call.close() }
  }
}
