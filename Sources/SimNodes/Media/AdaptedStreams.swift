import RTCMedia
import RTCPrimitives
import RTCSession

/// The streams of one connection that share what its congestion controller allows: sound comes first and is not adapted, the
/// encoders of video get equal parts of what is left.
struct AdaptedStreams {
  struct Video {
    let line: Int
    let encoder: VideoStreamEncoder
  }

  var video: [Video] = []
  /// Tracks of which several encodings are sent.
  var simulcast: [SimulcastStream] = []
  /// What sound takes, all headers included.
  var sound = DataRate.zero
  private var lastTarget = DataRate.zero
  private var nextRound = Instant.start
  private static let interval = Duration.milliseconds(25)

  /// Learns which encodings of the picture the far end wants, which the next `adapt` does at once.
  mutating func setWanted(_ encodings: [Int]) {
    for stream in video { stream.encoder.isWanted = !encodings.isEmpty }
    for stream in simulcast { stream.setWanted(encodings) }
    nextRound = .start
  }

  /// Gives each encoder its part; to be called whenever the controller may have decided anew.
  mutating func adapt(to connection: borrowing PeerConnection, at now: Instant) {
    guard !video.isEmpty || !simulcast.isEmpty, let control = connection.control, let target = control.decision?.target
    else { return }
    // Simulcast alone: there is nothing new in between, and this is called for every packet.
    if video.isEmpty {
      guard target != lastTarget || now >= nextRound else { return }
      (lastTarget, nextRound) = (target, now + Self.interval)
    }
    var (connected, senders) = (0, 0)
    var total = sound
    for stream in video where connection.canSend(on: stream.line) {
      connected += 1
      guard stream.encoder.isWanted else { continue }
      senders += 1
      total = total + (stream.encoder.adapter?.allocation ?? .zero)
    }
    for stream in simulcast where connection.canSend(on: stream.line) {
      connected += 1
      guard stream.isWanted else { continue }
      senders += 1
      total = total + stream.allocation
    }
    guard connected > 0 else { return }
    control.setAllocated(total, at: now)
    guard let decision = control.decision else { return }
    var padding = DataRate.zero
    let left = max(decision.target.bitsPerSecond - sound.bitsPerSecond, 0) / Int64(max(1, senders))
    for stream in video where connection.canSend(on: stream.line) && stream.encoder.isWanted {
      guard let sender = connection.transceivers[stream.line].sender else { continue }
      stream.encoder.adapt(to: .bitsPerSecond(left), sent: sender.statistics, loss: decision.loss, at: now)
      // No more than its part, so that sound is not harmed.
      padding = padding + min(stream.encoder.adapter?.wantedPadding ?? .zero, .bitsPerSecond(left))
    }
    for stream in simulcast where connection.canSend(on: stream.line) {
      let encodings = connection.transceivers[stream.line].senders
      stream.adapt(to: .bitsPerSecond(left), encodings, loss: decision.loss, at: now)
      if stream.isWanted { padding = padding + min(stream.wantedPadding, .bitsPerSecond(left)) }
    }
    control.setPadding(padding, at: now)
  }

  /// How the streams of video are coded now, by their source.
  func statistics(of connection: borrowing PeerConnection, at now: Instant) -> [UInt32: EncodingStatistics] {
    var result: [UInt32: EncodingStatistics] = [:]
    for stream in video {
      guard let ssrc = connection.transceivers[stream.line].sender?.parameters.ssrc else { continue }
      result[ssrc] = stream.encoder.adapter?.statistics(isWanted: stream.encoder.isWanted, at: now)
    }
    for stream in simulcast {
      for sender in connection.transceivers[stream.line].senders {
        let encoder = stream.encoders[sender.place.encoding]
        result[sender.parameters.ssrc] = encoder.allotment?.statistics(of: encoder.size, at: now)
      }
    }
    return result
  }
}
