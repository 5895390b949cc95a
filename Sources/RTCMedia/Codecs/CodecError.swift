/// Why a codec library refused.
public enum CodecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An encoder or decoder could not be made.
  case cannotCreate(codec: String, reason: String)
  /// A setting was refused.
  case cannotConfigure(codec: String, setting: String, reason: String)
  /// A frame of another size than the encoder was made for.
  case wrongDimensions(expectedWidth: Int, expectedHeight: Int, actualWidth: Int, actualHeight: Int)
  /// Another number of channels than the encoder or decoder was made for.
  case wrongChannels(expected: Int, actual: Int)
  case encodingFailed(codec: String, reason: String)
  /// The bytes are no frame of this codec, or a frame that they refer to is missing.
  case decodingFailed(codec: String, size: Int, reason: String)
  /// A sound packet that lasts longer or shorter than 20 ms.
  case unexpectedDuration(samples: Int)

  public var description: String {
    switch self {
    case .cannotCreate(let codec, let reason): "\(codec): cannot be created: \(reason)"
    case .cannotConfigure(let codec, let setting, let reason): "\(codec): cannot set \(setting): \(reason)"
    case .wrongDimensions(let expectedWidth, let expectedHeight, let width, let height):
      "a frame of \(width)x\(height) in an encoder of \(expectedWidth)x\(expectedHeight)"
    case .wrongChannels(let expected, let actual): "sound of \(actual) channels where \(expected) are expected"
    case .encodingFailed(let codec, let reason): "\(codec): encoding failed: \(reason)"
    case .decodingFailed(let codec, let size, let reason): "\(codec): decoding \(size) bytes failed: \(reason)"
    case .unexpectedDuration(let samples): "a packet of \(samples) samples where 960 are expected"
    }
  }
}
