import RTCMedia
import RTCPrimitives
import RTCWire
import Testing

/// What the payload descriptor says of temporal layers (RFC 7741 §4.2).
struct VP8LayerDescriptorTests {
  private func frame(size: Int = 10, _ layer: TemporalLayer?) -> EncodedFrame {
    EncodedFrame(
      isKeyFrame: false, stored: 0..<size, rtpTimestamp: 0, captureTime: .start, temporalLayer: layer)
  }

  private func layer(_ id: UInt8, y: Bool = false, n: Bool = false) -> TemporalLayer {
    TemporalLayer(id: id, isSwitchingPoint: y, isDiscardable: n)
  }

  @Test func `every packet carries TID, Y and N, and TL0PICIDX counts the frames of the base layer`() {
    var packetizer = VP8Packetizer(maximumPayloadSize: 100, pictureID: 0x7FFF)
    let layers = [layer(0, y: true), layer(2, n: true), layer(1, y: true), layer(2, n: true), layer(0)]
    let bytes = layers.map { layer in
      packetizer.packets(of: frame(layer)).map { packet in
        var writer = ByteWriter()
        packet.descriptor.write(into: &writer)
        return writer.bytes
      }
    }
    // X R N S | I L T K | PictureID | TL0PICIDX | TID Y KEYIDX
    #expect(
      bytes == [
        [[0x90, 0xE0, 0xFF, 0xFF, 0x00, 0x20]], [[0xB0, 0xE0, 0x80, 0x00, 0x00, 0x80]],
        [[0x90, 0xE0, 0x80, 0x01, 0x00, 0x60]], [[0xB0, 0xE0, 0x80, 0x02, 0x00, 0x80]],
        [[0x90, 0xE0, 0x80, 0x03, 0x01, 0x00]],
      ])
  }

  @Test func `the two bytes of temporal layers come off the largest fragment, and nothing does without them`() {
    var packetizer = VP8Packetizer(maximumPayloadSize: 100, pictureID: 0)
    let (plain, layered) = (
      packetizer.packets(of: frame(size: 960, nil)), packetizer.packets(of: frame(size: 940, layer(1)))
    )
    #expect(plain.map(\.payloadSize) == Array(repeating: 100, count: 10))
    #expect(layered.map(\.payloadSize) == Array(repeating: 100, count: 10))
    #expect(plain.allSatisfy { $0.descriptor.temporalLayer == nil && $0.descriptor.temporalLevelZeroIndex == nil })
    #expect(layered.allSatisfy { $0.descriptor.temporalLayer?.index == 1 })
  }
}
