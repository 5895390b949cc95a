import RTCPrimitives

/// Measures a cluster of probes: at which rate it left and at which it came.
///
/// - SeeAlso: libwebrtc probe_bitrate_estimator.cc, whose constants these are
struct ProbeBitrateEstimator: Sendable {
  private struct Cluster {
    let id: ProbeCluster.ID
    let minimum: (packets: Double, bytes: Double)
    var packets = 0
    var bytes = 0
    var sent = Edge()
    var received = Edge()
  }

  /// The first and the last of some times in milliseconds, with the sizes of those packets.
  private struct Edge {
    var first = (time: Double.infinity, bytes: 0)
    var last = (time: -Double.infinity, bytes: 0)

    mutating func insert(_ time: Double, _ bytes: Int) {
      if time < first.time { first = (time, bytes) }
      if time > last.time { last = (time, bytes) }
    }

    var interval: Double { last.time - first.time }
  }

  private var clusters: [Cluster] = []

  /// So much of a cluster must have come.
  private static let requiredShare = 0.8
  /// Milliseconds; more is no burst.
  private static let longestInterval = 1000.0
  /// A receive rate further above the send rate is nonsense.
  private static let highestRatio = 2.0
  /// Below this share of the send rate the link is saturated, and a little less than what it carried is the result.
  private static let saturation = 0.9
  private static let saturatedShare = 0.95
  /// Older clusters are forgotten (here by number; libwebrtc: a second after their last packet).
  private static let clusterLimit = 8

  init() {}

  /// Clusters that are handed out are announced, so that their size is known.
  mutating func announce(_ probe: ProbeCluster) {
    if clusters.count >= Self.clusterLimit { clusters.removeFirst() }
    let bytes = Double(probe.rate.size(in: probe.duration).bytes)
    clusters.append(
      Cluster(
        id: probe.id, minimum: (Double(probe.packets) * Self.requiredShare, bytes * Self.requiredShare)))
  }

  /// Times are milliseconds of the sender's and the receiver's clocks.
  ///
  /// - Returns: the rate that the cluster shows so far, if it says anything.
  mutating func insert(_ id: ProbeCluster.ID, sent: Double, received: Double, bytes: Int) -> DataRate? {
    guard let index = clusters.lastIndex(where: { $0.id == id }) else { return nil }
    clusters[index].packets += 1
    clusters[index].bytes += bytes
    clusters[index].sent.insert(sent, bytes)
    clusters[index].received.insert(received, bytes)
    return Self.result(of: clusters[index])
  }

  private static func result(of cluster: Cluster) -> DataRate? {
    guard Double(cluster.packets) >= cluster.minimum.packets, Double(cluster.bytes) >= cluster.minimum.bytes else {
      return nil
    }
    let (sendTime, receiveTime) = (cluster.sent.interval, cluster.received.interval)
    guard sendTime > 0, sendTime <= longestInterval, receiveTime > 0, receiveTime <= longestInterval else { return nil }
    // The last packet's own time is not in the interval of departures, the first one's not in that of arrivals.
    let sendRate = Double(cluster.bytes - cluster.sent.last.bytes) * 8000 / sendTime
    let receiveRate = Double(cluster.bytes - cluster.received.first.bytes) * 8000 / receiveTime
    guard sendRate > 0, receiveRate / sendRate <= highestRatio else { return nil }
    guard receiveRate < saturation * sendRate else { return DataRate(saturating: min(sendRate, receiveRate)) }
    return DataRate(saturating: saturatedShare * receiveRate)
  }
}
