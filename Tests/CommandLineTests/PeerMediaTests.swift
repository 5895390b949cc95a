import Foundation
import RTCMedia
import RTCPrimitives
import SimSessions
import TestSupport
import Testing

@testable import rtcsim

/// What `rtcsim peer` captures, compares and records, without a call.
struct PeerMediaTests {
  private func seconds(_ value: Double) -> Instant { .start + Duration(inSeconds: value) }

  @Test func `captures come in even intervals, by number, and never early`() {
    var schedule = CaptureSchedule(from: seconds(1), rate: (30_000, 1001), backlog: 0)
    var taken: [Int] = []
    for millisecond in 0..<3002 {
      let now = Instant.start + .milliseconds(millisecond)
      while let index = schedule.take(at: now) {
        #expect(schedule.time(of: index) <= now)
        #expect(now - schedule.time(of: index) <= .milliseconds(1))
        taken.append(index)
      }
    }
    // 2.002 s of 29.97 pictures per second, the first at once.
    #expect(taken == Array(0..<60))
  }

  @Test func `what was missed is made up for as far as is allowed`() {
    var pictures = CaptureSchedule(from: .start, rate: (30, 1), backlog: 0)
    var sounds = CaptureSchedule(from: .start, rate: (50, 1), length: .milliseconds(20), backlog: 3)
    func all(_ schedule: inout CaptureSchedule, at now: Instant) -> [Int] {
      var taken: [Int] = []
      while let index = schedule.take(at: now) { taken.append(index) }
      return taken
    }
    #expect(all(&sounds, at: seconds(0.019)) == [])
    #expect(all(&sounds, at: seconds(0.02)) == [0])
    #expect(all(&sounds, at: seconds(0.085)) == [1, 2, 3])
    #expect(all(&sounds, at: seconds(10)) == [496, 497, 498, 499])
    #expect(all(&pictures, at: seconds(0)) == [0])
    #expect(all(&pictures, at: seconds(10)) == [300])
    #expect(pictures.due > seconds(10))
  }

  /// Y4M as mjpegtools writes it.
  private func y4m(_ frames: [VideoFrame]) throws -> Y4MFile {
    var bytes = Array("YUV4MPEG2 W\(frames[0].width) H\(frames[0].height) F30:1\n".utf8)
    for frame in frames { bytes += Array("FRAME\n".utf8) + frame.bytes }
    return try Y4MFile(parsing: bytes)
  }

  @Test func `a picture is compared with the one of the file that it shows`() throws {
    let camera = SyntheticCamera(seed: 3, width: 320, height: 180)
    let frames = (0..<20).map { camera.frame(at: $0) }
    var matcher = PictureMatcher(try y4m(frames))
    #expect(matcher.meanPSNR == nil)
    // An error of one step in every sample is 20 log10 255 dB.
    var seen = frames[13]
    for place in seen.bytes.indices { seen.bytes[place] ^= 1 }
    matcher.compare(seen)
    #expect(abs(try #require(matcher.meanPSNR) - 48.1308) < 0.001)
    matcher.compare(VideoFrame(width: 160, height: 90))
    #expect(abs(try #require(matcher.meanPSNR) - 48.1308) < 0.001)
  }

  @Test func `a recording is there when it is finished, whole, and not before`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "recording-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "sound.wav").path
    let speech = SyntheticSpeech(seed: 5)
    var recording = try WAVRecording(path: path)
    for index in 0..<25 { try recording.append(speech.frame(at: index)) }
    #expect(!FileManager.default.fileExists(atPath: path))
    try recording.finish()
    let file = try WAVFile(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
    #expect(file.channels == 1)
    #expect(file.frameCount == 25)
    #expect(file.frame(at: 24) == speech.frame(at: 24))
  }

  @Test(arguments: [
    (["--listen", "0.0.0.0:0"], "--listen: found '0.0.0.0:0'"), (["--public"], "--public: found"),
    (["--offer", "--answer"], "--offer: found '--answer as well'"), (["--bitrate", "1k"], "--bitrate: found"),
    (["--congestion-control", "bbr"], "--congestion-control: found 'bbr', allowed: none, fixed, gcc, gcc-draft, nada"),
    (["--video", "/etc/passwd"], "--video: found '/etc/passwd'"),
    (["--audio", "/etc/passwd"], "--audio: found '/etc/passwd'"),
    (["--expect", "/nowhere"], "--expect: cannot read /nowhere"),
    (["--record", "/dev/null"], "--record: found '/dev/null'"),
    (["--ice-server", "http://a"], "--ice-server: found 'http://a'"),
    (["--ice-server", "turn:127.0.0.1"], "--ice-server: turn:127.0.0.1 needs"),
    (["--ice-username", "me"], "--ice-username: found"), (["--duration", "0s"], "--duration: found"),
  ])
  func `an option that makes no sense is refused with what is allowed`(options: [String], message: String) throws {
    let result = try Program.run(["peer"] + options)
    #expect(result.status == 2)
    #expect(result.error.hasPrefix("rtcsim peer: \(message)"), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1)
    #expect(result.output == "")
  }
}
