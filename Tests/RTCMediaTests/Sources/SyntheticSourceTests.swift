import RTCMedia
import Testing

@Suite struct SyntheticSourceTests {
  @Test func `a camera's picture depends on seed, participant and index alone`() {
    let camera = SyntheticCamera(seed: 3, participant: 1, width: 160, height: 90)
    let picture = camera.frame(at: 40)
    var reused = camera.frame(at: 7)
    camera.render(40, into: &reused)
    #expect(reused == picture)
    #expect(SyntheticCamera(seed: 3, participant: 1, width: 160, height: 90).frame(at: 40) == picture)
    #expect(camera.frame(at: 41) != picture)
    #expect(SyntheticCamera(seed: 4, participant: 1, width: 160, height: 90).frame(at: 40) != picture)
  }

  @Test func `the first twelve participants have colours that lie far apart`() {
    let cameras = (0..<12).map { SyntheticCamera(seed: 1, participant: $0, width: 32, height: 32) }
    for (index, camera) in cameras.enumerated() {
      for other in cameras[..<index] {
        let distance = abs(Int(camera.baseU) - Int(other.baseU)) + abs(Int(camera.baseV) - Int(other.baseV))
        #expect(distance >= 16)
      }
    }
  }

  @Test func `the picture moves and is textured`() {
    let camera = SyntheticCamera(seed: 1, width: 320, height: 180)
    let (first, second) = (camera.frame(at: 0), camera.frame(at: 1))
    // Neighbouring pictures are alike but far from equal: an encoder has to work.
    #expect((12.0..<30).contains(PSNR(first, second).luma))
    #expect(Set(first.bytes[first.yRange]).count > 100)
  }

  @Test func `speech depends on seed and index alone`() {
    let speech = SyntheticSpeech(seed: 5)
    #expect(speech.frame(at: 77) == SyntheticSpeech(seed: 5).frame(at: 77))
    #expect(speech.frame(at: 77) != SyntheticSpeech(seed: 6).frame(at: 77))
  }

  @Test func `speech is loud in talk, quiet in pauses and pauses between a third and a half of the time`() {
    let speech = SyntheticSpeech(seed: 2)
    let frames = (0..<400).map { (speech.pattern.isTalking(at: $0), Self.level(speech.frame(at: $0))) }
    let talk = frames.filter { $0.0 }
    #expect((160...280).contains(talk.count))
    #expect(frames.filter { !$0.0 }.allSatisfy { $0.1 < 20 })
    #expect(talk.filter { $0.1 > 300 }.count > talk.count * 8 / 10)
  }

  @Test func `speech has no jump between frames`() {
    let speech = SyntheticSpeech(seed: 9)
    // Between neighbouring samples of voice under 4 kHz a step is a fraction of the loudest sample.
    for index in 0..<60 {
      let (left, right) = (speech.frame(at: index).samples, speech.frame(at: index + 1).samples)
      let steps = zip(left, left.dropFirst()).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(abs(Int(left[959]) - Int(right[0])) <= steps + 400)
    }
  }

  @Test func `speech has the speaker's pitch`() throws {
    let speech = SyntheticSpeech(seed: 2)
    let index = try #require((0..<200).first { Self.level(speech.frame(at: $0)) > 1500 })
    let samples = speech.frame(at: index).samples
    // Voice repeats itself after one period; the pitch of a syllable lies within -20 % and +15 % of the speaker's.
    let period = 48_000 / speech.pitch
    let repeated = Correlation(samples, samples, lags: Int(period / 1.16)...Int(period / 0.79))
    #expect(repeated.coefficient > 0.9)
  }

  private static func level(_ frame: AudioFrame) -> Double {
    (Double(frame.samples.reduce(0) { $0 + Int($1) * Int($1) }) / 960).squareRoot()
  }
}
