import RTCMedia
import RTCWire

/// One m-section with what is sent and received on it.
public struct Transceiver {
  /// What the descriptions say about it.
  public internal(set) var media: LocalMedia
  /// The direction that was negotiated.
  public internal(set) var direction = MediaDirection.inactive
  public internal(set) var sender: RTPStreamSender?
  public internal(set) var receiver: RTPStreamReceiver?
  /// Whether both ends know that it is stopped; before that it is stopping, and `media.isStopped` alone says so.
  public internal(set) var isStopped = false
  /// What was agreed on for its packets, as long as it receives.
  var expected: NegotiatedMedia?
  /// Whether it exists only because of a remote offer that is not answered yet.
  var isOfOffer = false

  init(_ media: LocalMedia) { self.media = media }

  public var kind: MediaKind { media.kind }

  /// The codecs that we have, with the feedback that we act on.
  ///
  /// With congestion control each video codec has one of retransmissions, too (RFC 4588).
  static func codecs(_ kind: MediaKind, _ configuration: borrowing PeerConnection.Configuration) -> [RTPCodec] {
    let names = configuration.codecs
    let known = (kind == .audio ? Codecs.audio : Codecs.video).filter { names?.contains($0.name) ?? true }
    let isControlled = configuration.congestion != nil
    return known.flatMap { codec -> [RTPCodec] in
      var media = RTPCodec(
        payloadType: codec.payloadType, name: codec.name, clockRate: codec.clockRate,
        channels: codec.channels.map(UInt16.init),
        parameters: codec.formatParameters.isEmpty ? nil : codec.formatParameters,
        feedback: codec.feedback.map { text in
          let words = text.split(separator: " ", maxSplits: 1).map(String.init)
          return RTPCodec.Feedback(words[0], words.count > 1 ? words[1] : nil)
        })
      guard isControlled else { return [media] }
      media.feedback.append(RTPCodec.Feedback("transport-cc"))
      guard kind == .video else { return [media] }
      return [media, .retransmission(of: media)]
    }
  }

  /// The header extensions that we write and read.
  ///
  /// The tag of its section is only read, of sources that the peer does not announce: ours are announced.
  static func headerExtensions(
    _ kind: MediaKind, _ configuration: borrowing PeerConnection.Configuration
  ) -> [HeaderExtensionMap] {
    let tag = HeaderExtensionMap(id: 1, uri: MediaIdentification.uri, direction: .recvonly)
    let captureTime = HeaderExtensionMap(id: 5, uri: AbsoluteCaptureTime.uri)
    // As Chromium writes them: what estimates without transport-wide numbers reads the time.
    let numbers =
      configuration.congestion == nil
      ? []
      : [
        HeaderExtensionMap(id: 3, uri: AbsoluteSendTime.uri),
        HeaderExtensionMap(id: 4, uri: TransportSequenceNumber.uri),
      ]
    switch kind {
    case .audio: return [tag, HeaderExtensionMap(id: 2, uri: AudioLevel.uri)] + numbers + [captureTime]
    case .video: return [tag] + numbers + [captureTime]
    }
  }
}

/// The stream and the transceiver of each source: a small open-addressed table, looked at for every packet.
struct SourceTable<Stream: AnyObject> {
  private var slots: [(ssrc: UInt32, transceiver: Int32, stream: Stream?)] = Array(repeating: (0, -1, nil), count: 8)
  private var count = 0

  func find(_ ssrc: UInt32) -> (transceiver: Int, stream: Stream)? {
    var index = Int(ssrc) & (slots.count - 1)
    while let stream = slots[index].stream {
      if slots[index].ssrc == ssrc { return (Int(slots[index].transceiver), stream) }
      index = (index + 1) & (slots.count - 1)
    }
    return nil
  }

  mutating func insert(_ ssrc: UInt32, transceiver: Int, stream: Stream) {
    if 2 * (count + 1) > slots.count {
      let old = slots
      slots = Array(repeating: (0, -1, nil), count: 2 * old.count)
      count = 0
      for slot in old {
        if let stream = slot.stream { insert(slot.ssrc, transceiver: Int(slot.transceiver), stream: stream) }
      }
    }
    var index = Int(ssrc) & (slots.count - 1)
    while slots[index].stream != nil, slots[index].ssrc != ssrc { index = (index + 1) & (slots.count - 1) }
    if slots[index].stream == nil { count += 1 }
    slots[index] = (ssrc, Int32(transceiver), stream)
  }
}
