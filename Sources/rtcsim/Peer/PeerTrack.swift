import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimSessions

/// What the peer sends on one transceiver: decoded as it is played, recorded where that is wanted.
final class PeerTrack {
  let line: Int
  let kind: MediaKind
  /// Another one when the peer sends the same from another source.
  var receiver: RTPStreamReceiver
  /// Which of several encodings it is; `nil` for one that is alone.
  var rid: String? { receiver.rid }
  private(set) var framesDecoded = 0
  private(set) var decodingErrors = 0
  private(set) var lastDecodingError: CodecError?
  private(set) var picture: VideoFrame?
  private(set) var matcher: PictureMatcher?
  private var videoDecoder: VP8Decoder?
  private var audio: AudioRenderer?
  /// `nil` where nothing is recorded.
  private var path: String?
  private var pictures: IVFRecording?
  private var sounds: WAVRecording?

  /// - Parameter path: Where the track is recorded, without what names the format.
  init(
    line: Int, receiver: RTPStreamReceiver, expecting expected: PictureMatcher?, path: String?
  ) throws(CodecError) {
    self.line = line
    self.receiver = receiver
    self.path = path
    kind = receiver.parameters.kind
    switch kind {
    case .video:
      videoDecoder = try VP8Decoder()
      matcher = expected
    case .audio: audio = try AudioRenderer()
    }
  }

  /// Decodes and shows a picture.
  ///
  /// - Returns: Whether it could be decoded.
  func show(_ playout: VideoJitterBuffer.Playout) throws(FileError) -> Bool {
    var decoded = picture ?? VideoFrame(width: 2, height: 2)
    do throws(CodecError) {
      guard try videoDecoder?.decode(playout.frame.bytes.span, into: &decoded) == true else { return true }
    } catch {
      note(error)
      return false
    }
    framesDecoded += 1
    picture = decoded
    try record(playout.frame, decoded)
    if playout.isRendered { matcher?.compare(decoded) }
    return true
  }

  /// Decodes and plays 20 ms of sound, or makes them up.
  func playSound(at now: Instant) throws(FileError) {
    guard receiver.hasBegun else { return }
    while let step = receiver.nextAudio(at: now) {
      do throws(CodecError) {
        switch step {
        case .packet(let packet, let stretch, _):
          let change = try audio?.decode(receiver.bytes(of: packet).span, stretch: stretch)
          framesDecoded += 1
          receiver.stretched(by: change ?? 0, at: now)
        case .concealment(let next):
          let bytes = next.map { receiver.bytes(of: $0) }
          try audio?.conceal(before: bytes?.span)
        case .silence: audio?.fallSilent()
        }
      } catch {
        note(error)
      }
    }
    guard let sound = audio?.next() else { return }
    if let path, sounds == nil { sounds = try WAVRecording(path: path + ".wav") }
    try sounds?.append(sound)
  }

  /// Puts the recording in its place.
  func finish() throws(FileError) {
    try pictures.take()?.finish()
    try sounds.take()?.finish()
    path = nil
  }

  private func note(_ error: CodecError) {
    decodingErrors += 1
    lastDecodingError = error
  }

  private func record(_ frame: AssembledFrame, _ decoded: VideoFrame) throws(FileError) {
    if let path, pictures == nil, frame.isKeyFrame {
      pictures = try IVFRecording(path: path + ".ivf", width: decoded.width, height: decoded.height)
    }
    try pictures?.append(frame)
  }
}
