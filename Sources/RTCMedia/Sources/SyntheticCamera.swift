/// A camera picture that is computed: a textured background that pans, a head that moves in front of it, a block of
/// text that scrolls, sensor noise, and a plate with the participant's number.
///
/// The background has a colour of its own per participant, so that in a composed picture one sees who is who.
/// `frame(at:)` is a pure function of seed, participant, size and index.
public struct SyntheticCamera: Sendable {
  public let width: Int
  public let height: Int
  /// The mean chroma of the background, distinct for each participant.
  public let baseU: UInt8
  public let baseV: UInt8

  private let participant: Int
  private let seed: UInt64
  /// The background with some room to pan, once per realisation of the sensor's noise.
  private let backgrounds: [Texture]
  private let face: Texture
  private let text: Texture
  private let plate: Texture

  /// Prepares the textures of a participant's camera.
  ///
  /// - Precondition: the dimensions are even and at least 32.
  public init(seed: UInt64, participant: Int = 0, width: Int = 640, height: Int = 360) {
    precondition(width >= 32 && height >= 32 && width % 2 == 0 && height % 2 == 0, "an even picture of some size")
    self.seed = seed
    self.participant = participant
    self.width = width
    self.height = height
    // The golden angle keeps the hues of few participants far apart.
    let hue = Double(participant) * 0.381_966
    baseU = UInt8(128 + 56 * sine(turns: hue + 0.25))
    baseV = UInt8(128 + 56 * sine(turns: hue))
    let (room, sway) = (Self.panRoom, Self.swayRoom)
    backgrounds = Texture.background(seed: seed, width: width + room + sway, height: height + room)
      .withGrain(seed: seed, count: 4)
    face = .face(seed: seed, width: width, height: height)
    text = .text(seed: seed, width: width * 3 / 8, height: height)
    plate = .number(participant, scale: max(1, height / 60))
  }

  /// The picture at `index`.
  public func frame(at index: Int) -> VideoFrame {
    var frame = VideoFrame(width: width, height: height)
    render(index, into: &frame)
    return frame
  }

  /// The same as `frame(at:)`, into an existing frame of the camera's size.
  public func render(_ index: Int, into frame: inout VideoFrame) {
    precondition(frame.width == width && frame.height == height, "the frame has the camera's size")
    let width = width
    let height = height
    let head = headEllipse(at: index)
    frame.bytes.withUnsafeMutableBufferPointer { bytes in
      let luma = UnsafeMutableBufferPointer(rebasing: bytes[0..<width * height])
      drawLuma(index, head: head, into: luma)
      let quarter = width * height / 4
      drawChroma(
        base: baseU, face: 108, head: head, into: .init(rebasing: bytes[width * height..<width * height + quarter]))
      drawChroma(base: baseV, face: 152, head: head, into: .init(rebasing: bytes[(width * height + quarter)...]))
    }
  }

  // MARK: - Drawing

  private static let panRoom = 64
  private static let swayRoom = 12

  private struct Box { var x: Int, y: Int, width: Int, height: Int }
  private struct Ellipse { var x: Int, y: Int, halfWidth: Int, halfHeight: Int }

  private var textBox: Box {
    Box(x: width / 32 * 2, y: height / 16 * 10, width: text.width / 2 * 2, height: height / 8 * 2)
  }

  private var plateBox: Box {
    Box(
      x: width / 64 * 2, y: height / 64 * 2, width: min(plate.width, width / 2) / 2 * 2,
      height: min(plate.height, height / 2) / 2 * 2)
  }

  private func headEllipse(at index: Int) -> Ellipse {
    Ellipse(
      x: width * 5 / 8 + pendulum(index, limit: width / 8) - width / 16,
      y: height * 3 / 8 + pendulum(index / 2, limit: height / 16),
      halfWidth: height / 6, halfHeight: height / 4)
  }

  private func drawLuma(_ index: Int, head: Ellipse, into luma: UnsafeMutableBufferPointer<UInt8>) {
    let background = backgrounds[Int(dice(seed, index, 30) & 3)]
    let panX = pendulum(index, limit: Self.panRoom)
    let panY = pendulum(index / 3, limit: Self.panRoom)
    for row in 0..<height {
      // Rows sway against each other, so that no block of one picture is an exact copy of the one before.
      let sway = pendulum(index + row / 3, limit: Self.swayRoom)
      copy(background, row: row + panY, from: panX + sway, count: width, to: luma, at: row * width)
    }
    for row in max(0, head.y - head.halfHeight)..<min(height, head.y + head.halfHeight) {
      let span = Self.chord(of: head, row: row)
      let left = max(0, head.x - span)
      let count = min(width, head.x + span) - left
      guard count > 0 else { continue }
      copy(
        face, row: row - head.y + head.halfHeight, from: left - head.x + head.halfWidth, count: count, to: luma,
        at: row * width + left)
    }
    let scroll = index
    for row in 0..<textBox.height {
      copy(
        text, row: (row + scroll) % text.height, from: 0, count: textBox.width, to: luma,
        at: (textBox.y + row) * width + textBox.x)
    }
    for row in 0..<plateBox.height {
      copy(plate, row: row, from: 0, count: plateBox.width, to: luma, at: (plateBox.y + row) * width + plateBox.x)
    }
  }

  private func drawChroma(base: UInt8, face: UInt8, head: Ellipse, into plane: UnsafeMutableBufferPointer<UInt8>) {
    plane.update(repeating: base)
    for row in max(0, head.y - head.halfHeight) / 2..<min(height, head.y + head.halfHeight) / 2 {
      let span = Self.chord(of: head, row: row * 2) / 2
      let left = max(0, head.x / 2 - span)
      let right = min(width / 2, head.x / 2 + span)
      guard left < right else { continue }
      plane.extracting(row * (width / 2) + left..<row * (width / 2) + right).update(repeating: face)
    }
    for box in [textBox, plateBox] {
      for row in box.y / 2..<(box.y + box.height) / 2 {
        let begin = row * (width / 2) + box.x / 2
        plane.extracting(begin..<begin + box.width / 2).update(repeating: 128)
      }
    }
  }

  /// Half the width of the head's ellipse in `row`.
  private static func chord(of head: Ellipse, row: Int) -> Int {
    let distance = Double(row - head.y) / Double(head.halfHeight)
    return Int(Double(head.halfWidth) * max(0, 1 - distance * distance).squareRoot())
  }

  private func copy(
    _ texture: Texture, row: Int, from column: Int, count: Int, to plane: UnsafeMutableBufferPointer<UInt8>,
    at offset: Int
  ) {
    texture.luma.withUnsafeBufferPointer { source in
      let begin = row * texture.width + column
      _ = plane.extracting(offset..<offset + count).update(fromContentsOf: source.extracting(begin..<begin + count))
    }
  }
}
