import RTCMedia
import RTCPrimitives
import RTCSession

/// One track that a node plays: decoders where media is real, and what its listener experiences.
final class RemoteTrack {
  let connection: Connection
  let transceiver: Int
  let kind: MediaKind
  let receiver: RTPStreamReceiver
  /// Whose media it is, as far as it is one participant's.
  let source: String
  @exclusivity(unchecked) private(set) var latency = DurationHistogram()
  @exclusivity(unchecked) private(set) var freezes = FreezeDetector()
  @exclusivity(unchecked) private(set) var framesRendered = 0
  var videoDecoder: VP8Decoder?
  var audioDecoder: OpusDecoder?
  /// The picture that is shown, and what is heard, where media is real.
  var picture: VideoFrame?
  var sound: AudioFrame?
  /// When the first frame was shown or heard.
  @exclusivity(unchecked) private(set) var firstRender: Instant?
  /// The capture time of what is shown or heard.
  @exclusivity(unchecked) var captureTime: Instant?

  init(_ connection: Connection, transceiver: Int, receiver: RTPStreamReceiver, source: String, mode: MediaMode) {
    self.connection = connection
    self.transceiver = transceiver
    self.receiver = receiver
    self.source = source
    kind = receiver.parameters.kind
    guard mode == .real else { return }
    do {
      switch kind {
      case .video: videoDecoder = try VP8Decoder()
      case .audio: audioDecoder = try OpusDecoder()
      }
    } catch {
      preconditionFailure("the codec libraries have decoders: \(error)")
    }
  }

  /// Fetches what playing sound touches into the cache.
  func prefetch() {
    RTCPrimitives.prefetch(self, bytes: 192)
    RTCPrimitives.prefetch(receiver, bytes: 448)
  }

  /// Its sender leaves it out on purpose, or goes on.
  func setSuspended(_ isSuspended: Bool, at now: Instant) {
    if isSuspended { freezes.suspend(at: now) } else { freezes.resume(at: now) }
  }

  /// Notes that a frame captured at `captured` is shown or heard at `now`.
  func rendered(at now: Instant, captured: Instant?, isMeasured: Bool) {
    framesRendered += 1
    if firstRender == nil { firstRender = now }
    captureTime = captured
    if kind == .video { freezes.rendered(at: now) }
    if isMeasured, let captured, now >= captured { latency.insert(nanoseconds: now.nanoseconds - captured.nanoseconds) }
  }

  /// Decodes a coded picture; false when it cannot be decoded.
  func decodeVideo(_ bytes: [UInt8]) -> Bool {
    var frame = picture ?? VideoFrame(width: 2, height: 2)
    guard (try? videoDecoder?.decode(bytes.span, into: &frame)) == true else { return false }
    picture = frame
    return true
  }

  /// Decodes a coded packet of sound, or makes one up.
  func decodeAudio(_ bytes: [UInt8]?) {
    var frame = sound ?? AudioFrame()
    do {
      if let bytes {
        try audioDecoder?.decode(bytes.span, into: &frame)
      } else {
        try audioDecoder?.conceal(into: &frame)
      }
      sound = frame
    } catch {
      sound = AudioFrame()
    }
  }
}
