/// A WAV file of 16-bit samples at 48 kHz, mono or stereo.
///
/// - SeeAlso: Microsoft, "Multiple Channel Audio Data and WAVE Files"
public struct WAVFile: Sendable {
  public let channels: Int
  /// Interleaved when stereo.
  private let samples: [Int16]

  /// How many 20 ms frames there are, the last one filled up with silence.
  public var frameCount: Int {
    let perFrame = AudioFrame.samplesPerChannel * channels
    return (samples.count + perFrame - 1) / perFrame
  }

  /// Reads the whole file; chunks other than `fmt ` and `data` are passed over.
  public init(parsing bytes: [UInt8]) throws(MediaFileError) {
    guard bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)) else {
      throw .wrongSignature(offset: 0, expected: "RIFF")
    }
    guard bytes[8..<12].elementsEqual("WAVE".utf8) else { throw .wrongSignature(offset: 8, expected: "WAVE") }
    var channels: Int?
    var offset = 12
    while offset + 8 <= bytes.count {
      let name = bytes[offset..<offset + 4]
      let size = Self.number(bytes, at: offset + 4, bytes: 4)
      let body = offset + 8
      guard size <= bytes.count - body else {
        throw .truncated(offset: body, expected: size, actual: bytes.count - body)
      }
      if name.elementsEqual("fmt ".utf8) {
        channels = try Self.channels(of: bytes, at: body, size: size)
      } else if name.elementsEqual("data".utf8) {
        guard let channels else { throw .missing(offset: offset, field: "the chunk fmt before data") }
        let count = size / (2 * channels) * channels
        guard count > 0 else { throw .empty }
        self.channels = channels
        samples = (0..<count).map { Int16(truncatingIfNeeded: Self.number(bytes, at: body + 2 * $0, bytes: 2)) }
        return
      }
      offset = body + size + size % 2
    }
    throw .missing(offset: min(offset, bytes.count), field: "the chunk data")
  }

  /// The 20 ms at `index`, beginning again after the last ones.
  public func frame(at index: Int) -> AudioFrame {
    let perFrame = AudioFrame.samplesPerChannel * channels
    let begin = ((index % frameCount) + frameCount) % frameCount * perFrame
    var frame = AudioFrame(channels: channels)
    for sample in 0..<min(perFrame, samples.count - begin) { frame.samples[sample] = samples[begin + sample] }
    return frame
  }

  private static func channels(of bytes: [UInt8], at body: Int, size: Int) throws(MediaFileError) -> Int {
    guard size >= 16 else { throw .truncated(offset: body, expected: 16, actual: size) }
    func field(_ place: Int, _ width: Int, _ name: String, _ allowed: [Int]) throws(MediaFileError) -> Int {
      let value = number(bytes, at: body + place, bytes: width)
      guard allowed.contains(value) else {
        throw .unsupported(
          offset: body + place, field: name, found: String(value),
          allowed: allowed.map(String.init).joined(separator: ", "))
      }
      return value
    }
    // 65534 is WAVE_FORMAT_EXTENSIBLE, whose samples of 16 bits are plain PCM in practice.
    _ = try field(0, 2, "the format tag", [1, 65_534])
    let channels = try field(2, 2, "the number of channels", [1, 2])
    _ = try field(4, 4, "the sample rate", [AudioFrame.sampleRate])
    _ = try field(14, 2, "bits per sample", [16])
    return channels
  }

  private static func number(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}
