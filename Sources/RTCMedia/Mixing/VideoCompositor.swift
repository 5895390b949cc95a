internal import CYUV

/// Composes pictures into a grid of ⌈√n⌉ columns, each scaled to fit its cell with its shape kept.
public struct VideoCompositor: Sendable {
  /// A cell of the grid, or the part of it that a picture fills; everything is even.
  public struct Tile: Hashable, Sendable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  public let width: Int
  public let height: Int

  /// A compositor whose output has this size.
  ///
  /// - Precondition: both are even and at least 2.
  public init(width: Int = 640, height: Int = 360) {
    precondition(width >= 2 && height >= 2 && width % 2 == 0 && height % 2 == 0, "an even picture")
    self.width = width
    self.height = height
  }

  /// The cells of `count` pictures, row by row.
  public func cells(_ count: Int) -> [Tile] {
    guard count > 0 else { return [] }
    var columns = 1
    while columns * columns < count { columns += 1 }
    let rows = (count + columns - 1) / columns
    let cellWidth = max(2, width / columns & ~1)
    let cellHeight = max(2, height / rows & ~1)
    return (0..<count).map {
      Tile(x: $0 % columns * cellWidth, y: $0 / columns * cellHeight, width: cellWidth, height: cellHeight)
    }
  }

  /// Where a picture of `sourceWidth` × `sourceHeight` lies in `cell`.
  public func placement(of sourceWidth: Int, by sourceHeight: Int, in cell: Tile) -> Tile {
    var (width, height) = (cell.width, cell.height)
    if sourceWidth * cell.height > cell.width * sourceHeight {
      height = max(2, cell.width * sourceHeight / sourceWidth & ~1)
    } else {
      width = max(2, cell.height * sourceWidth / sourceHeight & ~1)
    }
    return Tile(
      x: cell.x + (cell.width - width) / 4 * 2, y: cell.y + (cell.height - height) / 4 * 2, width: width,
      height: height)
  }

  /// Composes `pictures` in order; the caller leaves the listener's own out. A missing picture leaves its cell black.
  public func compose(_ pictures: [VideoFrame?], into output: inout VideoFrame) {
    if output.width != width || output.height != height {
      output = VideoFrame(width: width, height: height)
    } else {
      blacken(&output)
    }
    for (picture, cell) in zip(pictures, cells(pictures.count)) {
      guard let picture, cell.x + cell.width <= width, cell.y + cell.height <= height else { continue }
      draw(picture, at: placement(of: picture.width, by: picture.height, in: cell), into: &output)
    }
  }

  private func blacken(_ frame: inout VideoFrame) {
    let luma = frame.yRange.upperBound
    frame.bytes.withUnsafeMutableBufferPointer {
      $0.extracting(0..<luma).update(repeating: 16)
      $0.extracting(luma...).update(repeating: 128)
    }
  }

  private func draw(_ picture: VideoFrame, at tile: Tile, into output: inout VideoFrame) {
    let (u, v) = (output.uRange.lowerBound, output.vRange.lowerBound)
    let chromaOffset = tile.y / 2 * (width / 2) + tile.x / 2
    let status = picture.bytes.withUnsafeBufferPointer { source in
      output.bytes.withUnsafeMutableBufferPointer { target -> Int32 in
        guard let from = source.baseAddress, let to = target.baseAddress else { return -1 }
        return I420Scale(
          from, Int32(picture.width), from + picture.uRange.lowerBound, Int32(picture.width / 2),
          from + picture.vRange.lowerBound, Int32(picture.width / 2), Int32(picture.width), Int32(picture.height),
          to + tile.y * width + tile.x, Int32(width), to + u + chromaOffset, Int32(width / 2), to + v + chromaOffset,
          Int32(width / 2), Int32(tile.width), Int32(tile.height), kFilterBox)
      }
    }
    precondition(status == 0, "libyuv scales between valid frames")
  }
}
