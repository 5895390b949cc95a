import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire

/// Codes video for one connection.
package final class VideoStreamEncoder {
  private var modelled: ModelledVP8?
  private var real: VP8Encoder?
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 4096)
  package var needsKeyFrame = true
  /// Whether anybody sees the picture; nothing is coded for nobody, and who comes back begins with a key frame.
  var isWanted = true {
    didSet { if isWanted, !oldValue { needsKeyFrame = true } }
  }
  /// When the last frame was coded: an encoder works on one at a time.
  private(set) var busyUntil = Instant.start
  /// How it follows congestion control; `nil` for a fixed rate.
  private(set) var adapter: VideoAdapter?
  /// What it has as one of the encodings of a simulcast; `nil` for one that is alone.
  private(set) var allotment: SimulcastAllotment?
  /// The size of a coded picture.
  private(set) var size: (width: Int, height: Int)
  /// Luma samples of a coded picture.
  var pixels: Int { size.width * size.height }

  /// - Parameter stream: names the dice of this encoder.
  package convenience init(_ settings: VP8Settings, mode: MediaMode, fidelity: Fidelity, seed: UInt64, stream: String) {
    self.init(settings, mode: mode, fidelity: fidelity, seed: seed, stream: stream, adaptation: nil)
  }

  /// - Parameters:
  ///   - stream: names the dice of this encoder.
  ///   - adaptation: how it follows congestion control; `nil` for a fixed rate. Real pictures keep their size.
  init(
    _ settings: VP8Settings, mode: MediaMode, fidelity: Fidelity, seed: UInt64, stream: String,
    adaptation: VideoAdapter.Policy?
  ) {
    size = (settings.width, settings.height)
    adapter = adaptation.map { policy in
      var policy = policy
      if mode == .real { policy.adaptsSize = false }
      return VideoAdapter(settings, policy)
    }
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

  /// Follows what congestion control leaves it, all headers included.
  func adapt(to left: DataRate, sent: OutboundStreamStatistics, loss: Double, at now: Instant) {
    guard let wasPaused = adapter?.isPaused else { return }
    if let bitrate = adapter?.update(left, sent: sent, loss: loss, at: now) { setBitrate(bitrate) }
    // Who has seen nothing for a while begins anew.
    if wasPaused, adapter?.isPaused == false { needsKeyFrame = true }
  }

  /// Has this bitrate as one of the encodings of a simulcast, zero for not being sent; what was not sent begins with a key frame.
  ///
  /// - Parameter isWanted: whether the far end wants it.
  func allot(_ bitrate: DataRate, isWanted: Bool, at now: Instant) {
    var current = allotment ?? SimulcastAllotment(at: now)
    let before = current.bitrate
    current.set(bitrate, isWanted: isWanted, at: now)
    allotment = current
    guard bitrate != before, bitrate > .zero else { return }
    if before == .zero { needsKeyFrame = true }
    setBitrate(bitrate)
  }

  /// Whether the picture that was captured now is coded, or given up so that the rate is held; its size may change with it.
  ///
  /// - Parameter reduction: the share of pictures that congestion control wants left out.
  func takesFrame(reducedBy reduction: Double, at now: Instant) -> Bool {
    guard isWanted else { return false }
    if let allotment { return allotment.bitrate > .zero && modelled?.dropsNextFrame() != true }
    guard adapter != nil else { return true }
    if let size = adapter?.resize(at: now) {
      modelled?.resize(width: size.width, height: size.height, framesPerSecond: adapter?.framesPerSecond)
      self.size = size
    }
    // What is beyond the rate with real media, libvpx decides itself.
    return adapter?.takesFrame(reducedBy: reduction, at: now) == true && modelled?.dropsNextFrame() != true
  }

  /// Notes until when the picture that was captured now is coded.
  func noteCoded(at done: Instant, capturedAt now: Instant) {
    busyUntil = done
    adapter?.noteCoding(done - now, at: now)
  }

  private func setBitrate(_ bitrate: DataRate) {
    modelled?.setBitrate(bitrate)
    do {
      try real?.setBitrate(bitrate)
    } catch {
      preconditionFailure("libvpx takes another bitrate: \(error)")
    }
  }

  /// Codes a picture (`nil` for modelled media); gives the frame, whose bytes are in `bytes`.
  package func encode(_ picture: VideoFrame?, capturedAt time: Instant, mark: Instant? = nil) -> EncodedFrame? {
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

  package var bytes: ByteWriter { buffer }
}

/// What one of the encodings of a simulcast has.
struct SimulcastAllotment {
  /// Zero for not being sent.
  private(set) var bitrate = DataRate.zero
  private var isWanted = true
  private var limitation: QualityLimitation

  init(at now: Instant) { limitation = QualityLimitation(at: now) }

  mutating func set(_ bitrate: DataRate, isWanted: Bool, at now: Instant) {
    self.bitrate = bitrate
    self.isWanted = isWanted
    limitation.set(isWanted && bitrate == .zero ? .bandwidth : .none, at: now)
  }

  /// For reports.
  func statistics(of size: (width: Int, height: Int), at now: Instant) -> EncodingStatistics {
    EncodingStatistics(
      targetBitrate: bitrate, frameWidth: size.width, frameHeight: size.height,
      isActive: isWanted || bitrate > .zero, isPaused: bitrate == .zero, limitation: limitation, at: now)
  }
}

/// Codes sound for one connection.
package final class AudioStreamEncoder {
  private var modelled: ModelledOpus?
  private var real: OpusEncoder?
  private let clock: RTPClock
  private var buffer = ByteWriter(reserving: 512)

  package init(
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
  package func encode(
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

  package var bytes: ByteWriter { buffer }
}
