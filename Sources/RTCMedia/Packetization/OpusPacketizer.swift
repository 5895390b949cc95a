/// Puts Opus packets into RTP payloads: one is one, without any header.
///
/// - SeeAlso: RFC 7587 §4.2
public struct OpusPacketizer: Sendable {
  private var expectedTimestamp: UInt32?

  public init() {}

  /// The payload is the frame's bytes; what remains to be told is the marker bit.
  ///
  /// - Returns: whether the frame begins a talk spurt: it is the first, or discontinuous transmission left some out
  ///   before it (RFC 7587 §4.1, RFC 3551 §4.1).
  public mutating func marker(of frame: EncodedFrame) -> Bool {
    defer { expectedTimestamp = frame.rtpTimestamp &+ UInt32(AudioFrame.samplesPerChannel) }
    return expectedTimestamp != frame.rtpTimestamp
  }
}
