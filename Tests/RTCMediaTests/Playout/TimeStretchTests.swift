import Foundation
import Testing

@testable import RTCMedia

@Suite struct TimeStretchTests {
  private func sine(_ frequency: Double, channels: Int = 1) -> [Int16] {
    (0..<960 * channels).map { Int16(12_000 * sin(2 * .pi * frequency * Double($0 / channels) / 48_000 + 0.3)) }
  }

  /// Frequency by least squares of x[n−1] + x[n+1] = 2 cos ω · x[n], which a sine obeys exactly.
  private func frequency(_ samples: [Int16]) -> Double {
    var (product, energy) = (0.0, 0.0)
    for index in 1..<samples.count - 1 {
      product += Double(samples[index]) * (Double(samples[index - 1]) + Double(samples[index + 1]))
      energy += 2 * Double(samples[index]) * Double(samples[index])
    }
    return acos(product / energy) * 48_000 / (2 * .pi)
  }

  @Test(arguments: [80.0, 110, 133, 220, 440, 1000], [TimeStretch.accelerate, .preemptiveExpand])
  func `a tone keeps its pitch and becomes longer by whole periods`(tone: Double, stretch: TimeStretch) {
    var output: [Int16] = []
    let change = stretch.append(AudioFrame(samples: sine(tone)), to: &output)
    #expect(output.count == 960 + change)
    #expect(stretch == .accelerate ? change < 0 : change > 0)
    let periods = Double(abs(change)) * tone / 48_000
    #expect(abs(periods - periods.rounded()) < 0.02, "\(periods) periods")
    #expect(abs(frequency(output) - tone) < max(2, 0.01 * tone), "\(frequency(output)) Hz")
    // No sample lies further from its neighbour than the tone itself is steep: there is no click.
    let steepest = 12_000 * 2 * Double.pi * tone / 48_000
    let jumps = zip(output, output.dropFirst()).map { abs(Double($1) - Double($0)) }
    #expect((jumps.max() ?? 0) < 1.1 * steepest + 2)
  }

  @Test func `noise, which nowhere resembles itself, is left as it is`() {
    var state: UInt32 = 1
    let noise = (0..<960).map { _ -> Int16 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int16(truncatingIfNeeded: state >> 17) / 2
    }
    var output: [Int16] = []
    #expect(TimeStretch.accelerate.append(AudioFrame(samples: noise), to: &output) == 0)
    #expect(output == noise)
  }

  @Test func `silence is stretched by as much as is possible`() {
    var output: [Int16] = []
    #expect(TimeStretch.accelerate.append(AudioFrame(), to: &output) == -720)
    #expect(TimeStretch.preemptiveExpand.append(AudioFrame(), to: &output) == 720)
    #expect(output == Array(repeating: 0, count: 1920))
  }

  @Test func `both channels of stereo are stretched alike`() {
    var (mono, stereo): ([Int16], [Int16]) = ([], [])
    let change = TimeStretch.accelerate.append(AudioFrame(samples: sine(200)), to: &mono)
    #expect(
      TimeStretch.accelerate.append(AudioFrame(channels: 2, samples: sine(200, channels: 2)), to: &stereo) == change)
    #expect(stereo == mono.flatMap { [$0, $0] })
  }

  @Test func `the share of speech that can be stretched is that of voice and pauses`() {
    let speech = SyntheticSpeech(seed: 7)
    var (stretched, sum) = (0, 0)
    for index in 0..<500 {
      var output: [Int16] = []
      let change = TimeStretch.preemptiveExpand.append(speech.frame(at: index), to: &output)
      stretched += change > 0 ? 1 : 0
      sum += change
      #expect(output.count == 960 + change)
    }
    #expect(stretched > 250, "\(stretched) of 500 frames, by \(sum / max(1, stretched)) samples")
  }
}
