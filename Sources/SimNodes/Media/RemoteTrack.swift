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
  /// By how much pictures are shown earlier or later than the sound that was captured with them is heard.
  @exclusivity(unchecked) private(set) var offsets = DurationHistogram()
  var videoDecoder: VP8Decoder?
  @exclusivity(unchecked) private var audio: AudioRenderer?
  /// The picture that is shown, and what is heard, where media is real.
  var picture: VideoFrame?
  @exclusivity(unchecked) var sound: AudioFrame?
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
      case .audio: audio = try AudioRenderer()
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

  /// Adds a piece to the sound that is ready to be played.
  func play(_ step: AudioJitterBuffer.Step, at now: Instant) {
    var change = 0
    switch step {
    case .packet(let packet, let stretch, _):
      change = audio == nil ? stretch?.modelledChange ?? 0 : decode(packet, stretch)
    case .concealment(let next):
      let bytes = audio == nil ? nil : next.map { receiver.bytes(of: $0) }
      // The decoder refuses what it cannot read; silence takes its place.
      try? audio?.conceal(before: bytes?.span)
    case .silence: audio?.fallSilent()
    }
    receiver.stretched(by: change, at: now)
  }

  private func decode(_ packet: AudioJitterBuffer.Packet, _ stretch: TimeStretch?) -> Int {
    (try? audio?.decode(receiver.bytes(of: packet).span, stretch: stretch)) ?? 0
  }

  /// Takes the next 20 ms of the sound, where it is real.
  func hear() { if let next = audio?.next() { sound = next } }

  /// What was decoded last, before it was stretched; `nil` where media is modelled.
  var decodedSound: AudioFrame? { audio?.decoded }

  /// Compares the latency of a picture that was shown with that of the sound.
  func noteOffset(at now: Instant, captured: Instant?) {
    guard let captured, let heard = receiver.companionLatency else { return }
    offsets.insert(nanoseconds: abs((now - captured).nanoseconds &- heard.nanoseconds))
  }
}
