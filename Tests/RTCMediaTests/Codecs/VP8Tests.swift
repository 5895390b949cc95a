import RTCMedia
import RTCPrimitives
import Testing

@Suite struct VP8Tests {
  private struct Coded { var bytes: [UInt8], isKeyFrame: Bool }

  private func encode(
    _ camera: SyntheticCamera, settings: VP8Settings = VP8Settings(), frames: Int, keys: Set<Int> = []
  ) throws -> [Coded] {
    var encoder = try VP8Encoder(settings: settings)
    var buffer = ByteWriter()
    var picture = camera.frame(at: 0)
    var coded: [Coded] = []
    for index in 0..<frames {
      buffer.removeAll()
      camera.render(index, into: &picture)
      let frame = try #require(
        try encoder.encode(
          picture, forcingKeyFrame: keys.contains(index), rtpTimestamp: UInt32(index * 3000), captureTime: .start,
          into: &buffer))
      coded.append(Coded(bytes: Array(buffer.bytes[frame.stored]), isKeyFrame: frame.isKeyFrame))
    }
    return coded
  }

  @Test func `what is decoded at 800 kbit/s is at least 30 dB close to what was captured`() throws {
    let camera = SyntheticCamera(seed: 1)
    var decoder = try VP8Decoder()
    var decoded = VideoFrame(width: 2, height: 2)
    for (index, frame) in try encode(camera, frames: 12).enumerated() {
      #expect(try decoder.decode(frame.bytes.span, into: &decoded))
      #expect(PSNR(decoded, camera.frame(at: index)).luma >= 30)
      #expect(frame.isKeyFrame == (index == 0))
    }
  }

  @Test func `the same pictures give the same bytes, and a key frame when it is asked for`() throws {
    let camera = SyntheticCamera(seed: 2, width: 320, height: 180)
    let settings = VP8Settings(width: 320, height: 180, bitrate: .kilobitsPerSecond(200))
    let first = try encode(camera, settings: settings, frames: 10, keys: [6])
    let second = try encode(camera, settings: settings, frames: 10, keys: [6])
    #expect(first.map(\.bytes) == second.map(\.bytes))
    #expect(first.map(\.isKeyFrame) == (0..<10).map { $0 == 0 || $0 == 6 })
  }

  @Test func `a frame of another size and garbage are errors`() throws {
    var encoder = try VP8Encoder(settings: VP8Settings(width: 64, height: 48))
    var decoder = try VP8Decoder()
    var buffer = ByteWriter()
    var frame = VideoFrame(width: 32, height: 32)
    let wrong = CodecError.wrongDimensions(expectedWidth: 64, expectedHeight: 48, actualWidth: 32, actualHeight: 32)
    #expect(throws: wrong) {
      try encoder.encode(frame, rtpTimestamp: 0, captureTime: .start, into: &buffer)
    }
    let (garbage, nothing): ([UInt8], [UInt8]) = ([1, 2, 3, 4], [])
    #expect(throws: CodecError.self) { try decoder.decode(garbage.span, into: &frame) }
    #expect(throws: CodecError.self) { try decoder.decode(nothing.span, into: &frame) }
  }

  @Test func `a picture of odd size loses its last row and column`() throws {
    let camera = SyntheticCamera(seed: 4, width: 64, height: 48)
    let coded = try encode(camera, settings: VP8Settings(width: 64, height: 48), frames: 1)[0].bytes
    var whole = VideoFrame(width: 2, height: 2)
    var decoder = try VP8Decoder()
    #expect(try decoder.decode(coded.span, into: &whole))
    // The size stands behind the start code of a key frame (RFC 6386 §9.1); the macroblocks stay the same.
    var odd = coded
    #expect(odd[6...9] == [64, 0, 48, 0])
    (odd[6], odd[8]) = (63, 47)
    var cut = VideoFrame(width: 2, height: 2)
    var another = try VP8Decoder()
    #expect(try another.decode(odd.span, into: &cut))
    #expect((cut.width, cut.height) == (62, 46))
    for row in 0..<46 {
      #expect(cut.bytes[row * 62..<(row + 1) * 62].elementsEqual(whole.bytes[row * 64..<row * 64 + 62]))
    }
  }

  @Test func `modelled frames are sized as the library's`() throws {
    let camera = SyntheticCamera(seed: 11)
    let real = try encode(camera, frames: 100, keys: [50]).map(\.bytes.count)
    let model = ModelledSizes.vp8(frames: 1000, keys: [500])
    // The library's sizes wander with the content; the bands are wide enough for 40 frames and too narrow for a
    // model of another rate or shape.
    let (measured, modelled) = (Array(real[60...]), Array(model[600...]))
    #expect(abs(mean(modelled) / mean(measured) - 1) < 0.08)
    #expect(abs(quantile(modelled, 0.1) / quantile(measured, 0.1) - 1) < 0.12)
    #expect(abs(quantile(modelled, 0.9) / quantile(measured, 0.9) - 1) < 0.12)
    #expect(abs(Double(model[0]) / Double(real[0]) - 1) < 0.15)
    #expect(abs(Double(model[500]) / Double(real[50]) - 1) < 0.15)
  }
}
