import RTCMedia
import RTCPrimitives

/// A small pacer: bursts of 40 ms, probes and padding. The product's pacer is another one.
struct BenchPacer {
  private var queue: [DataSize] = []
  private var head = 0
  private var debt = 0.0
  private var paddingDebt = 0.0
  private var updatedAt = Instant.start
  private var clusters: [(cluster: ProbeCluster, started: Instant?, bytes: Int, packets: Int)] = []
  private var hasMedia = false

  /// libwebrtc pacing_controller.h
  private static let burst = 0.040
  /// min_probe_delta
  private static let probeStep = 0.002
  private static let paddingSize = DataSize.bytes(1100)

  mutating func enqueue(_ sizes: [DataSize]) {
    queue += sizes
    hasMedia = true
  }

  mutating func add(_ probes: [ProbeCluster]) { clusters += probes.map { ($0, nil, 0, 0) } }

  var queuedBytes: Int { queue[head...].reduce(0) { $0 + $1.bytes } }

  private mutating func pop() -> DataSize? {
    guard head < queue.count else { return nil }
    defer {
      head += 1
      if head > 512 {
        queue.removeFirst(head)
        head = 0
      }
    }
    return queue[head]
  }

  /// What leaves now; the pacer wants to be asked again every 5 ms, and every 1 ms while it probes.
  mutating func take(at now: Instant, _ decision: CongestionDecision) -> [(DataSize, ProbeCluster.ID?)] {
    let elapsed = (now - updatedAt).inSeconds
    updatedAt = now
    let pacing = Double(decision.pacingRate.bitsPerSecond) / 8
    let padding = Double(decision.paddingRate.bitsPerSecond) / 8
    debt = max(0, debt - pacing * elapsed)
    paddingDebt = min(max(0, paddingDebt - padding * elapsed), padding * 0.5)
    var left: [(DataSize, ProbeCluster.ID?)] = []
    takeProbes(at: now, into: &left)
    // While it probes everything belongs to the probe, or its interval would hold other packets, too.
    while clusters.isEmpty || !hasMedia, debt < pacing * Self.burst, let size = pop() {
      left.append((size, nil))
      debt += Double(size.bytes)
    }
    for (size, id) in left {
      paddingDebt += Double(size.bytes)
      if id != nil { debt += Double(size.bytes) }
    }
    if hasMedia, head == queue.count, padding > 0, paddingDebt == 0 {
      left.append((Self.paddingSize, nil))
      paddingDebt += Double(Self.paddingSize.bytes)
    }
    return left
  }

  private mutating func takeProbes(at now: Instant, into left: inout [(DataSize, ProbeCluster.ID?)]) {
    guard hasMedia, let (cluster, started, soFar, count) = clusters.first else { return }
    var (bytes, packets) = (soFar, count)
    let rate = Double(cluster.rate.bitsPerSecond) / 8
    let start = started ?? now
    guard Double(bytes) / rate <= (now - start).inSeconds else { return }
    var step = 0.0
    repeat {
      let size = pop() ?? Self.paddingSize
      left.append((size, cluster.id))
      bytes += size.bytes
      packets += 1
      step += Double(size.bytes)
    } while step < rate * Self.probeStep
    let isDone = packets >= cluster.packets && Double(bytes) >= rate * cluster.duration.inSeconds
    if isDone { clusters.removeFirst() } else { clusters[0] = (cluster, start, bytes, packets) }
  }
}
