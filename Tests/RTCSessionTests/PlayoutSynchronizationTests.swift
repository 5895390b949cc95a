import RTCMedia
import RTCPrimitives
import RTCWire
import Testing

@testable import RTCSession

/// Sound and picture of one sender over ways of different length.
@Suite struct PlayoutSynchronizationTests {
  private let audio = RTPStreamReceiver(
    StreamParameters(kind: .audio, ssrc: 1, payloadType: 111, clockRate: 48_000), at: StreamPlace(transceiver: 0),
    purpose: .playout, ntp: .simulation)
  private let video = RTPStreamReceiver(
    StreamParameters(kind: .video, ssrc: 2, payloadType: 96, clockRate: 90_000), at: StreamPlace(transceiver: 1),
    purpose: .playout, ntp: .simulation)

  private func packet(_ index: Int, of kind: MediaKind) -> [UInt8] {
    let timestamp = kind == .audio ? UInt32(index * 960) : UInt32(index * 3600)
    let header: [UInt8] = [
      0x80, kind == .audio ? 111 : 0x80 | 96, UInt8(index >> 8), UInt8(index & 255), UInt8(timestamp >> 24),
      UInt8(timestamp >> 16 & 255), UInt8(timestamp >> 8 & 255), UInt8(timestamp & 255), 0, 0, 0,
      kind == .audio ? 1 : 2,
    ]
    guard kind == .video else { return header + [1, 2, 3] }
    // A descriptor with a picture of 15 bits, and the first bytes of a key frame or another one.
    let descriptor: [UInt8] = [0x90, 0x80, 0x80 | UInt8(index >> 8 & 127), UInt8(index & 255)]
    return header + descriptor
      + (index == 0 ? [0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0] : [0x11, 0, 0, 1, 2, 3])
  }

  private func arrive(_ index: Int, _ kind: MediaKind, at now: Instant) throws {
    let bytes = packet(index, of: kind)
    var feedback: [RTCPPacket] = []
    _ = (kind == .audio ? audio : video).insert(
      try RTPPacket(parsing: bytes.span), bytes.span, at: now, feedback: &feedback, from: 3)
  }

  /// How much later pictures are shown than sound is heard, in ms, at the end of each second.
  private func offsets(seconds: Int, audioDelay: (Int) -> Int, videoDelay: Int) throws -> [Double] {
    for (receiver, ssrc) in [(audio, UInt32(1)), (video, 2)] {
      let report = SenderReport(
        ssrc: ssrc, ntpTimestamp: NTPClock.simulation.timestamp(at: .start), rtpTimestamp: 0, packetCount: 0,
        octetCount: 0, reports: [])
      receiver.handle(report, at: .start)
    }
    var (result, offset) = ([Double](), 0.0)
    var (nextAudio, nextVideo) = (0, 0)
    for millisecond in stride(from: 0, to: seconds * 1000, by: 5) {
      let now = Instant.start + .milliseconds(millisecond)
      while nextAudio * 20 + audioDelay(millisecond) <= millisecond {
        try arrive(nextAudio, .audio, at: now)
        nextAudio += 1
      }
      while nextVideo * 40 + videoDelay <= millisecond {
        try arrive(nextVideo, .video, at: now)
        nextVideo += 1
      }
      if millisecond % 20 == 15 {
        while let step = audio.nextAudio(at: now) {
          if case .packet(_, let stretch?, _) = step { audio.stretched(by: stretch.modelledChange, at: now) }
        }
      }
      while let shown = video.nextVideo(at: now) {
        let captured = try #require(video.captureTime(of: shown.frame.rtpTimestamp))
        if let heard = video.companionLatency { offset = (now - captured - heard).milliseconds }
      }
      if millisecond % 1000 == 995 { result.append(offset) }
    }
    return result
  }

  @Test func `without a companion pictures and sound stay as far apart as their ways`() throws {
    let last = try offsets(seconds: 30, audioDelay: { _ in 20 }, videoDelay: 220).last
    #expect(video.companionLatency == nil && last == 0)
    let heard = try #require(audio.audioLatency).milliseconds
    #expect(heard < 80)
  }

  @Test func `sound waits for pictures that take 200 ms longer, without concealment`() throws {
    video.synchronize(with: audio)
    let offsets = try offsets(seconds: 40, audioDelay: { _ in 20 }, videoDelay: 220)
    #expect(offsets[0] > 150, "\(offsets)")
    #expect(offsets[25...].allSatisfy { abs($0) < 40 }, "\(offsets)")
    #expect(zip(offsets, offsets.dropFirst()).allSatisfy { abs($1 - $0) <= 125 }, "\(offsets)")
    let statistics = audio.statistics(at: .start).playout
    #expect(statistics.concealedSamples == 0 && statistics.insertedSamplesForDeceleration > 0)
    #expect(statistics.jitterBufferTargetDelay > statistics.jitterBufferMinimumDelay)
  }

  @Test func `pictures wait for sound that takes 200 ms longer`() throws {
    video.synchronize(with: audio)
    let offsets = try offsets(seconds: 40, audioDelay: { _ in 220 }, videoDelay: 20)
    #expect(offsets[0] < -150, "\(offsets)")
    #expect(offsets[25...].allSatisfy { abs($0) < 40 }, "\(offsets)")
    #expect(video.statistics(at: .start).framesDropped == 0)
  }
}
