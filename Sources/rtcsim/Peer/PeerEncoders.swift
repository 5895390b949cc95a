import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCWire
import SimNodes

/// Codes and sends pictures on one transceiver of one call.
final class PeerVideoEncoder {
  let line: Int
  private var encoder: VP8Encoder
  /// What it makes of the rate that congestion control leaves it, where there is any.
  private var adapter: VideoAdapter
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 64 << 10)
  private var isKeyFrameWanted = true
  private var lastKeyFrame = Instant.start

  /// Key frames are large; no peer gets more of them than this.
  private static let keyFramePause = Duration.milliseconds(300)

  /// - Parameter settings: with the highest bitrate; without congestion control it is that of all pictures.
  init(line: Int, settings: VP8Settings, entropy: inout EntropySource) throws(CodecError) {
    self.line = line
    encoder = try VP8Encoder(settings: settings)
    adapter = VideoAdapter(settings, .chromium)
    clock = RTPClock(rate: 90_000, offset: UInt32(truncatingIfNeeded: entropy.next()))
  }

  /// The peer wants a key frame.
  func requestKeyFrame() { isKeyFrameWanted = true }

  /// How pictures are coded now; `nil` without congestion control.
  func statistics(at now: Instant) -> EncodingStatistics? { adapter.statistics(isWanted: true, at: now) }

  /// - Parameter sound: what goes before pictures, all headers included.
  func send(
    _ picture: VideoFrame, capturedAt time: Instant, beside sound: DataRate, over connection: SocketConnection
  ) throws(CodecError) {
    guard connection.core.canSend(on: line), try adapt(beside: sound, over: connection) else { return }
    let picture = picture.scaled(width: encoder.settings.width, height: encoder.settings.height)
    let forces = isKeyFrameWanted && (lastKeyFrame == .start || time - lastKeyFrame >= Self.keyFramePause)
    buffer.removeAll()
    let coded = try encoder.encode(
      picture, forcingKeyFrame: forces, rtpTimestamp: clock.timestamp(at: time), captureTime: time, into: &buffer)
    guard let coded else { return }
    if coded.isKeyFrame {
      isKeyFrameWanted = false
      lastKeyFrame = time
    }
    let bytes = buffer
    connection.perform { core, now, output in
      core.send(coded, in: bytes.bytes.span, on: line, at: now, into: &output.datagrams)
    }
  }

  /// Follows what congestion control leaves beside sound.
  ///
  /// - Returns: Whether the next picture is coded.
  private func adapt(beside sound: DataRate, over connection: SocketConnection) throws(CodecError) -> Bool {
    try connection.perform { (core, now, _) throws(CodecError) in
      // A peer that tells nothing of what arrives gets pictures of a fixed rate.
      guard let control = core.control, control.decision != nil, let sender = core.transceivers[line].sender else {
        return true
      }
      control.setAllocated(sound + adapter.allocation, at: now)
      guard let decision = control.decision else { return true }
      let left = DataRate.bitsPerSecond(max(decision.target.bitsPerSecond - sound.bitsPerSecond, 0))
      let wasPaused = adapter.isPaused
      if let bitrate = adapter.update(left, sent: sender.statistics, loss: decision.loss, at: now) {
        try encoder.setBitrate(bitrate)
      }
      // Who has seen nothing for a while begins anew.
      if wasPaused, !adapter.isPaused { isKeyFrameWanted = true }
      control.setPadding(min(adapter.wantedPadding, left), at: now)
      if let size = adapter.resize(at: now) {
        var settings = encoder.settings
        (settings.width, settings.height) = size
        // It begins with a key frame.
        encoder = try VP8Encoder(settings: settings)
      }
      return adapter.takesFrame(reducedBy: decision.frameReduction, at: now)
    }
  }
}

/// Codes and sends sound on one transceiver of one call.
final class PeerAudioEncoder {
  let line: Int
  /// What it sends, all headers included.
  let rate: DataRate
  private var encoder: OpusEncoder
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 2048)

  init(line: Int, channels: Int, entropy: inout EntropySource) throws(CodecError) {
    self.line = line
    let settings = OpusSettings(channels: channels)
    encoder = try OpusEncoder(settings: settings)
    rate = VideoAdapter.total(ofSound: settings.bitrate)
    clock = RTPClock(rate: 48_000, offset: UInt32(truncatingIfNeeded: entropy.next()))
  }

  func send(_ sound: AudioFrame, capturedAt time: Instant, over connection: SocketConnection) throws(CodecError) {
    guard connection.core.canSend(on: line) else { return }
    buffer.removeAll()
    let coded = try encoder.encode(
      sound, rtpTimestamp: clock.timestamp(at: time), captureTime: time, into: &buffer)
    guard let coded else { return }
    let bytes = buffer
    connection.perform { core, now, output in
      core.send(coded, in: bytes.bytes.span, on: line, at: now, into: &output.datagrams)
    }
  }
}
