import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTPHeaderExtensionTests {
  @Test func `every known extension writes what it parses, for any bytes`() throws {
    func check<Extension: RTPHeaderExtension>(_ type: Extension.Type) throws {
      var generator = SeededGenerator(seed: 1, stream: type.uri)
      var valid = 0
      for _ in 0..<2000 {
        let count = Int.random(in: 0...17, using: &generator)
        // Letters make up half of the input, so that text passes too.
        let isText = Bool.random(using: &generator)
        let data = (0..<count).map { _ in UInt8.random(in: isText ? 0x61...0x7A : 0...255, using: &generator) }
        guard let value = try? parsed(type, data) else { continue }
        valid += 1
        var written = [UInt8](repeating: 0xEE, count: value.size + 2)
        var span = written.mutableSpan
        value.encode(into: &span, at: 1)
        #expect(written.first == 0xEE && written.last == 0xEE, "\(type.uri) writes outside of its size")
        #expect(try parsed(type, Array(written[1...value.size])) == value, "\(type.uri): \(hex(data))")
      }
      #expect(valid > 50, "\(type.uri)")
    }
    for type in RTPHeaderExtensions.all { try check(type) }
    #expect(Set(RTPHeaderExtensions.uris).count == RTPHeaderExtensions.all.count)
  }

  // The layout of http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time: UQ32.32, then Q32.32.
  @Test func `a capture time is 8 bytes, or 16 with a clock offset`() throws {
    let data = bytes(hex: "0102030405060708 ffffffff80000000")
    let time = NTPTimestamp(seconds: 0x0102_0304, fraction: 0x0506_0708)
    #expect(try parsed(AbsoluteCaptureTime.self, data) == AbsoluteCaptureTime(captureTime: time, clockOffset: -1 << 31))
    #expect(try parsed(AbsoluteCaptureTime.self, Array(data.prefix(8))) == AbsoluteCaptureTime(captureTime: time))
  }

  @Test(arguments: ["", "a b", "a\u{0}", "ä", "a:"])
  func `what is no identifier is refused`(text: String) {
    #expect(MediaIdentification(text) == nil)
    #expect(RTPStreamID(text) == nil)
    #expect(throws: RTPError.self) { try parsed(RepairedRTPStreamID.self, Array(text.utf8)) }
  }
}
