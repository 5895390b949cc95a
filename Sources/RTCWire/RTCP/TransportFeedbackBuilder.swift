import RTCPrimitives

/// Builds transport-wide feedback from arrival times, packet by packet.
public struct TransportFeedbackBuilder: Sendable {
  /// What has been built so far.
  public private(set) var feedback: TransportFeedback
  /// The last arrival as the reader of the feedback will understand it, in steps since `Instant.start`.
  private var lastArrival: Int64

  /// Begins feedback whose first status is about `base`, with the reference time of `firstArrival`.
  ///
  /// - Parameter count: about how many statuses there will be.
  public init(
    senderSSRC: UInt32, mediaSSRC: UInt32, feedbackPacketCount: UInt8, base: SequenceNumber, firstArrival: Instant,
    expecting count: Int = 0
  ) {
    let unit = TransportFeedback.referenceUnit.nanoseconds
    let (quotient, rest) = firstArrival.nanoseconds.quotientAndRemainder(dividingBy: unit)
    let reference = rest < 0 ? quotient - 1 : quotient
    lastArrival = reference * (unit / TransportFeedback.step.nanoseconds)
    feedback = TransportFeedback(
      senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, baseSequenceNumber: base,
      referenceTime: Int32(truncatingIfNeeded: (reference << 40) >> 40), feedbackPacketCount: feedbackPacketCount,
      statuses: [])
    feedback.statuses.reserveCapacity(count)
  }

  /// Adds a packet that arrived; those between the last one and this one count as not received.
  ///
  /// Rounding errors do not add up.
  /// - Returns: `false`, with nothing changed, when the packet is not ahead of the last one or its time is too far
  ///   from the last one's. It then needs feedback of its own.
  public mutating func append(_ number: SequenceNumber, arrivedAt arrival: Instant) -> Bool {
    let next = feedback.baseSequenceNumber + feedback.statuses.count
    let gap = number.distance(from: next)
    guard gap >= 0, feedback.statuses.count + gap < Int(UInt16.max) else { return false }
    let step = TransportFeedback.step.nanoseconds
    let rounded = arrival.nanoseconds + step / 2
    let time = rounded >= 0 ? rounded / step : (rounded - step + 1) / step
    guard let steps = Int16(exactly: time - lastArrival) else { return false }
    feedback.statuses.append(contentsOf: repeatElement(.notReceived, count: gap))
    feedback.statuses.append(.received(steps: steps))
    lastArrival = time
    return true
  }
}
