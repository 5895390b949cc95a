import Foundation
import RTCMedia
import TestSupport
import Testing

@Suite struct VideoCompositorTests {
  @Test(arguments: [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (9, 3, 3), (10, 4, 3), (49, 7, 7)])
  func `cells form a grid that does not overlap`(count: Int, columns: Int, rows: Int) {
    let compositor = VideoCompositor(width: 640, height: 360)
    let cells = compositor.cells(count)
    #expect(cells.count == count)
    #expect(Set(cells.map(\.x)).count == columns)
    #expect(Set(cells.map(\.y)).count == rows)
    #expect(Set(cells.map { [$0.x, $0.y] }).count == count)
    for cell in cells {
      #expect(cell.x + cell.width <= 640 && cell.y + cell.height <= 360)
      #expect(cell.x % 2 == 0 && cell.y % 2 == 0 && cell.width % 2 == 0 && cell.height % 2 == 0)
    }
  }

  @Test func `a picture keeps its shape in its cell`() {
    let compositor = VideoCompositor(width: 640, height: 360)
    let cell = compositor.cells(2)[1]
    #expect(cell == .init(x: 320, y: 0, width: 320, height: 360))
    #expect(compositor.placement(of: 1280, by: 720, in: cell) == .init(x: 320, y: 90, width: 320, height: 180))
    #expect(compositor.placement(of: 360, by: 640, in: cell) == .init(x: 378, y: 0, width: 202, height: 360))
  }

  @Test func `every tile shows its participant, and the listener is left out`() throws {
    let cameras = (0..<6).map { SyntheticCamera(seed: 1, participant: $0, width: 320, height: 180) }
    let pictures = cameras.map { $0.frame(at: 20) }
    let compositor = VideoCompositor(width: 640, height: 360)
    let listener = 2
    let others = cameras.indices.filter { $0 != listener }
    var composed = VideoFrame(width: 2, height: 2)
    compositor.compose(others.map { pictures[$0] }, into: &composed)
    try write(png(of: composed), name: "composed.png")
    for (cell, participant) in zip(compositor.cells(others.count), others) {
      let picture = pictures[participant]
      let tile = compositor.placement(of: picture.width, by: picture.height, in: cell)
      let shown = Self.mean(of: composed, in: tile)
      let captured = Self.mean(of: picture, in: .init(x: 0, y: 0, width: picture.width, height: picture.height))
      for (a, b) in zip(shown, captured) { #expect(abs(a - b) < 2) }
      // Nobody else has this colour.
      for other in cameras.indices where other != participant {
        let foreign = Self.mean(of: pictures[other], in: .init(x: 0, y: 0, width: 320, height: 180))
        #expect(abs(foreign[1] - shown[1]) + abs(foreign[2] - shown[2]) > 8)
      }
    }
  }

  @Test func `who has no picture yet is a black cell, and nothing of the frame before remains`() {
    let compositor = VideoCompositor(width: 64, height: 32)
    var composed = VideoFrame(width: 64, height: 32, y: 200, u: 10, v: 10)
    compositor.compose([nil, VideoFrame(width: 32, height: 32, y: 100, u: 90, v: 80)], into: &composed)
    let cells = compositor.cells(2)
    #expect(Self.mean(of: composed, in: cells[0]) == [16, 128, 128])
    #expect(Self.mean(of: composed, in: cells[1]) == [100, 90, 80])
  }

  @Test func `a picture of the output's size is copied`() {
    let camera = SyntheticCamera(seed: 1, width: 160, height: 90)
    var composed = VideoFrame(width: 160, height: 90)
    VideoCompositor(width: 160, height: 90).compose([camera.frame(at: 3)], into: &composed)
    #expect(composed == camera.frame(at: 3))
  }

  private func write(_ bytes: [UInt8], name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-tests")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: folder.appending(path: name))
  }

  private static func mean(of frame: VideoFrame, in tile: VideoCompositor.Tile) -> [Double] {
    func mean(_ plane: Range<Int>, _ shift: Int) -> Double {
      var sum = 0
      for row in tile.y >> shift..<(tile.y + tile.height) >> shift {
        let begin = plane.lowerBound + row * (frame.width >> shift)
        sum += frame.bytes[(begin + (tile.x >> shift))..<(begin + ((tile.x + tile.width) >> shift))].reduce(0) {
          $0 + Int($1)
        }
      }
      return Double(sum) / Double((tile.width >> shift) * (tile.height >> shift))
    }
    return [mean(frame.yRange, 0), mean(frame.uRange, 1), mean(frame.vRange, 1)]
  }
}
