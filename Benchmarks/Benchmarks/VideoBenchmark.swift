import CFloors
import RTCMedia
import RTCPrimitives

/// `VP8Encoder` and `VP8Decoder` on the synthetic camera, against libvpx from C.
enum VideoBenchmark {
  private static let group = FigureGroup(
    subject: .codecs, title: "VP8: pictures of the synthetic camera between key frames, one thread", unit: .pictures,
    floor: "libvpx from C")
  private static let picturesPerRound = 10
  private static let framesPerSecond = 30

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    effort.pictureSizes.map { size in
      BenchmarkStep(.codecs, "VP8 \(size.width)×\(size.height)", seconds: Double(size.pixels) / 400_000) {
        () throws(BenchmarkError) in
        do {
          return try measure(size, effort)
        } catch {
          throw error as? BenchmarkError ?? .failed(operation: "VP8", reason: "\(error)")
        }
      }
    }
  }

  private static func measure(_ size: BenchmarkEffort.PictureSize, _ effort: BenchmarkEffort) throws
    -> [BenchmarkFigure]
  {
    let settings = VP8Settings(
      width: size.width, height: size.height, bitrate: .kilobitsPerSecond(Int64(size.kilobitsPerSecond)),
      framesPerSecond: framesPerSecond)
    var own = try OwnVP8(settings)
    var floor = try FloorVP8(size)
    let camera = SyntheticCamera(seed: 1, width: size.width, height: size.height)
    let count = effort.operations(picturesPerRound)
    var pictures = [VideoFrame](repeating: VideoFrame(width: size.width, height: size.height), count: count)
    var (encode, decode) = (Timing(), Timing())
    for round in 0...effort.rounds {
      for index in 0..<count { camera.render(round * count + index, into: &pictures[index]) }
      let isFirst = round % 2 == 0
      let begin = isFirst ? try floor.encode(pictures) : 0
      let ownEncode = try own.encode(pictures)
      let floorEncode = isFirst ? begin : try floor.encode(pictures)
      guard own.coded == floor.coded else { throw BenchmarkError.differentWork("VP8 encode") }
      let first = isFirst ? try floor.decode() : 0
      let ownDecode = try own.decode()
      let floorDecode = isFirst ? first : try floor.decode()
      guard own.sum == floor.sum else { throw BenchmarkError.differentWork("VP8 decode") }
      // The first round has the key frame and cold caches.
      guard round > 0 else { continue }
      encode.append(own: ownEncode / Double(count), floor: floorEncode / Double(count))
      decode.append(own: ownDecode / Double(count), floor: floorDecode / Double(count))
    }
    return [
      figure("encode", .videoEncode(codec: "VP8"), size, encode),
      figure("decode", .videoDecode(codec: "VP8"), size, decode),
    ]
  }

  private static func figure(
    _ operation: String, _ cost: CostFigure, _ size: BenchmarkEffort.PictureSize, _ timing: Timing
  ) -> BenchmarkFigure {
    var figure = BenchmarkFigure(
      group, "\(operation) \(size.width)×\(size.height), \(size.kilobitsPerSecond) kbit/s", timing,
      duration: .nanoseconds(1_000_000_000 / framesPerSecond))
    figure.costs = [CostSample(cost, count: size.pixels, nanoseconds: timing.median)]
    return figure
  }
}

private struct OwnVP8: ~Copyable {
  private var encoder: VP8Encoder
  private var decoder: VP8Decoder
  private var output = ByteWriter()
  private var frames: [EncodedFrame] = []
  private var picture: VideoFrame
  private var number: UInt32 = 0

  init(_ settings: VP8Settings) throws(CodecError) {
    let encoder = try VP8Encoder(settings: settings)
    let decoder = try VP8Decoder()
    self.encoder = encoder
    self.decoder = decoder
    picture = VideoFrame(width: settings.width, height: settings.height)
  }

  var coded: [UInt8] { output.bytes }
  /// The sum of all samples of the last picture.
  var sum: UInt64 { picture.bytes.reduce(0) { $0 + UInt64($1) } }

  mutating func encode(_ pictures: [VideoFrame]) throws -> Double {
    output.removeAll()
    frames.removeAll(keepingCapacity: true)
    let begin = Stopwatch.nanoseconds
    for picture in pictures {
      number += 1
      if let frame = try encoder.encode(picture, rtpTimestamp: number, captureTime: .start, into: &output) {
        frames.append(frame)
      }
    }
    return Double(Stopwatch.nanoseconds - begin)
  }

  mutating func decode() throws -> Double {
    let bytes = output.bytes
    let begin = Stopwatch.nanoseconds
    for frame in frames { _ = try decoder.decode(bytes.span.extracting(frame.stored), into: &picture) }
    return Double(Stopwatch.nanoseconds - begin)
  }
}

private struct FloorVP8: ~Copyable {
  private let encoder: OpaquePointer
  private let decoder: OpaquePointer
  private(set) var coded: [UInt8] = []
  private var ranges: [Range<Int>] = []

  init(_ size: BenchmarkEffort.PictureSize) throws(BenchmarkError) {
    guard let encoder = floor_vp8_encoder(Int32(size.width), Int32(size.height), Int32(size.kilobitsPerSecond), 30)
    else { throw .failed(operation: "the floor's VP8 encoder", reason: "libvpx refuses") }
    guard let decoder = floor_vp8_decoder() else {
      floor_vp8_free(encoder)
      throw .failed(operation: "the floor's VP8 decoder", reason: "libvpx refuses")
    }
    self.encoder = encoder
    self.decoder = decoder
  }

  deinit {
    floor_vp8_free(encoder)
    floor_vp8_free(decoder)
  }

  var sum: UInt64 { floor_vp8_sum(decoder) }

  /// The time in the library alone; copying the coded bytes away is not in it.
  mutating func encode(_ pictures: [VideoFrame]) throws(BenchmarkError) -> Double {
    coded.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    var time: Int64 = 0
    for picture in pictures {
      var bytes: UnsafePointer<UInt8>?
      var size = 0
      let begin = Stopwatch.nanoseconds
      let status = floor_vp8_encode(encoder, picture.bytes, &bytes, &size)
      time += Stopwatch.nanoseconds - begin
      guard status == 1, let bytes else {
        throw .failed(operation: "the floor's VP8 encoder", reason: "libvpx refuses")
      }
      ranges.append(coded.count..<coded.count + size)
      coded.append(contentsOf: UnsafeBufferPointer(start: bytes, count: size))
    }
    return Double(time)
  }

  mutating func decode() throws(BenchmarkError) -> Double {
    let begin = Stopwatch.nanoseconds
    for range in ranges {
      let status = coded.withUnsafeBufferPointer {
        floor_vp8_decode(decoder, $0.baseAddress! + range.lowerBound, range.count)
      }
      guard status == 1 else { throw .failed(operation: "the floor's VP8 decoder", reason: "libvpx refuses") }
    }
    return Double(Stopwatch.nanoseconds - begin)
  }
}
