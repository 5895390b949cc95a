import RTCMedia

/// Compares pictures with a file that the peer is known to play, without knowing where it is in it.
///
/// The picture of the file that looks most like the one that came is found by thumbnails; with it the PSNR is computed.
struct PictureMatcher {
  private static let columns = 32
  private static let rows = 18

  private let file: Y4MFile
  private let thumbnails: [[UInt8]]
  private var sum = 0.0
  private var pictures = 0

  init(_ file: Y4MFile) {
    self.file = file
    thumbnails = (0..<file.frameCount).map { Self.thumbnail(of: file.frame(at: $0)) }
  }

  /// In dB, over the pictures that had the size of the file's.
  var meanPSNR: Double? { pictures > 0 ? sum / Double(pictures) : nil }

  mutating func compare(_ picture: VideoFrame) {
    guard picture.width == file.width, picture.height == file.height else { return }
    let sought = Self.thumbnail(of: picture)
    var best = (index: 0, distance: Int.max)
    for (index, thumbnail) in thumbnails.enumerated() {
      var distance = 0
      for place in sought.indices {
        let difference = Int(sought[place]) - Int(thumbnail[place])
        distance += difference * difference
      }
      if distance < best.distance { best = (index, distance) }
    }
    sum += min(PSNR(picture, file.frame(at: best.index)).overall, 100)
    pictures += 1
  }

  /// Single samples of luma: what is moved by a pixel looks different.
  private static func thumbnail(of picture: VideoFrame) -> [UInt8] {
    (0..<rows * columns).map { place in
      let row = (2 * (place / columns) + 1) * picture.height / (2 * rows)
      let column = (2 * (place % columns) + 1) * picture.width / (2 * columns)
      return picture.bytes[row * picture.width + column]
    }
  }
}
