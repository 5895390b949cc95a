public import RTCPrimitives

/// Where a frame stands among the temporal layers of its stream.
///
/// - SeeAlso: RFC 7741 §4.2, whose terms are TID, Y and N
public struct TemporalLayer: Hashable, Sendable {
  /// Which layer, 0 ... 3; a frame refers to none of a higher one.
  public var id: UInt8
  /// Whether a receiver of lower layers may begin with this layer here: beside the base layer the frame needs nothing.
  public var isSwitchingPoint: Bool
  /// Whether no other frame refers to it.
  public var isDiscardable: Bool

  @inlinable public init(id: UInt8, isSwitchingPoint: Bool, isDiscardable: Bool) {
    self.id = id
    self.isSwitchingPoint = isSwitchingPoint
    self.isDiscardable = isDiscardable
  }

  /// Where a key frame stands, from which every layer goes on; libwebrtc sets Y there.
  public static let keyFrame = TemporalLayer(id: 0, isSwitchingPoint: true, isDiscardable: false)
}

/// One coded picture or 20 ms of coded sound, as an encoder describes it.
///
/// Like a `Datagram`, the coded bytes are a true prefix that is stored (a range of the buffer that the encoder appended
/// to) and a rest that is only counted. A real codec and a modelled one in `wire` fidelity store everything; a modelled
/// one in `model` fidelity stores only the payload header.
public struct EncodedFrame: Hashable, Sendable {
  /// Whether it can be decoded without any other; always true for sound.
  public var isKeyFrame: Bool
  /// The bytes that exist, in the encoder's output buffer.
  public var stored: Range<Int>
  /// How many bytes follow `stored` without existing.
  public var elided: Int
  /// The capture time in units of the codec's RTP clock.
  public var rtpTimestamp: UInt32
  public var captureTime: Instant
  /// `nil` when the stream has no temporal layers.
  public var temporalLayer: TemporalLayer?

  @inlinable public init(
    isKeyFrame: Bool, stored: Range<Int>, elided: Int = 0, rtpTimestamp: UInt32, captureTime: Instant,
    temporalLayer: TemporalLayer? = nil
  ) {
    self.isKeyFrame = isKeyFrame
    self.stored = stored
    self.elided = elided
    self.rtpTimestamp = rtpTimestamp
    self.captureTime = captureTime
    self.temporalLayer = temporalLayer
  }

  /// The size of the whole coded frame.
  @inlinable public var size: DataSize { .bytes(stored.count + elided) }
}
