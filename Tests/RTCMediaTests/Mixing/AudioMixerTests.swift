import RTCMedia
import RTCPrimitives
import Testing

@Suite struct AudioMixerTests {
  private func noise(_ seed: UInt64, amplitude: Int) -> AudioFrame {
    var generator = SeededGenerator(seed: seed, stream: "noise")
    return AudioFrame(
      samples: (0..<960).map { _ in Int16(Int(generator.next() % UInt64(2 * amplitude + 1)) - amplitude) })
  }

  private func mix(_ voices: [AudioFrame], without listener: Int?) -> AudioFrame {
    var mixer = AudioMixer()
    var result = AudioFrame()
    mixer.begin()
    for (source, voice) in voices.enumerated() { mixer.add(voice, from: source) }
    mixer.mix(without: listener, into: &result)
    return result
  }

  @Test(arguments: 0..<6) func `a listener hears exactly the sum of the others`(listener: Int) {
    let voices = (0..<6).map { noise(UInt64($0), amplitude: 5000) }
    let expected = (0..<960).map { sample in
      Int16(voices.indices.filter { $0 != listener }.reduce(0) { $0 + Int(voices[$1].samples[sample]) })
    }
    #expect(mix(voices, without: listener).samples == expected)
  }

  @Test func `who does not speak hears everybody`() {
    let voices = [noise(1, amplitude: 100), noise(2, amplitude: 100)]
    #expect(mix(voices, without: 7) == mix(voices, without: nil))
  }

  @Test func `loudness is limited at the very end, not before the listener's own voice is taken out`() {
    let loud = AudioFrame(samples: Array(repeating: 30_000, count: 960))
    #expect(mix([loud, loud], without: nil).samples.allSatisfy { $0 == 32_767 })
    #expect(mix([loud, loud], without: 0) == loud)
    let negative = AudioFrame(samples: Array(repeating: -30_000, count: 960))
    #expect(mix([negative, negative, loud], without: 2).samples.allSatisfy { $0 == -32_768 })
  }

  @Test func `each 20 ms stand for themselves, and silence is no source`() {
    var mixer = AudioMixer()
    var result = AudioFrame()
    mixer.begin()
    mixer.add(noise(1, amplitude: 900), from: 1)
    mixer.begin()
    mixer.add(AudioFrame(), from: 2)
    mixer.add(noise(3, amplitude: 900), from: 3)
    #expect(mixer.activeSources == [3])
    mixer.mix(without: 2, into: &result)
    #expect(result == noise(3, amplitude: 900))
    mixer.mix(without: 3, into: &result)
    #expect(result == AudioFrame())
  }
}
