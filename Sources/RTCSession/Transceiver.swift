import RTCMedia
import RTCPrimitives
import RTCWire

/// One m-section with what is sent and received on it.
public struct Transceiver {
  /// What the descriptions say about it.
  public internal(set) var media: LocalMedia
  /// The direction that was negotiated.
  public internal(set) var direction = MediaDirection.inactive
  /// One for each encoding that the peer takes, the smallest picture first; empty before anything was agreed on.
  public internal(set) var senders: [RTPStreamSender] = []
  /// One for each encoding that is received, in the order of the description; those whose source is not known yet are `nil`.
  public internal(set) var receivers: [RTPStreamReceiver?] = []
  /// Whether both ends know that it is stopped; before that it is stopping, and `media.isStopped` alone says so.
  public internal(set) var isStopped = false
  /// What was agreed on for its packets, as long as it receives.
  var expected: NegotiatedMedia?
  /// Whether it exists only because of a remote offer that is not answered yet.
  var isOfOffer = false

  init(_ media: LocalMedia) { self.media = media }

  public var kind: MediaKind { media.kind }

  /// The only sender, or that of the smallest picture.
  public var sender: RTPStreamSender? { senders.first }

  /// The only receiver, or that of the first encoding.
  public var receiver: RTPStreamReceiver? { receivers.first ?? nil }

  /// The sender of an encoding, by its number among those that there could be; `nil` where the peer does not take it.
  public func sender(of encoding: Int) -> RTPStreamSender? {
    if senders.indices.contains(encoding), senders[encoding].place.encoding == encoding { return senders[encoding] }
    return senders.first { $0.place.encoding == encoding }
  }

  /// The receiver of an encoding; `nil` before its source is known.
  func receiver(of encoding: Int) -> RTPStreamReceiver? {
    receivers.indices.contains(encoding) ? receivers[encoding] : nil
  }

  /// When one of its receivers has something to ask for.
  var nextRepair: Instant? { receivers.lazy.compactMap { $0?.nextTimeout }.min() }

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
  /// The tag of its section is only read, of sources that the peer does not announce: ours are announced, unless several
  /// encodings are sent.
  /// - Parameter simulcast: the direction in which there may be several encodings; `inactive` for none.
  static func headerExtensions(
    _ kind: MediaKind, _ configuration: borrowing PeerConnection.Configuration, simulcast: MediaDirection = .inactive
  ) -> [HeaderExtensionMap] {
    let tag = HeaderExtensionMap(
      id: 1, uri: MediaIdentification.uri, direction: simulcast.sends ? nil : .recvonly)
    let direction = simulcast == .sendrecv ? nil : simulcast
    let encodings = [
      HeaderExtensionMap(id: 10, uri: RTPStreamID.uri, direction: direction),
      HeaderExtensionMap(id: 11, uri: RepairedRTPStreamID.uri, direction: direction),
    ]
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
    case .video: return [tag] + numbers + [captureTime] + (simulcast == .inactive ? [] : encodings)
    }
  }
}
