import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire

/// Codes video for one connection.
final class VideoStreamEncoder {
  private var modelled: ModelledVP8?
  private var real: VP8Encoder?
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 4096)
  var needsKeyFrame = true
  /// When the last frame was coded: an encoder works on one at a time.
  var busyUntil = Instant.start

  /// - Parameter stream: names the dice of this encoder.
  init(_ settings: VP8Settings, mode: MediaMode, fidelity: Fidelity, seed: UInt64, stream: String) {
    var dice = SeededGenerator(seed: seed, stream: "\(stream)/clock")
    clock = RTPClock(rate: 90_000, offset: UInt32(truncatingIfNeeded: dice.next()))
    switch mode {
    case .modelled:
      modelled = ModelledVP8(
        settings: settings, seed: seed, stream: stream, payload: fidelity == .wire ? .filler : .elided)
    case .real:
      do {
        real = try VP8Encoder(settings: settings)
      } catch {
        preconditionFailure("libvpx takes these settings: \(error)")
      }
    }
  }

  /// Codes at this rate from the next frame on.
  func setBitrate(_ bitrate: DataRate) {
    modelled?.setBitrate(bitrate)
    do {
      try real?.setBitrate(bitrate)
    } catch {
      preconditionFailure("libvpx takes another bitrate: \(error)")
    }
  }

  /// Codes another size of picture from the next frame on, a key frame; modelled media only.
  func resize(width: Int, height: Int) { modelled?.resize(width: width, height: height) }

  /// Whether the next picture is given up so that the rate is held; libvpx decides that itself.
  func dropsNextFrame() -> Bool { modelled?.dropsNextFrame() ?? false }

  /// Codes a picture (`nil` for modelled media); gives the frame, whose bytes are in `bytes`.
  func encode(_ picture: VideoFrame?, capturedAt time: Instant, mark: Instant? = nil) -> EncodedFrame? {
    buffer.removeAll()
    let timestamp = clock.timestamp(at: time)
    let frame: EncodedFrame?
    if let picture {
      do {
        frame = try real?.encode(
          picture, forcingKeyFrame: needsKeyFrame, rtpTimestamp: timestamp, captureTime: mark ?? time, into: &buffer)
      } catch {
        preconditionFailure("a picture has the size of its encoder: \(error)")
      }
    } else {
      frame = modelled?.encode(
        forcingKeyFrame: needsKeyFrame, rtpTimestamp: timestamp, captureTime: mark ?? time, into: &buffer)
    }
    if frame != nil { needsKeyFrame = false }
    return frame
  }

  var bytes: ByteWriter { buffer }
}

/// Codes sound for one connection.
final class AudioStreamEncoder {
  private var modelled: ModelledOpus?
  private var real: OpusEncoder?
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 512)

  init(
    _ bitrate: DataRate, mode: MediaMode, fidelity: Fidelity, pattern: SpeechPattern, seed: UInt64, stream: String
  ) {
    var dice = SeededGenerator(seed: seed, stream: "\(stream)/clock")
    clock = RTPClock(rate: 48_000, offset: UInt32(truncatingIfNeeded: dice.next()))
    switch mode {
    case .modelled:
      modelled = ModelledOpus(
        bitrate: bitrate, pattern: pattern, seed: seed, stream: stream,
        payload: fidelity == .wire ? .filler : .elided)
    case .real:
      do {
        real = try OpusEncoder(settings: OpusSettings(bitrate: bitrate))
      } catch {
        preconditionFailure("libopus takes these settings: \(error)")
      }
    }
  }

  /// Codes the sound with this number (`nil` for modelled media).
  ///
  /// - Parameters:
  ///   - isSilent: digital silence, for modelled media.
  ///   - mark: what is stated as its capture time, if that is not `time`.
  func encode(
    _ index: Int, _ sound: AudioFrame?, isSilent: Bool = false, capturedAt time: Instant, mark: Instant? = nil
  ) -> EncodedFrame? {
    buffer.removeAll()
    let timestamp = clock.timestamp(at: .start + .milliseconds(20) * index)
    if let sound {
      do {
        return try real?.encode(sound, rtpTimestamp: timestamp, captureTime: mark ?? time, into: &buffer)
      } catch {
        preconditionFailure("sound has the channels of its encoder: \(error)")
      }
    }
    return modelled?.encode(
      at: index, isSilent: isSilent, rtpTimestamp: timestamp, captureTime: mark ?? time, into: &buffer)
  }

  var bytes: ByteWriter { buffer }
}
