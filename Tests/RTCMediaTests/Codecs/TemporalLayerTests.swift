import RTCMedia
import RTCPrimitives
import Testing

/// Temporal layers of the real encoder and of its model: a substream of the lower ones is a stream of its own.
struct TemporalLayerTests {
  private struct Coded {
    var bytes: [UInt8]
    var frame: EncodedFrame
    var layer: TemporalLayer
  }

  private static let settings = VP8Settings(
    width: 320, height: 180, bitrate: .kilobitsPerSecond(300), temporalLayers: 3)

  private func encode(
    _ camera: SyntheticCamera, _ settings: VP8Settings = settings, frames: Int, keys: Set<Int> = []
  ) throws -> [Coded] {
    var encoder = try VP8Encoder(settings: settings)
    var buffer = ByteWriter()
    var picture = camera.frame(at: 0)
    return try (0..<frames).map { index in
      buffer.removeAll()
      camera.render(index, into: &picture)
      let coded = try encoder.encode(
        picture, forcingKeyFrame: keys.contains(index), rtpTimestamp: 0, captureTime: .start, into: &buffer)
      let frame = try #require(coded)
      return Coded(bytes: Array(buffer.bytes[frame.stored]), frame: frame, layer: try #require(frame.temporalLayer))
    }
  }

  /// Decodes frames and gives the bytes of each picture.
  private func decode(_ coded: [Coded], into pictures: (VideoFrame, Int) -> Void = { _, _ in }) throws -> [[UInt8]] {
    var decoder = try VP8Decoder()
    var picture = VideoFrame(width: 2, height: 2)
    return try coded.enumerated().map { index, coded in
      let isShown = try decoder.decode(coded.bytes.span, into: &picture)
      #expect(isShown)
      pictures(picture, index)
      return picture.bytes
    }
  }

  @Test func `three layers follow each other as in libwebrtc, and a key frame begins the round anew`() throws {
    let coded = try encode(SyntheticCamera(seed: 1, width: 320, height: 180), frames: 22, keys: [13])
    #expect(coded.map(\.layer.id) == [0, 2, 1, 2, 0, 2, 1, 2, 0, 2, 1, 2, 0] + [0, 2, 1, 2, 0, 2, 1, 2, 0])
    let points = coded.indices.filter { coded[$0].layer.isSwitchingPoint }
    #expect(points == [0, 1, 2, 9, 10, 13, 14, 15])
    #expect(coded.allSatisfy { $0.layer.isDiscardable == ($0.layer.id == 2) })
    #expect(coded.indices.filter { coded[$0].frame.isKeyFrame } == [0, 13])
  }

  /// The oracle is the decoder: it gives the same pictures with and without the frames that are left out.
  @Test(arguments: [2, 3])
  func `each substream of lower layers decodes to the same pictures, at a half and a quarter of the frame rate`(
    count: Int
  ) throws {
    let camera = SyntheticCamera(seed: 2, width: 320, height: 180)
    var settings = Self.settings
    settings.temporalLayers = count
    let coded = try encode(camera, settings, frames: 33, keys: [20])
    let whole = try decode(coded)
    for highest in 0..<count {
      let kept = coded.indices.filter { coded[$0].layer.id <= highest }
      let pictures = try decode(kept.map { coded[$0] }) { picture, index in
        #expect(PSNR(picture, camera.frame(at: kept[index])).luma >= 28)
      }
      #expect(pictures == kept.map { whole[$0] })
      // Of every round of four or two frames the lowest layer has one, and each other as many as all below it.
      #expect((kept.count * (1 << (count - 1 - highest)) - 33).magnitude <= 4)
    }
  }

  @Test func `a receiver of the base layer can begin with the others where they say so, and not before`() throws {
    let coded = try encode(SyntheticCamera(seed: 3, width: 320, height: 180), frames: 24)
    let whole = try decode(coded)
    // Base layer alone up to the eighth frame, the rest from `begin` on.
    func pictures(from begin: Int) throws -> Bool {
      let kept = coded.indices.filter { coded[$0].layer.id == 0 || $0 >= begin }
      return try decode(kept.map { coded[$0] }) == kept.map { whole[$0] }
    }
    #expect(coded[9].layer.isSwitchingPoint && coded[10].layer.isSwitchingPoint)
    #expect(try pictures(from: 9))
    #expect(coded[5].layer.isSwitchingPoint == false)
    #expect(try pictures(from: 5) == false)
  }

  @Test func `what says that nothing refers to it can be lost, and nothing else`() throws {
    let coded = try encode(SyntheticCamera(seed: 4, width: 320, height: 180), frames: 17)
    let whole = try decode(coded)
    for lost in 1..<16 {
      let kept = coded.indices.filter { $0 != lost }
      let isSame = try decode(kept.map { coded[$0] }) == kept.map { whole[$0] }
      #expect(isSame == coded[lost].layer.isDiscardable, "frame \(lost)")
    }
  }

  @Test func `one layer is coded as ever, and says nothing of layers`() throws {
    let camera = SyntheticCamera(seed: 5, width: 320, height: 180)
    var encoder = try VP8Encoder(settings: VP8Settings(width: 320, height: 180, bitrate: .kilobitsPerSecond(300)))
    var buffer = ByteWriter()
    for index in 0..<8 {
      let coded = try encoder.encode(camera.frame(at: index), rtpTimestamp: 0, captureTime: .start, into: &buffer)
      #expect(coded?.temporalLayer == nil)
    }
    var model = ModelledVP8(seed: 1, stream: "test", payload: .elided)
    #expect(model.encode(rtpTimestamp: 0, captureTime: .start, into: &buffer).temporalLayer == nil)
  }

  @Test(arguments: [2, 3])
  func `the model has the layers of the library, frame by frame`(count: Int) throws {
    var settings = Self.settings
    settings.temporalLayers = count
    let real = try encode(SyntheticCamera(seed: 6, width: 320, height: 180), settings, frames: 30, keys: [11])
    var model = ModelledVP8(settings: settings, seed: 1, stream: "test", payload: .filler)
    var buffer = ByteWriter()
    for (index, coded) in real.enumerated() {
      let modelled = model.encode(
        forcingKeyFrame: index == 11, rtpTimestamp: 0, captureTime: .start, into: &buffer)
      #expect(modelled.temporalLayer == coded.layer)
      #expect(modelled.isKeyFrame == coded.frame.isKeyFrame)
    }
  }

  @Test func `a frame of the middle layer that is given up makes the next ones do without it`() {
    var settings = Self.settings
    settings.bitrate = .kilobitsPerSecond(70)
    var model = ModelledVP8(settings: settings, seed: 1, stream: "test", payload: .elided)
    var buffer = ByteWriter()
    var taken: [(place: Int, layer: TemporalLayer)] = []
    var place = 0
    for _ in 0..<400 {
      defer { place += 1 }
      guard !model.dropsNextFrame() else { continue }
      let frame = model.encode(rtpTimestamp: 0, captureTime: .start, into: &buffer)
      if let layer = frame.temporalLayer { taken.append((place, layer)) }
    }
    #expect((50..<350).contains(taken.count))
    // The place among captured pictures decides on the layer, whatever was given up before.
    #expect(taken.allSatisfy { [0, 2, 1, 2][$0.place % 4] == Int($0.layer.id) })
    let (third, fourth) = (taken.filter { $0.place % 8 == 2 }.map(\.place), taken.filter { $0.place % 8 == 3 })
    #expect(fourth.contains { !$0.layer.isSwitchingPoint } && fourth.contains { $0.layer.isSwitchingPoint })
    #expect(fourth.allSatisfy { $0.layer.isSwitchingPoint == !third.contains($0.place - 1) })
  }
}
