public import RTCMedia
import RTCPrimitives
import RTCWire

/// What was negotiated for the packets of one RTP stream.
public struct StreamParameters: Hashable, Sendable {
  public var kind: MediaKind
  public var ssrc: UInt32
  public var payloadType: UInt8
  public var clockRate: UInt32
  /// The identifiers of header extensions; 0 where one was not agreed on.
  public var audioLevelID: UInt8 = 0
  public var captureTimeID: UInt8 = 0
  public var transportSequenceID: UInt8 = 0
  /// Written together with the transport-wide number, when a packet leaves.
  public var sendTimeID: UInt8 = 0
  /// What its packets say of where they belong, where the description does not announce its source.
  public var identity: Identity?
  /// The stream of its retransmissions; `nil` where they travel in the stream itself.
  public var retransmission: RetransmissionStream?

  /// A stream of retransmissions (RFC 4588).
  public struct RetransmissionStream: Hashable, Sendable {
    public var ssrc: UInt32
    public var payloadType: UInt8
  }

  /// The section and the encoding of a stream in its packets (RFC 9143 §15, RFC 8852 §3), as far as the peer reads them.
  public struct Identity: Hashable, Sendable {
    public var mid: MediaIdentification?
    public var rid: RTPStreamID?
    /// Identifiers of the header extensions.
    public var midID: UInt8
    public var ridID: UInt8
    public var repairedID: UInt8
  }

  public init(kind: MediaKind, ssrc: UInt32, payloadType: UInt8, clockRate: UInt32) {
    self.kind = kind
    self.ssrc = ssrc
    self.payloadType = payloadType
    self.clockRate = clockRate
  }

  /// - Parameters:
  ///   - retransmissionSSRC: the source of its retransmissions, if it has one.
  ///   - identity: what the packets say of where they belong, of a source that is not announced.
  init?(
    _ media: NegotiatedMedia, ssrc: UInt32, retransmissionSSRC: UInt32? = nil, identity: Identity? = nil,
    codecs: [RTPCodec]
  ) {
    guard let kind = media.kind, let codec = codecs.first(where: { $0.associatedPayloadType == nil }) else {
      return nil
    }
    self.init(kind: kind, ssrc: ssrc, payloadType: codec.payloadType, clockRate: codec.clockRate)
    audioLevelID = UInt8(media.extensionID(of: AudioLevel.uri) ?? 0)
    captureTimeID = UInt8(media.extensionID(of: AbsoluteCaptureTime.uri) ?? 0)
    transportSequenceID = UInt8(media.extensionID(of: TransportSequenceNumber.uri) ?? 0)
    sendTimeID = UInt8(media.extensionID(of: AbsoluteSendTime.uri) ?? 0)
    self.identity = identity
    // Retransmissions whose source is not announced must say what they repair.
    guard identity?.namesRepairs != false, let retransmissionSSRC else { return }
    if let repair = codecs.first(where: { $0.associatedPayloadType == codec.payloadType }) {
      retransmission = RetransmissionStream(ssrc: retransmissionSSRC, payloadType: repair.payloadType)
    }
  }
}

extension StreamParameters.Identity {
  /// - Parameter rid: the encoding, where encodings are told apart.
  init(_ media: NegotiatedMedia, rid: String?) {
    midID = media.sentExtensionID(of: MediaIdentification.uri)
    ridID = media.sentExtensionID(of: RTPStreamID.uri)
    repairedID = media.sentExtensionID(of: RepairedRTPStreamID.uri)
    if midID > 0, media.mid.utf8.count <= HeaderExtensionMap.largestValue { mid = MediaIdentification(media.mid) }
    if ridID > 0, let rid, rid.utf8.count <= HeaderExtensionMap.largestValue { self.rid = RTPStreamID(rid) }
  }

  /// Whether packets of a stream of retransmissions say which encoding they repair.
  var namesRepairs: Bool { rid != nil && repairedID > 0 }
}

/// A stream that is sent, under the names of W3C webrtc-stats (`outbound-rtp`, `remote-inbound-rtp`).
public struct OutboundStreamStatistics: Hashable, Sendable {
  public var ssrc: UInt32 = 0
  public var kind: MediaKind = .audio
  /// Of an encoding that is named in its packets, with simulcast.
  public var rid: String?
  /// All packets, retransmissions and padding included.
  public var packetsSent = 0
  /// Payload of media and retransmissions, without headers and padding (RFC 3550 §6.4.1). With `headerBytesSent` it is all
  /// that was handed to the transport.
  ///
  /// - Note: Chromium counts here, too, what it repeats as padding.
  public var bytesSent = 0
  /// Headers and padding.
  public var headerBytesSent = 0
  public var retransmittedPacketsSent = 0
  public var retransmittedBytesSent = 0
  /// What was sent only to try a rate: payload that is repeated for nothing else, and empty packets. Part of `headerBytesSent`;
  /// of no packet that is counted as retransmitted, as in libwebrtc.
  public var paddingBytesSent = 0
  /// Payload of all packets, of those too that are repeated as padding: what libwebrtc counts and reports as sent.
  package var payloadBytesSent = 0
  /// Of sound, too, of which reports say none: webrtc-stats has frames, key frames, PLI and FIR of video alone.
  public var framesSent = 0
  public var keyFramesEncoded = 0
  public var nackCount = 0
  public var pliCount = 0
  public var firCount = 0
  /// What the receiver reported last.
  public var packetsReported = 0
  public var remotePacketsLost = 0
  public var fractionLost = 0.0
  public var roundTripTime: Duration?
}

/// A stream that is received, under the names of W3C webrtc-stats (`inbound-rtp`).
public struct InboundStreamStatistics: Hashable, Sendable {
  public var ssrc: UInt32 = 0
  public var kind: MediaKind = .audio
  public var packetsReceived = 0
  public var bytesReceived = 0
  public var packetsExpected = 0
  public var packetsLost = 0
  /// Packets that arrived after they had been asked for.
  public var retransmittedPacketsReceived = 0
  /// Packets that came on a stream of retransmissions; `packetsLost` counts them as lost (RFC 3550 knows one source only).
  public var packetsRepaired = 0
  public var jitter = Duration.zero
  public var nackCount = 0
  public var pliCount = 0
  public var framesReceived = 0
  public var framesDecoded = 0
  public var keyFramesDecoded = 0
  public var framesDropped = 0
  public var freezeCount = 0
  public var totalFreezesDuration = Duration.zero
  public var jitterBufferDelay = Duration.zero
  public var jitterBufferTargetDelay = Duration.zero
  public var jitterBufferEmittedCount = 0

  /// How sound was played.
  public var playout = AudioPlayoutStatistics()
  public var concealedSamples: Int { playout.concealedSamples }
  public var totalSamplesReceived: Int { playout.totalSamplesReceived }

  /// Packets that did not arrive when they were sent first.
  public var packetsLostBeforeRepair: Int { max(0, packetsLost + retransmittedPacketsReceived - packetsRepaired) }
}
