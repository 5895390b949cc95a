import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCWire

/// Codes and sends pictures on one transceiver of one call.
final class PeerVideoEncoder {
  let line: Int
  private var encoder: VP8Encoder
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 64 << 10)
  private var isKeyFrameWanted = true
  private var lastKeyFrame = Instant.start

  /// Key frames are large; no peer gets more of them than this.
  private static let keyFramePause = Duration.milliseconds(300)

  init(line: Int, settings: VP8Settings, entropy: inout EntropySource) throws(CodecError) {
    self.line = line
    encoder = try VP8Encoder(settings: settings)
    clock = RTPClock(rate: 90_000, offset: UInt32(truncatingIfNeeded: entropy.next()))
  }

  /// The peer wants a key frame.
  func requestKeyFrame() { isKeyFrameWanted = true }

  func send(_ picture: VideoFrame, capturedAt time: Instant, over connection: SocketConnection) throws(CodecError) {
    guard connection.core.canSend(on: line) else { return }
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
}

/// Codes and sends sound on one transceiver of one call.
final class PeerAudioEncoder {
  let line: Int
  private var encoder: OpusEncoder
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 2048)

  init(line: Int, channels: Int, entropy: inout EntropySource) throws(CodecError) {
    self.line = line
    encoder = try OpusEncoder(settings: OpusSettings(channels: channels))
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
