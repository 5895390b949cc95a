public import RTCPrimitives

/// A coded frame as its receiver put it together.
public struct AssembledFrame: Hashable, Sendable {
  public let isKeyFrame: Bool
  /// The capture time in RTP clock ticks.
  public let rtpTimestamp: UInt32
  public let firstSequenceNumber: SequenceNumber
  public let lastSequenceNumber: SequenceNumber
  public let packetCount: Int
  /// The size of the coded frame, without payload descriptors.
  public let size: DataSize
  /// The coded frame; empty when any part of it was elided.
  public let bytes: [UInt8]
  /// When the first of its packets arrived.
  public let firstArrival: Instant
  /// When the last missing packet of it arrived.
  public let completion: Instant
}
