/// Mixes the voices of a meeting so that nobody hears himself: for each listener the sum of all sources less his own,
/// limited to 16 bits at the very end.
///
/// Per 20 ms: `begin`, `add` each source that has sound, then `mix` once per listener. No allocation once as many
/// sources as speak at once have been seen.
public struct AudioMixer: Sendable {
  public let channels: Int
  private var total: [Int32]
  private var sources: [Int] = []
  private var contributions: [[Int16]] = []

  public init(channels: Int = 1) {
    self.channels = channels
    total = Array(repeating: 0, count: AudioFrame.samplesPerChannel * channels)
  }

  /// The sources that were added and were not silent, in the order of `add`.
  public var activeSources: [Int] { sources }

  /// Forgets the last 20 ms.
  public mutating func begin() {
    guard !sources.isEmpty else { return }
    for index in total.indices { total[index] = 0 }
    sources.removeAll(keepingCapacity: true)
  }

  /// Adds the sound of `source`, at most once after `begin`; digital silence is left out.
  ///
  /// - Precondition: the frame has the mixer's channels, and `source` was not added yet.
  public mutating func add(_ frame: AudioFrame, from source: Int) {
    precondition(frame.channels == channels, "all sources have \(channels) channels")
    precondition(!sources.contains(source), "source \(source) is added once per 20 ms")
    guard frame.samples.contains(where: { $0 != 0 }) else { return }
    if contributions.count == sources.count {
      contributions.append(frame.samples)
    } else {
      contributions[sources.count] = frame.samples
    }
    sources.append(source)
    let samples = frame.samples.span
    var sum = total.mutableSpan
    for index in 0..<samples.count { sum[index] += Int32(samples[index]) }
  }

  /// Writes what `listener` hears: everybody but himself. `nil` hears everybody.
  public func mix(without listener: Int?, into frame: inout AudioFrame) {
    precondition(frame.channels == channels, "the mix has \(channels) channels")
    let sum = total.span
    var output = frame.samples.mutableSpan
    guard let listener, let own = sources.firstIndex(of: listener) else {
      for index in 0..<sum.count { output[index] = Int16(clamping: sum[index]) }
      return
    }
    let voice = contributions[own]
    for index in 0..<sum.count { output[index] = Int16(clamping: sum[index] - Int32(voice[index])) }
  }
}
