import RTCMedia
import RTCPrimitives

/// Playing sound and picture together.
extension RTPStreamReceiver {
  /// A stream of sound that is played together with one of pictures.
  struct Companion {
    let audio: RTPStreamReceiver
    var synchronization = StreamSynchronization()
    var nextMeasurement = Instant.start
  }

  /// Plays these pictures together with the sound that was captured with them.
  ///
  /// - Precondition: This stream is of video, the other one of audio.
  public func synchronize(with audio: RTPStreamReceiver) {
    precondition(parameters.kind == .video && audio.parameters.kind == .audio, "sound is played with pictures")
    companion = Companion(audio: audio)
  }

  /// How long after its capture the sound that was played last is heard; `nil` for other streams, and before the sender
  /// has said when it was captured.
  public var audioLatency: Duration? {
    guard let heard = lastHeard, let captured = captureTime(of: heard.rtpTimestamp) else { return nil }
    return .nanoseconds(heard.at.nanoseconds &- captured.nanoseconds)
  }

  /// How long after its capture the sound is heard that is played together with these pictures.
  public var companionLatency: Duration? { companion?.audio.audioLatency }

  /// Looks once a second at how far apart sound and picture are, and lets one wait for the other.
  func synchronizePlayout(of rtpTimestamp: UInt32, scheduledAt time: Instant, _ now: Instant) {
    guard let due = companion?.nextMeasurement, due <= now else { return }
    companion?.nextMeasurement = now + StreamSynchronization.interval
    guard let heard = companionLatency, let captured = captureTime(of: rtpTimestamp) else { return }
    companion?.synchronization.note(offset: .nanoseconds(time.nanoseconds &- captured.nanoseconds &- heard.nanoseconds))
    guard let delays = companion?.synchronization else { return }
    setMinimumDelay(delays.videoDelay)
    companion?.audio.setMinimumDelay(delays.audioDelay)
  }
}
