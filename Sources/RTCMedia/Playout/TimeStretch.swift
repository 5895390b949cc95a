/// Makes a frame of sound shorter or longer by one period of its wave form, so that its pitch stays.
///
/// Two stretches that are alike are faded into each other where they overlap (waveform similarity overlap-add).
///
/// - SeeAlso: W3C webrtc-stats `removedSamplesForAcceleration`, `insertedSamplesForDeceleration`
/// - Note: Shortest and longest period and the least correlation are those of libwebrtc's `TimeStretch`; so is that sound
///   of little energy is always stretched.
public enum TimeStretch: Hashable, Sendable {
  /// A period is left out.
  case accelerate
  /// A period is repeated.
  case preemptiveExpand

  /// By how many samples per channel a frame becomes longer, at the most.
  public static let longestPeriod = 720
  private static let shortestPeriod = 120
  private static let window = AudioFrame.samplesPerChannel - longestPeriod
  private static let coarseStep = 4
  private static let leastCorrelation = 0.9
  /// The mean square of what is as good as silent.
  private static let quietEnergy = 1_000

  /// By how many samples modelled sound becomes longer: the period of a voice of 133 Hz.
  public var modelledChange: Int {
    switch self {
    case .accelerate: -360
    case .preemptiveExpand: 360
    }
  }

  /// Appends the stretched frame; unchanged when no two parts of it are alike.
  ///
  /// - Returns: by how many samples per channel it became longer.
  public func append(_ frame: AudioFrame, to output: inout [Int16]) -> Int {
    guard let period = Self.period(of: frame) else {
      output.append(contentsOf: frame.samples)
      return 0
    }
    let overlap = min(period, AudioFrame.samplesPerChannel - period)
    let channels = frame.channels
    switch self {
    case .accelerate:
      Self.fade(frame, from: 0, to: period, overlap, &output)
      output.append(contentsOf: frame.samples[((period + overlap) * channels)...])
      return -period
    case .preemptiveExpand:
      output.append(contentsOf: frame.samples[..<(period * channels)])
      Self.fade(frame, from: period, to: 0, overlap, &output)
      output.append(contentsOf: frame.samples[(overlap * channels)...])
      return period
    }
  }

  /// Appends what begins as the part at `first` and ends as the part at `second`.
  private static func fade(
    _ frame: AudioFrame, from first: Int, to second: Int, _ length: Int, _ output: inout [Int16]
  ) {
    let channels = frame.channels
    for index in 0..<length * channels {
      let place = index / channels + 1
      let old = Int(frame.samples[first * channels + index]) * (length + 1 - place)
      let new = Int(frame.samples[second * channels + index]) * place
      output.append(Int16((old + new) / (length + 1)))
    }
  }

  /// The distance at which the frame is most like itself, in samples of one channel; `nil` when it is not.
  private static func period(of frame: AudioFrame) -> Int? {
    if energy(frame, at: 0, count: AudioFrame.samplesPerChannel, step: coarseStep)
      < quietEnergy * AudioFrame.samplesPerChannel / coarseStep
    {
      return longestPeriod
    }
    var best = (lag: 0, correlation: -1.0)
    func search(_ lags: StrideThrough<Int>, step: Int) {
      let energy = energy(frame, at: 0, count: window, step: step)
      for lag in lags {
        let value = correlation(frame, lag, energy: energy, step: step)
        if value > best.correlation { best = (lag, value) }
      }
    }
    search(stride(from: shortestPeriod, through: longestPeriod, by: coarseStep), step: coarseStep)
    let around = max(shortestPeriod, best.lag - coarseStep + 1)...min(longestPeriod, best.lag + coarseStep - 1)
    best.correlation = -1
    search(stride(from: around.lowerBound, through: around.upperBound, by: 1), step: 1)
    return best.correlation > leastCorrelation ? best.lag : nil
  }

  private static func correlation(_ frame: AudioFrame, _ lag: Int, energy first: Int, step: Int) -> Double {
    let second = energy(frame, at: lag, count: window, step: step)
    guard first > 0, second > 0 else { return 0 }
    var product = 0
    for index in stride(from: 0, to: window, by: step) {
      product += Int(frame.samples[index * frame.channels]) * Int(frame.samples[(index + lag) * frame.channels])
    }
    return Double(product) / (Double(first) * Double(second)).squareRoot()
  }

  private static func energy(_ frame: AudioFrame, at begin: Int, count: Int, step: Int) -> Int {
    var sum = 0
    for index in stride(from: begin, to: begin + count, by: step) {
      let sample = Int(frame.samples[index * frame.channels])
      sum += sample * sample
    }
    return sum
  }
}
