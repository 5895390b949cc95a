import CFloors
import RTCMedia

/// `VideoCompositor`, against libyuv from C.
enum CompositionBenchmark {
  private static let group = FigureGroup(
    subject: .codecs, title: "Composition: pictures of 640×360 into a grid, by megapixels of the result",
    unit: .megapixels, floor: "libyuv from C")
  private static let canvases = [(width: 640, height: 360), (width: 1280, height: 720)]
  private static let parts = [0, 1, 2, 4, 6, 9, 16, 24, 49]

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    canvases.map { width, height in
      BenchmarkStep(.codecs, "composition \(width)×\(height)", seconds: 1) { () throws(BenchmarkError) in
        let canvas = VideoCompositor(width: width, height: height)
        var figures: [BenchmarkFigure] = []
        var emptyCanvas = 0.0
        for count in parts {
          let timing = try time(count, into: canvas, effort)
          figures.append(figure(count, canvas, timing, emptyCanvas: emptyCanvas))
          if count == 0 { emptyCanvas = timing.median }
        }
        return figures
      }
    }
  }

  /// A pattern: what scaling costs does not depend on the picture.
  private static let picture: VideoFrame = {
    let (width, height) = (640, 360)
    return VideoFrame(
      width: width, height: height,
      bytes: [UInt8](unsafeUninitializedCapacity: width * height * 3 / 2) { buffer, count in
        for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index &* index >> 7) }
        count = buffer.count
      })
  }()

  private static func tiles(_ count: Int, in canvas: VideoCompositor) -> [VideoCompositor.Tile] {
    canvas.cells(count).map { canvas.placement(of: picture.width, by: picture.height, in: $0) }
  }

  private static func time(
    _ count: Int, into canvas: VideoCompositor, _ effort: BenchmarkEffort
  ) throws(BenchmarkError) -> Timing {
    let pictures = [VideoFrame?](repeating: picture, count: count)
    let tiles = tiles(count, in: canvas).map { tile in
      floor_tile(x: Int32(tile.x), y: Int32(tile.y), width: Int32(tile.width), height: Int32(tile.height))
    }
    var own = VideoFrame(width: canvas.width, height: canvas.height)
    var floor = own
    let times = effort.operations(10)
    return try Timing.alternate(
      rounds: effort.rounds, operations: times,
      own: { () throws(BenchmarkError) in
        for _ in 0..<times { canvas.compose(pictures, into: &own) }
      },
      floor: { () throws(BenchmarkError) in
        for _ in 0..<times {
          let status = floor_compose(
            picture.bytes, Int32(picture.width), Int32(picture.height), tiles, Int32(count), &floor.bytes,
            Int32(canvas.width), Int32(canvas.height))
          guard status == 1 else { throw .failed(operation: "the floor's composition", reason: "libyuv refuses") }
        }
      },
      check: { () throws(BenchmarkError) in
        guard own == floor else { throw .differentWork("composition") }
      })
  }

  private static func figure(
    _ count: Int, _ canvas: VideoCompositor, _ timing: Timing, emptyCanvas: Double
  ) -> BenchmarkFigure {
    let pixels = canvas.width * canvas.height
    let name = count == 0 ? "nothing" : count == 1 ? "1 picture" : "\(count) pictures"
    var figure = BenchmarkFigure(
      group, "\(name) into \(canvas.width)×\(canvas.height)", timing, pixels: pixels,
      duration: .nanoseconds(1_000_000_000 / 30))
    if count == 0 {
      figure.costs = [CostSample(.videoCompose, count: pixels, nanoseconds: timing.median)]
    } else if tiles(count, in: canvas).allSatisfy(isTypical) {
      let time = (timing.median - emptyCanvas) / Double(count)
      figure.costs = [CostSample(.videoScale, count: pixels / count, nanoseconds: time)]
    }
    return figure
  }

  /// Whether a picture is reduced by a ratio for which libyuv has no special case. Those it has (1, 2 and 4) cost a
  /// tenth; a cost file has one figure, and takes the more expensive one.
  private static func isTypical(_ tile: VideoCompositor.Tile) -> Bool {
    let isSpecial = [1, 2, 4].contains { tile.width * $0 == picture.width && tile.height * $0 == picture.height }
    return tile.width < picture.width && !isSpecial
  }
}
