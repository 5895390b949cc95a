import RTCMedia
import RTCPrimitives
import RTCWire
import Testing

/// Sizes that the modelled codecs draw.
enum ModelledSizes {
  static func vp8(settings: VP8Settings = VP8Settings(), seed: UInt64 = 1, frames: Int, keys: Set<Int> = []) -> [Int] {
    var model = ModelledVP8(settings: settings, seed: seed, stream: "test", payload: .elided)
    var buffer = ByteWriter()
    return (0..<frames).map { index in
      buffer.removeAll()
      return model.encode(
        forcingKeyFrame: keys.contains(index), rtpTimestamp: 0, captureTime: .start, into: &buffer
      ).size.bytes
    }
  }

  static func opus(seed: UInt64, frames: Range<Int>) -> [Int] {
    var model = ModelledOpus(pattern: SpeechPattern(seed: seed), seed: seed, stream: "test", payload: .elided)
    var buffer = ByteWriter()
    return frames.map { model.encode(at: $0, rtpTimestamp: 0, captureTime: .start, into: &buffer).size.bytes }
  }
}

func mean(_ values: [Int]) -> Double { Double(values.reduce(0, +)) / Double(values.count) }
func quantile(_ values: [Int], _ quantile: Double) -> Double {
  Double(values.sorted()[Int(Double(values.count - 1) * quantile)])
}

@Suite struct ModelledCodecTests {
  @Test(arguments: [300, 800, 2500])
  func `the mean rate is the target, key frames included`(kilobits: Int) {
    let settings = VP8Settings(bitrate: .kilobitsPerSecond(Int64(kilobits)))
    let sizes = ModelledSizes.vp8(settings: settings, frames: 3000, keys: [1000, 2000])
    let rate = mean(sizes) * 8 * 30 / 1000
    #expect(abs(rate / Double(kilobits) - 1) < 0.01)
  }

  @Test func `the first frame is a key frame, and every one that is asked for`() throws {
    var model = ModelledVP8(seed: 1, stream: "test", payload: .filler)
    var buffer = ByteWriter()
    for index in 0..<6 {
      buffer.removeAll()
      let frame = model.encode(
        forcingKeyFrame: index == 4, rtpTimestamp: 9, captureTime: .start, into: &buffer)
      let bytes = buffer.bytes
      let header = try VP8PayloadHeader(parsing: bytes.span)
      #expect(frame.isKeyFrame == (index == 0 || index == 4))
      #expect(header.isKeyFrame == frame.isKeyFrame)
      #expect(header.width == (frame.isKeyFrame ? 640 : nil))
      #expect(header.height == (frame.isKeyFrame ? 360 : nil))
      #expect(header.firstPartitionSize < frame.size.bytes)
      #expect(frame.stored == 0..<buffer.count)
      #expect(frame.elided == 0)
    }
  }

  @Test func `filler changes no size and elided payloads keep the header alone`() {
    var (filled, elided) = (ByteWriter(), ByteWriter())
    var withFiller = ModelledVP8(seed: 7, stream: "a", payload: .filler)
    var without = ModelledVP8(seed: 7, stream: "a", payload: .elided)
    for index in 0..<50 {
      let (first, second) = (filled.count, elided.count)
      let a = withFiller.encode(forcingKeyFrame: index == 20, rtpTimestamp: 0, captureTime: .start, into: &filled)
      let b = without.encode(forcingKeyFrame: index == 20, rtpTimestamp: 0, captureTime: .start, into: &elided)
      #expect(a.size == b.size)
      #expect(b.stored.count == (b.isKeyFrame ? 10 : 3))
      let header = b.stored.count
      #expect(filled.bytes[first..<first + header].elementsEqual(elided.bytes[second..<second + header]))
    }
  }

  @Test func `streams differ by name and repeat by seed`() {
    var buffer = ByteWriter()
    func sizes(_ stream: String) -> [Int] {
      var model = ModelledVP8(seed: 1, stream: stream, payload: .elided)
      return (0..<20).map { _ in
        model.encode(rtpTimestamp: 0, captureTime: .start, into: &buffer).size.bytes
      }
    }
    #expect(sizes("alice") == sizes("alice"))
    #expect(sizes("alice") != sizes("bob"))
  }

  @Test func `a rate below what the picture needs is exceeded, and not made up for later`() {
    let settings = VP8Settings(bitrate: .kilobitsPerSecond(100))
    let starved = ModelledSizes.vp8(settings: settings, frames: 600)
    #expect(abs(mean(Array(starved[100...])) / 976 - 1) < 0.02)
  }

  @Test func `every codec in the lists has a name and a dynamic payload type of its own`() {
    let codecs = Codecs.audio + Codecs.video
    #expect(codecs.allSatisfy { !$0.name.isEmpty && !$0.summary.isEmpty && (96...127).contains($0.payloadType) })
    #expect(Set(codecs.map { $0.payloadType }).count == codecs.count)
    #expect(Codecs.audio.allSatisfy { $0.channels != nil })
    #expect(Codecs.video.allSatisfy { $0.clockRate == 90_000 })
  }
}
