import RTCPrimitives

/// What the encodings and temporal layers of one source take on the wire, measured where they arrive.
package struct LayerMeter: Sendable {
  package static let largestEncodingCount = 4
  package static let largestLayerCount = 4
  private static let buckets = 8
  private static let bucketLength: Int64 = 250_000_000
  /// Without a packet for so long an encoding is not sent.
  private static let patience = Duration.milliseconds(400)
  /// Nor is it when so many frames of another one have begun in the meantime, for all are of one camera: fewer may be left out
  /// to keep a rate. Where everything is late together, this does not count.
  private static let framesMissed: Int32 = 6
  /// So long after a key frame, which may take the bits of many others, frames that are left out say nothing.
  private static let recovery = Duration.seconds(2)

  /// One encoding.
  private struct Meter: Sendable {
    /// Bytes of each layer in each quarter of a second.
    var bytes = [Int32](repeating: 0, count: buckets * largestLayerCount)
    var newest: Int64 = 0
    var first: Int64?
    var lastArrival = Instant.start
    /// How many frames of each of the others have begun since.
    var missed = SIMD4<Int32>.zero
    var lastKeyFrame = Instant.start
    var layers = 1
    /// The rates of its layers when they were known last, each with those below.
    var known = [DataRate?](repeating: nil, count: largestLayerCount)
  }

  private var meters = [Meter](repeating: Meter(), count: largestEncodingCount)

  package init() {}

  /// Counts a packet, with every header.
  ///
  /// - Returns: whether it shows that another encoding is not sent any more.
  @discardableResult
  package mutating func note(
    _ size: DataSize, encoding: Int, temporal: Int, startsFrame: Bool = false, startsKeyFrame: Bool = false,
    at now: Instant
  ) -> Bool {
    guard meters.indices.contains(encoding), (0..<Self.largestLayerCount).contains(temporal) else { return false }
    let bucket = now.nanoseconds / Self.bucketLength
    if !isSent(encoding, at: now) { meters[encoding].first = nil }
    if meters[encoding].first == nil {
      meters[encoding].first = bucket
      meters[encoding].newest = bucket
      for index in meters[encoding].bytes.indices { meters[encoding].bytes[index] = 0 }
    }
    while meters[encoding].newest < bucket {
      meters[encoding].newest += 1
      let begin = Int(meters[encoding].newest % Int64(Self.buckets)) * Self.largestLayerCount
      for index in begin..<begin + Self.largestLayerCount { meters[encoding].bytes[index] = 0 }
    }
    let index = Int(bucket % Int64(Self.buckets)) * Self.largestLayerCount + temporal
    meters[encoding].bytes[index] += Int32(truncatingIfNeeded: size.bytes)
    meters[encoding].lastArrival = now
    meters[encoding].missed = .zero
    if startsKeyFrame { meters[encoding].lastKeyFrame = now }
    if temporal >= meters[encoding].layers { meters[encoding].layers = temporal + 1 }
    return startsFrame && noteFrame(of: encoding, at: now)
  }

  private mutating func noteFrame(of encoding: Int, at now: Instant) -> Bool {
    var hasStopped = false
    for other in meters.indices where other != encoding && isSent(other, at: now) {
      guard now - meters[other].lastKeyFrame > Self.recovery else { continue }
      meters[other].missed[encoding] &+= 1
      if meters[other].missed[encoding] == Self.framesMissed { hasStopped = true }
    }
    return hasStopped
  }

  /// Learns that an encoding is not sent any more.
  package mutating func stop(_ encoding: Int) { meters[encoding].missed[encoding] = Self.framesMissed }

  /// Whether packets of an encoding arrive.
  package func isSent(_ encoding: Int, at now: Instant) -> Bool {
    meters[encoding].first != nil && now - meters[encoding].lastArrival < Self.patience
      && meters[encoding].missed.max() < Self.framesMissed
  }

  /// How many temporal layers an encoding has.
  package func layers(of encoding: Int) -> Int { meters[encoding].layers }

  /// Measures anew: the whole quarters among the last two seconds.
  package mutating func measure(at now: Instant) {
    let bucket = now.nanoseconds / Self.bucketLength
    for encoding in meters.indices where isSent(encoding, at: now) {
      guard let first = meters[encoding].first else { continue }
      let begin = max(first + 1, bucket - Int64(Self.buckets) + 1)
      // A second at least, or a key frame counts for too much.
      guard bucket - begin >= 4 else { continue }
      var sum: Int64 = 0
      for layer in 0..<meters[encoding].layers {
        for past in begin..<bucket where past <= meters[encoding].newest {
          let place = Int(past % Int64(Self.buckets)) * Self.largestLayerCount + layer
          sum += Int64(meters[encoding].bytes[place])
        }
        let length = (bucket - begin) * Self.bucketLength
        meters[encoding].known[layer] = .bitsPerSecond(Int64(Double(sum) * 8e9 / Double(length)))
      }
    }
  }

  /// What an encoding took when it was measured last, with the temporal layers up to one; `nil` before that.
  package func rate(of layer: ForwardedLayer) -> DataRate? { meters[layer.encoding].known[layer.temporal] }
}
