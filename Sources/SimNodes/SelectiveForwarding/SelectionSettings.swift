import RTCMedia
import RTCPrimitives

/// What a forwarding unit selects for each receiver; without it, everybody gets everything.
public struct SelectionSettings: Hashable, Sendable {
  /// How pictures are arranged in a receiver's window.
  public enum Layout: String, Hashable, Sendable, CaseIterable {
    /// Equal tiles.
    case grid
    /// Who has the floor is large, the others are small.
    case speaker
  }

  /// Of how many people a receiver sees pictures: of those who had the floor last.
  public var lastN = 25
  /// Of how many people sound is forwarded: of the loudest.
  public var loudest = 3
  public var layout = Layout.grid
  /// The sizes in which a picture is sent, the smallest first; one without simulcast.
  public var encodings: [Encoding] = []

  /// What is known of an encoding before it comes.
  public struct Encoding: Hashable, Sendable {
    public var height: Int
    /// Its rate with all headers.
    public var rate: DataRate

    public init(height: Int, rate: DataRate) {
      self.height = height
      self.rate = rate
    }

    /// One whose packets have the headers that a client's have.
    public init(height: Int, payload: DataRate, framesPerSecond: Int) {
      self.init(
        height: height,
        rate: RateAllocation.total(
          of: payload, framesPerSecond: framesPerSecond, packet: VideoAdapter.packet, overhead: VideoAdapter.overhead))
    }
  }

  public init() {}

  /// The window in which a receiver sees the others.
  static let window = (width: 1280, height: 720)
  /// A thumbnail beside the one who has the floor.
  static let thumbnailHeight = 144

  /// The height of the picture in each tile, when so many are seen; the first is the one who had the floor last.
  ///
  /// Pictures are 16:9; the grid has as many columns as rows, or one more.
  package func tileHeight(of place: Int, among count: Int) -> Int {
    let (width, height) = Self.window
    switch layout {
    case .speaker where count > 1: return place == 0 ? height - Self.thumbnailHeight : Self.thumbnailHeight
    case .speaker, .grid:
      var columns = 1
      while columns * columns < count { columns += 1 }
      let rows = (max(1, count) + columns - 1) / columns
      return min(height / rows, width * 9 / (16 * columns))
    }
  }

  /// How many of an encoding's temporal layers a tile of this height gets: a thumbnail has half the frame rate.
  ///
  /// - Note: Ours; units differ. LiveKit's preset for 180 lines, for one, has 15 to 20 frames/s.
  package func temporalLayers(forTile height: Int, of layers: Int) -> Int {
    height <= Self.thumbnailHeight && layers > 1 ? layers - 1 : layers
  }

  /// The smallest encoding whose pictures are at least as high as the tile; the largest where none is.
  package func encoding(forTile height: Int) -> Int {
    encodings.firstIndex { $0.height >= height } ?? max(0, encodings.count - 1)
  }
}
