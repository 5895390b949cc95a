import RTCPrimitives

/// Sends clusters of probes: one after the other, each at its rate, in pieces of 2 ms.
///
/// A cluster begins with a packet of media, and is given up when none has come within a second.
/// - Note: Numbers as in libwebrtc's `bitrate_prober`: pieces of at least 2 ms, first packet of at least 200 bytes, at most
///   1 s in the queue, given up 20 ms late.
struct Prober: Sendable {
  private struct Active: Sendable {
    var cluster: ProbeCluster
    var createdAt: Instant
    var startedAt: Instant?
    var sentBytes = 0
    var sentPackets = 0

    var isComplete: Bool {
      sentPackets >= cluster.packets && sentBytes >= cluster.rate.size(in: cluster.duration).bytes
    }
  }

  private static let piece = Duration.milliseconds(2)
  private static let smallestFirst = 200
  private static let timeInQueue = Duration.seconds(1)
  private static let largestDelay = Duration.milliseconds(20)

  private var clusters: [Active] = []
  private var isActive = false

  var current: ProbeCluster.ID? { isActive ? clusters.first?.cluster.id : nil }

  /// What is to be sent at once for the current probe.
  var recommendedSize: DataSize? {
    guard isActive, let first = clusters.first else { return nil }
    return max(.bytes(1), first.cluster.rate.size(in: Self.piece))
  }

  mutating func add(_ cluster: ProbeCluster, at now: Instant) {
    clusters.removeAll { $0.startedAt == nil && now - $0.createdAt > Self.timeInQueue }
    clusters.append(Active(cluster: cluster, createdAt: now))
  }

  /// A packet of media has come, with which probing may begin.
  mutating func noteMedia(_ size: DataSize) {
    guard !isActive, let first = clusters.first else { return }
    let smallest = min(first.cluster.rate.size(in: Self.piece).bytes, Self.smallestFirst)
    if size.bytes >= smallest { isActive = true }
  }

  /// Begins without media.
  mutating func begin() { if !clusters.isEmpty { isActive = true } }

  /// When the next packet of a probe is due.
  mutating func nextProbe(at now: Instant) -> Instant? {
    guard isActive else { return nil }
    while let first = clusters.first {
      guard let started = first.startedAt else { return now }
      let due = started + first.cluster.rate.time(for: .bytes(first.sentBytes))
      if now - due <= Self.largestDelay { return due }
      // The sender could not keep up: the result would say nothing.
      clusters.removeFirst()
    }
    isActive = false
    return nil
  }

  /// Notes what was sent as part of the current cluster, and gives its identity.
  mutating func sent(_ size: DataSize, at now: Instant) -> ProbeCluster.ID? {
    guard isActive, !clusters.isEmpty else { return nil }
    if clusters[0].startedAt == nil { clusters[0].startedAt = now }
    clusters[0].sentBytes += size.bytes
    clusters[0].sentPackets += 1
    let id = clusters[0].cluster.id
    if clusters[0].isComplete {
      clusters.removeFirst()
      if clusters.isEmpty { isActive = false }
    }
    return id
  }
}
