import RTCMedia
import Testing

@Suite struct QualityTests {
  @Test func `a difference of one in every sample is 48.13 dB`() {
    let first = VideoFrame(width: 16, height: 16, y: 100, u: 100, v: 100)
    let second = VideoFrame(width: 16, height: 16, y: 101, u: 99, v: 101)
    let psnr = PSNR(first, second)
    #expect(abs(psnr.luma - 48.130_803_608_679_1) < 1e-9)
    #expect(abs(psnr.overall - 48.130_803_608_679_1) < 1e-9)
    #expect(PSNR(first, first).luma == .infinity)
  }

  @Test func `black against white is 0 dB in the full range`() {
    let psnr = PSNR(VideoFrame(width: 4, height: 4, y: 0), VideoFrame(width: 4, height: 4, y: 255))
    #expect(abs(psnr.luma) < 1e-12)
  }

  @Test func `a shifted copy correlates fully at its shift`() {
    let signal = SyntheticSpeech(seed: 1).frame(at: 30).samples
    let shifted = Array(repeating: 0, count: 37) + signal.dropLast(37)
    let correlation = Correlation(signal, shifted, lags: -100...100)
    #expect(correlation.lag == 37)
    #expect(abs(correlation.coefficient - 1) < 1e-12)
  }

  @Test func `an inverted copy correlates negatively and silence not at all`() {
    let signal: [Int16] = [3, -5, 7, -9]
    #expect(Correlation(signal, signal.map { -$0 }, lags: 0...0).coefficient == -1)
    #expect(Correlation(signal, [0, 0, 0, 0], lags: 0...0).coefficient == 0)
  }
}
