public import RTCPrimitives

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

  @inlinable public init(
    isKeyFrame: Bool, stored: Range<Int>, elided: Int = 0, rtpTimestamp: UInt32, captureTime: Instant
  ) {
    self.isKeyFrame = isKeyFrame
    self.stored = stored
    self.elided = elided
    self.rtpTimestamp = rtpTimestamp
    self.captureTime = captureTime
  }

  /// The size of the whole coded frame.
  @inlinable public var size: DataSize { .bytes(stored.count + elided) }
}
