/// Counters under their W3C webrtc-stats names; samples per channel.
public struct AudioPlayoutStatistics: Hashable, Sendable {
  /// Samples that were played, wherever they came from.
  public internal(set) var totalSamplesReceived = 0
  /// Samples of packets.
  public private(set) var jitterBufferEmittedCount = 0
  /// Samples that were made up, those that had faded out, and how often it began.
  public private(set) var concealedSamples = 0
  public private(set) var silentConcealedSamples = 0
  public private(set) var concealmentEvents = 0
  /// Samples of the pauses that the sender announced; this one is ours.
  public internal(set) var comfortNoiseSamples = 0
  public internal(set) var insertedSamplesForDeceleration = 0
  public internal(set) var removedSamplesForAcceleration = 0
  public internal(set) var packetsDiscarded = 0
  private var waited: Int64 = 0
  private var aimedAt: Int64 = 0
  private var necessary: Int64 = 0

  private static let samples = AudioFrame.samplesPerChannel

  /// The sum over samples of packets of the time from arrival to playout.
  public var jitterBufferDelay: Duration { .nanoseconds(waited) * Self.samples }
  /// The sum over samples of packets of the wait aimed at.
  public var jitterBufferTargetDelay: Duration { .nanoseconds(aimedAt) * Self.samples }
  /// The same without what other streams ask for.
  public var jitterBufferMinimumDelay: Duration { .nanoseconds(necessary) * Self.samples }

  public init() {}

  /// Counts a packet; times are in nanoseconds.
  mutating func noteEmitted(waited: Int64, target: Int64, minimum: Int64) {
    jitterBufferEmittedCount += Self.samples
    self.waited += waited
    aimedAt += target
    necessary += minimum
  }

  /// Counts 20 ms after another that were made up and had faded out.
  mutating func noteSilence(ticks: Int) {
    totalSamplesReceived += ticks * Self.samples
    concealedSamples += ticks * Self.samples
    silentConcealedSamples += ticks * Self.samples
  }

  mutating func noteConcealed(isFirst: Bool, isSilent: Bool) {
    concealedSamples += Self.samples
    if isFirst { concealmentEvents += 1 }
    if isSilent { silentConcealedSamples += Self.samples }
  }
}
