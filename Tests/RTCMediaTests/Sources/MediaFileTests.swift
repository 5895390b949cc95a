import RTCMedia
import RTCPrimitives
import Testing

@Suite struct MediaFileTests {
  private static let picture = [UInt8](0..<24)
  private static let y4m =
    Array("YUV4MPEG2 W4 H4 F30000:1001 Ip A1:1 C420jpeg\nFRAME\n".utf8) + picture
    + Array("FRAME Ip\n".utf8) + picture.reversed()

  @Test func `a Y4M file gives its pictures in turn`() throws {
    let file = try Y4MFile(parsing: Self.y4m)
    #expect(file.frameCount == 2)
    #expect(file.frameRate == (30_000, 1001))
    #expect(file.frame(at: 0) == VideoFrame(width: 4, height: 4, bytes: Self.picture))
    #expect(file.frame(at: 3) == VideoFrame(width: 4, height: 4, bytes: Self.picture.reversed()))
  }

  @Test(arguments: [
    ("AVI", MediaFileError.wrongSignature(offset: 0, expected: "YUV4MPEG2")),
    ("YUV4MPEG2 W4 H4", .missing(offset: 9, field: "the end of the header line")),
    ("YUV4MPEG2 H4 F30:1\n", .missing(offset: 9, field: "width (W)")),
    (
      "YUV4MPEG2 W5 H4\n",
      .unsupported(offset: 10, field: "width (W)", found: "5", allowed: "an even number from 2 to 16382")
    ),
    (
      "YUV4MPEG2 W4 H4 F0:1\n",
      .unsupported(offset: 16, field: "frame rate (F)", found: "0:1", allowed: "two numbers, as 30:1")
    ),
    (
      "YUV4MPEG2 W4 H4 C444\n",
      .unsupported(offset: 16, field: "colour space (C)", found: "444", allowed: "420 with 8 bits")
    ),
    ("YUV4MPEG2 W4 H4\n", .empty),
    ("YUV4MPEG2 W4 H4\nFRAME\nabc", .truncated(offset: 22, expected: 24, actual: 3)),
    ("YUV4MPEG2 W4 H4\nPICTURE\n", .wrongSignature(offset: 16, expected: "FRAME")),
  ])
  func `a bad Y4M file is refused with the place and the reason`(text: String, error: MediaFileError) {
    #expect(throws: error) { try Y4MFile(parsing: Array(text.utf8)) }
    #expect(!error.description.isEmpty)
  }

  private static func wav(
    tag: UInt8 = 1, channels: UInt8 = 2, rate: [UInt8] = [0x80, 0xBB, 0, 0], bits: UInt8 = 16, samples: [UInt8]
  ) -> [UInt8] {
    let format = [tag, 0, channels, 0] + rate + [0, 0, 0, 0, channels * 2, 0, bits, 0]
    let list = Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
    return Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0] + format + list
      + Array("data".utf8) + [UInt8(samples.count & 255), UInt8(samples.count >> 8), 0, 0] + samples
  }

  @Test func `a WAV file gives its samples, the last frame filled up with silence`() throws {
    let bytes = (0..<961 * 4).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let file = try WAVFile(parsing: Self.wav(samples: bytes))
    #expect(file.channels == 2)
    #expect(file.frameCount == 2)
    #expect(file.frame(at: 0).samples[1] == Int16(bitPattern: UInt16(bytes[2]) | UInt16(bytes[3]) << 8))
    let last = file.frame(at: 1).samples
    #expect(last[0] == Int16(bitPattern: UInt16(bytes[3840]) | UInt16(bytes[3841]) << 8))
    #expect(last[2...].allSatisfy { $0 == 0 })
    #expect(file.frame(at: 2) == file.frame(at: 0))
  }

  @Test(
    arguments: [
      ([], MediaFileError.wrongSignature(offset: 0, expected: "RIFF")),
      (Array("RIFF....AVI ".utf8), .wrongSignature(offset: 8, expected: "WAVE")),
      (Array("RIFF....WAVE".utf8), .missing(offset: 12, field: "the chunk data")),
      (
        wav(tag: 3, samples: [0, 0, 0, 0]),
        .unsupported(offset: 20, field: "the format tag", found: "3", allowed: "1, 65534")
      ),
      (
        wav(rate: [0x44, 0xAC, 0, 0], samples: [0, 0, 0, 0]),
        .unsupported(offset: 24, field: "the sample rate", found: "44100", allowed: "48000")
      ),
      (
        wav(bits: 8, samples: [0, 0, 0, 0]),
        .unsupported(offset: 34, field: "bits per sample", found: "8", allowed: "16")
      ),
      (wav(samples: [0]), .empty),
      (Array(wav(samples: [1, 2, 3, 4]).dropLast()), .truncated(offset: 56, expected: 4, actual: 3)),
      (
        Array("RIFF....WAVEdata".utf8) + [0, 0, 0, 0], .missing(offset: 12, field: "the chunk fmt before data")
      ),
    ] as [([UInt8], MediaFileError)])
  func `a bad WAV file is refused with the place and the reason`(bytes: [UInt8], error: MediaFileError) {
    #expect(throws: error) { try WAVFile(parsing: bytes) }
    #expect(!error.description.isEmpty)
  }

  @Test func `no mutation of a file makes a reader trap`() {
    var generator = SeededGenerator(seed: 1, stream: "media files")
    let files = [Self.y4m, Self.wav(samples: [1, 2, 3, 4, 5, 6, 7, 8])]
    for round in 0..<2000 {
      var bytes = files[round % 2]
      for _ in 0..<1 + generator.next() % 4 {
        bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      bytes.removeLast(Int(generator.next() % 3))
      if let file = try? Y4MFile(parsing: bytes) { _ = file.frame(at: file.frameCount - 1) }
      if let file = try? WAVFile(parsing: bytes) { _ = file.frame(at: file.frameCount - 1) }
    }
  }
}
