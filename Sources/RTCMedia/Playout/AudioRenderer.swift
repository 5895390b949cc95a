/// Turns what an audio jitter buffer gives out into 20 ms of sound after another: decodes, makes up what is missing,
/// stretches.
public struct AudioRenderer: ~Copyable {
  /// The packet that was decoded last, as it was before it was stretched.
  public private(set) var decoded = AudioFrame()
  private var decoder: OpusDecoder
  /// What is to be played.
  private var queue: [Int16] = []

  public init() throws(CodecError) { decoder = try OpusDecoder() }

  /// Adds a packet.
  ///
  /// - Returns: by how many samples the sound was made longer.
  public mutating func decode(_ packet: Span<UInt8>, stretch: TimeStretch?) throws(CodecError) -> Int {
    do {
      try decoder.decode(packet, into: &decoded)
    } catch {
      decoded = AudioFrame()
      queue.append(contentsOf: decoded.samples)
      throw error
    }
    if let stretch { return stretch.append(decoded, to: &queue) }
    queue.append(contentsOf: decoded.samples)
    return 0
  }

  /// Adds 20 ms without a packet; what stands in the next one helps.
  public mutating func conceal(before next: Span<UInt8>? = nil) throws(CodecError) {
    var frame = AudioFrame()
    defer { queue.append(contentsOf: frame.samples) }
    if let next, next.count > 0 {
      try decoder.decodeLostFrame(before: next, into: &frame)
    } else {
      try decoder.conceal(into: &frame)
    }
  }

  /// Adds 20 ms of silence.
  public mutating func fallSilent() { queue.append(contentsOf: AudioFrame().samples) }

  /// The next 20 ms; silence where there is less.
  public mutating func next() -> AudioFrame {
    var frame = AudioFrame()
    let count = min(queue.count, frame.samples.count)
    frame.samples.replaceSubrange(..<count, with: queue[..<count])
    queue.removeFirst(count)
    return frame
  }
}
