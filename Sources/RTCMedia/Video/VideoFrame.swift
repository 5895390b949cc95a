/// A picture in I420: a full-size luma plane and two chroma planes of half the width and height, in one buffer.
///
/// Both dimensions are even. Rows are stored without gaps: luma, then U, then V.
public struct VideoFrame: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// The three planes, one after the other.
  public var bytes: [UInt8]

  /// A frame of one colour (BT.601, limited range); black by default.
  ///
  /// - Precondition: `width` and `height` are even and at least 2.
  public init(width: Int, height: Int, y: UInt8 = 16, u: UInt8 = 128, v: UInt8 = 128) {
    Self.check(width, height)
    self.width = width
    self.height = height
    let luma = width * height
    bytes = [UInt8](unsafeUninitializedCapacity: luma * 3 / 2) { buffer, count in
      buffer.extracting(0..<luma).initialize(repeating: y)
      buffer.extracting(luma..<luma * 5 / 4).initialize(repeating: u)
      buffer.extracting(luma * 5 / 4..<luma * 3 / 2).initialize(repeating: v)
      count = luma * 3 / 2
    }
  }

  /// A frame of existing planes.
  ///
  /// - Precondition: the dimensions are even and at least 2, and `bytes` holds 3/2 bytes per pixel.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    Self.check(width, height)
    precondition(bytes.count == width * height * 3 / 2, "I420 takes 3/2 bytes per pixel")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  @inlinable public var yRange: Range<Int> { 0..<width * height }
  @inlinable public var uRange: Range<Int> { width * height..<width * height * 5 / 4 }
  @inlinable public var vRange: Range<Int> { width * height * 5 / 4..<width * height * 3 / 2 }

  /// The luma plane, `width` bytes per row.
  @inlinable public var y: Span<UInt8> { @_lifetime(borrow self) get { bytes.span.extracting(yRange) } }
  /// The first chroma plane (blue difference), `width / 2` bytes per row.
  @inlinable public var u: Span<UInt8> { @_lifetime(borrow self) get { bytes.span.extracting(uRange) } }
  /// The second chroma plane (red difference), `width / 2` bytes per row.
  @inlinable public var v: Span<UInt8> { @_lifetime(borrow self) get { bytes.span.extracting(vRange) } }

  private static func check(_ width: Int, _ height: Int) {
    precondition(
      width >= 2 && height >= 2 && width.isMultiple(of: 2) && height.isMultiple(of: 2),
      "an I420 frame here has even dimensions, not \(width)x\(height)")
  }
}
