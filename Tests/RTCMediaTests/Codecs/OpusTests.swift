import RTCMedia
import RTCPrimitives
import Testing

@Suite struct OpusTests {
  private func encode(
    _ speech: SyntheticSpeech, frames: Range<Int>, settings: OpusSettings = OpusSettings()
  ) throws -> [[UInt8]] {
    var encoder = try OpusEncoder(settings: settings)
    var buffer = ByteWriter()
    return try frames.map { index in
      buffer.removeAll()
      let frame = try encoder.encode(
        speech.frame(at: index), rtpTimestamp: UInt32(index * 960), captureTime: .start, into: &buffer)
      return frame.map { Array(buffer.bytes[$0.stored]) } ?? []
    }
  }

  @Test func `decoded speech correlates with its source`() throws {
    let speech = SyntheticSpeech(seed: 1)
    var decoder = try OpusDecoder()
    var frame = AudioFrame()
    var decoded: [Int16] = []
    let talk = 60..<110
    for packet in try encode(speech, frames: talk) {
      try decoder.decode(packet.span, into: &frame)
      decoded += frame.samples
    }
    let source = talk.flatMap { speech.frame(at: $0).samples }
    // The encoder looks ahead by 6.5 ms (312 samples); its high-pass filter takes a few samples off.
    let correlation = Correlation(source, decoded, lags: 290...330)
    #expect((306...312).contains(correlation.lag))
    #expect(correlation.coefficient > 0.9)
  }

  @Test func `the same sound gives the same bytes`() throws {
    let speech = SyntheticSpeech(seed: 3)
    #expect(try encode(speech, frames: 0..<20) == encode(speech, frames: 0..<20))
  }

  @Test func `a lost packet is concealed, better when the next one carries a copy`() throws {
    let speech = SyntheticSpeech(seed: 1)
    let settings = OpusSettings(usesForwardErrorCorrection: true, expectedLossPercent: 30)
    let first = try #require((0..<200).first { speech.pattern.isTalking(at: $0) })
    let packets = try encode(speech, frames: first..<first + 30, settings: settings)
    var whole = try OpusDecoder()
    var concealing = try OpusDecoder()
    var repairing = try OpusDecoder()
    var (intact, concealed, repaired) = (AudioFrame(), AudioFrame(), AudioFrame())
    for packet in packets[..<24] {
      try whole.decode(packet.span, into: &intact)
      try concealing.decode(packet.span, into: &concealed)
      try repairing.decode(packet.span, into: &repaired)
    }
    let (lost, next) = (packets[24], packets[25])
    try whole.decode(lost.span, into: &intact)
    try concealing.conceal(into: &concealed)
    try repairing.decodeLostFrame(before: next.span, into: &repaired)
    func error(_ frame: AudioFrame) -> Int {
      zip(frame.samples, intact.samples).reduce(0) { $0 + (Int($1.0) - Int($1.1)) * (Int($1.0) - Int($1.1)) }
    }
    #expect(concealed.samples.contains { $0 != 0 })
    #expect(error(repaired) < error(concealed))
  }

  @Test func `discontinuous transmission leaves most of a silence out`() throws {
    var encoder = try OpusEncoder(settings: OpusSettings(usesDiscontinuousTransmission: true))
    var buffer = ByteWriter()
    var sent = 0
    for _ in 0..<60 {
      if try encoder.encode(AudioFrame(), rtpTimestamp: 0, captureTime: .start, into: &buffer) != nil { sent += 1 }
    }
    #expect((1..<30).contains(sent))
  }

  @Test func `garbage and wrong channels are errors`() throws {
    var decoder = try OpusDecoder()
    var frame = AudioFrame()
    let (garbage, nothing): ([UInt8], [UInt8]) = ([0xFF, 0xFF, 0xFF], [])
    #expect(throws: CodecError.self) { try decoder.decode(garbage.span, into: &frame) }
    #expect(throws: CodecError.decodingFailed(codec: "opus", size: 0, reason: "an empty packet")) {
      try decoder.decode(nothing.span, into: &frame)
    }
    var stereo = AudioFrame(channels: 2)
    #expect(throws: CodecError.wrongChannels(expected: 1, actual: 2)) { try decoder.conceal(into: &stereo) }
    #expect(throws: CodecError.self) { _ = try OpusEncoder(settings: OpusSettings(channels: 3)) }
    #expect(throws: CodecError.self) { _ = try OpusEncoder(settings: OpusSettings(complexity: 11)) }
  }

  @Test func `modelled packets are sized as the library's`() throws {
    let speech = SyntheticSpeech(seed: 12)
    let real = try encode(speech, frames: 0..<400).map(\.count)
    let modelled = ModelledSizes.opus(seed: 12, frames: 0..<400)
    for isTalking in [true, false] {
      let chosen = (0..<400).filter { speech.pattern.isTalking(at: $0) == isTalking }
      let (measured, model) = (chosen.map { real[$0] }, chosen.map { modelled[$0] })
      #expect(abs(mean(model) / mean(measured) - 1) < 0.06)
      #expect(abs(quantile(model, 0.9) / quantile(measured, 0.9) - 1) < 0.15)
      #expect(abs(quantile(model, 0.1) / quantile(measured, 0.1) - 1) < 0.15)
    }
  }
}
