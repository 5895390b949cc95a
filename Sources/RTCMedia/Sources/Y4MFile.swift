/// A YUV4MPEG2 file of 4:2:0 pictures, looked at in place.
///
/// - SeeAlso: mjpegtools, yuv4mpeg(5)
public struct Y4MFile: Sendable {
  public let width: Int
  public let height: Int
  /// Frames per second as a fraction.
  public let frameRate: (numerator: Int, denominator: Int)
  private let bytes: [UInt8]
  /// Where the pixels of each frame begin.
  private let offsets: [Int]

  public var frameCount: Int { offsets.count }

  /// Checks the whole file.
  public init(parsing bytes: [UInt8]) throws(MediaFileError) {
    let signature = Array("YUV4MPEG2".utf8)
    guard bytes.starts(with: signature) else { throw .wrongSignature(offset: 0, expected: "YUV4MPEG2") }
    let header = try Header(bytes, from: signature.count)
    width = header.width
    height = header.height
    frameRate = header.frameRate
    offsets = try Self.frames(of: bytes, from: header.end, size: header.width * header.height * 3 / 2)
    self.bytes = bytes
  }

  /// The picture at `index`, beginning again after the last one.
  public func frame(at index: Int) -> VideoFrame {
    let begin = offsets[((index % offsets.count) + offsets.count) % offsets.count]
    return VideoFrame(width: width, height: height, bytes: Array(bytes[begin..<begin + width * height * 3 / 2]))
  }

  private static func frames(of bytes: [UInt8], from begin: Int, size: Int) throws(MediaFileError) -> [Int] {
    let marker = Array("FRAME".utf8)
    var offsets: [Int] = []
    var offset = begin
    while offset < bytes.count {
      guard bytes[offset...].starts(with: marker) else { throw .wrongSignature(offset: offset, expected: "FRAME") }
      guard let lineEnd = bytes[offset...].prefix(lineLimit).firstIndex(of: newline) else {
        throw .missing(offset: offset, field: "the end of the line of FRAME")
      }
      let pixels = lineEnd + 1
      guard bytes.count - pixels >= size else {
        throw .truncated(offset: pixels, expected: size, actual: bytes.count - pixels)
      }
      offsets.append(pixels)
      offset = pixels + size
    }
    guard !offsets.isEmpty else { throw .empty }
    return offsets
  }

  private static let newline = UInt8(ascii: "\n")
  private static let lineLimit = 1024

  private struct Header {
    var width = 0, height = 0
    var frameRate = (numerator: 30, denominator: 1)
    var end = 0

    init(_ bytes: [UInt8], from begin: Int) throws(MediaFileError) {
      guard let lineEnd = bytes[begin...].prefix(lineLimit).firstIndex(of: newline) else {
        throw .missing(offset: begin, field: "the end of the header line")
      }
      for token in bytes[begin..<lineEnd].split(separator: UInt8(ascii: " ")) {
        let value = String(decoding: token.dropFirst(), as: UTF8.self)
        switch token[token.startIndex] {
        case UInt8(ascii: "W"): width = try Self.dimension(value, "width (W)", at: token.startIndex)
        case UInt8(ascii: "H"): height = try Self.dimension(value, "height (H)", at: token.startIndex)
        case UInt8(ascii: "F"): frameRate = try Self.rate(value, at: token.startIndex)
        case UInt8(ascii: "C"):
          guard ["420", "420jpeg", "420mpeg2", "420paldv"].contains(value) else {
            throw .unsupported(
              offset: token.startIndex, field: "colour space (C)", found: value, allowed: "420 with 8 bits")
          }
        case UInt8(ascii: "I"):
          guard value == "p" || value == "?" else {
            throw .unsupported(offset: token.startIndex, field: "interlacing (I)", found: value, allowed: "p")
          }
        default: break
        }
      }
      guard width > 0 else { throw .missing(offset: begin, field: "width (W)") }
      guard height > 0 else { throw .missing(offset: begin, field: "height (H)") }
      end = lineEnd + 1
    }

    private static func dimension(_ text: String, _ field: String, at offset: Int) throws(MediaFileError) -> Int {
      guard let value = Int(text), (2...16_382).contains(value), value.isMultiple(of: 2) else {
        throw .unsupported(offset: offset, field: field, found: text, allowed: "an even number from 2 to 16382")
      }
      return value
    }

    private static func rate(_ text: String, at offset: Int) throws(MediaFileError) -> (
      numerator: Int, denominator: Int
    ) {
      let parts = text.split(separator: ":").map { Int($0) }
      guard parts.count == 2, let numerator = parts[0], let denominator = parts[1], numerator > 0, denominator > 0
      else { throw .unsupported(offset: offset, field: "frame rate (F)", found: text, allowed: "two numbers, as 30:1") }
      return (numerator, denominator)
    }
  }
}
