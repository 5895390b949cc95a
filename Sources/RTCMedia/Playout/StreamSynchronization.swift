import RTCPrimitives

/// Makes sound and picture that were captured together play together.
///
/// Once a second the mean offset becomes smaller by half of itself, at most by 80 ms: the extra delay of the stream that
/// waits too long is taken back, and after it the other stream waits. Offsets below 30 ms are left alone.
///
/// - Note: The constants are those of libwebrtc's `StreamSynchronization`.
public struct StreamSynchronization: Sendable {
  /// The least delays that the jitter buffers have to aim at.
  public private(set) var audioDelay = Duration.zero
  public private(set) var videoDelay = Duration.zero
  private var meanOffset: Int64 = 0

  /// How often the offset is looked at.
  public static let interval = Duration.seconds(1)
  private static let filterLength: Int64 = 4
  private static let leastOffset: Int64 = 30_000_000
  private static let largestChange: Int64 = 80_000_000
  private static let largestDelay: Int64 = 3_000_000_000
  /// What is further apart was not captured together, whatever its sender says.
  private static let farAway: UInt64 = 10_000_000_000

  public init() {}

  /// Learns by how much pictures are shown later than the sound that was captured with them is heard.
  public mutating func note(offset: Duration) {
    let offset = offset.nanoseconds
    guard offset.magnitude <= Self.farAway else { return }
    meanOffset = ((Self.filterLength - 1) * meanOffset + offset) / Self.filterLength
    guard abs(meanOffset) >= Self.leastOffset else { return }
    let change = max(-Self.largestChange, min(Self.largestChange, meanOffset / 2))
    // The next offsets are those after the change.
    meanOffset = 0
    if change > 0 {
      Self.shift(change, from: &videoDelay, to: &audioDelay)
    } else {
      Self.shift(-change, from: &audioDelay, to: &videoDelay)
    }
  }

  private static func shift(_ change: Int64, from early: inout Duration, to late: inout Duration) {
    if early > .zero {
      early = .nanoseconds(max(0, early.nanoseconds - change))
    } else {
      late = .nanoseconds(min(largestDelay, late.nanoseconds + change))
    }
  }
}
