import RTCPrimitives

/// What one direction of a link saw in a window of time.
public struct LinkMeasurement: Hashable, Sendable {
  public private(set) var begin: Instant
  public private(set) var end: Instant
  /// How long the packets that entered in the window waited before their service began, those that were dropped apart.
  public private(set) var queueingDelay: DurationHistogram
  /// Bytes of IP packets that left in the window.
  public private(set) var carried: DataSize
  /// Packets that were sent into the link, and those of them that the queue dropped or the link lost at random.
  public private(set) var offeredPackets: Int64
  public private(set) var queueDrops: Int64
  public private(set) var lostPackets: Int64

  init(from begin: Instant, to end: Instant, _ statistics: LinkStatistics, _ queueingDelay: DurationHistogram) {
    self.begin = begin
    self.end = end
    self.queueingDelay = queueingDelay
    carried = .bytes(Int(statistics.carriedBytes))
    offeredPackets = statistics.offeredPackets
    queueDrops = statistics.queueDrops
    lostPackets = statistics.lostPackets
  }

  /// The mean over the window.
  public var rate: DataRate { carried.rate(over: end - begin) }

  /// Adds the window that follows.
  ///
  /// - Precondition: it begins where this one ends.
  public mutating func append(_ next: LinkMeasurement) {
    precondition(next.begin == end, "a window follows the one before")
    end = next.end
    queueingDelay.merge(next.queueingDelay)
    carried += next.carried
    offeredPackets += next.offeredPackets
    queueDrops += next.queueDrops
    lostPackets += next.lostPackets
  }
}

/// Counts for the next measurement of a link.
struct LinkMeter: Sendable {
  private(set) var begin: Instant
  private var delays = DurationHistogram()
  /// What the link's own counters said when the window began.
  private var base: LinkStatistics

  init(at now: Instant, _ statistics: LinkStatistics) {
    begin = now
    base = statistics
  }

  mutating func note(waiting nanoseconds: Int64) { delays.insert(nanoseconds: nanoseconds) }

  /// The link's own counters begin anew.
  mutating func noteReset(of statistics: LinkStatistics) { base = base - statistics }

  func measurement(at now: Instant, _ statistics: LinkStatistics) -> LinkMeasurement {
    LinkMeasurement(from: begin, to: now, statistics - base, delays)
  }
}

extension LinkStatistics {
  fileprivate static func - (left: LinkStatistics, right: LinkStatistics) -> LinkStatistics {
    var result = left
    result.offeredPackets -= right.offeredPackets
    result.carriedPackets -= right.carriedPackets
    result.carriedBytes -= right.carriedBytes
    result.queueDrops -= right.queueDrops
    result.lostPackets -= right.lostPackets
    result.queueingDelay -= right.queueingDelay
    return result
  }
}

/// Measuring links: windows that whoever runs the simulation takes between two runs of it.
extension Network {
  /// Begins a window of measurement at one direction of a link.
  public func beginMeasurement(of id: AttachmentID, _ direction: LinkDirection) {
    withLink(of: id, direction) { $0.beginMeasurement(at: simulation.now) }
  }

  /// What was measured since the last time, or since the beginning of the measurement; the next window begins.
  ///
  /// - Precondition: a measurement was begun.
  public func takeMeasurement(of id: AttachmentID, _ direction: LinkDirection) -> LinkMeasurement {
    withLink(of: id, direction) { link in
      guard let measurement = link.takeMeasurement(at: simulation.now) else {
        preconditionFailure("a measurement begins before it is taken")
      }
      return measurement
    }
  }

  /// How long a packet would wait that entered a link now.
  public func queueingDelay(of id: AttachmentID, _ direction: LinkDirection) -> Duration {
    withLink(of: id, direction) { $0.queueingDelay(at: simulation.now) }
  }

  func withLink<Result>(
    of id: AttachmentID, _ direction: LinkDirection, _ body: (inout Link) -> Result
  ) -> Result {
    switch direction {
    case .up: body(&attachments[id.index].uplink)
    case .down: body(&attachments[id.index].downlink)
    }
  }
}
