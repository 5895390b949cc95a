import CFloors
import RTCMedia
import RTCPrimitives

/// `OpusEncoder`, `OpusDecoder` and `AudioMixer` on synthetic speech, the codecs against libopus from C.
enum AudioBenchmark {
  private static let codecs = FigureGroup(
    subject: .codecs, title: "Opus: synthetic speech, mono, complexity 9", unit: .sound, floor: "libopus from C")
  private static let mixing = FigureGroup(
    subject: .codecs, title: "Audio mixing: everybody but oneself, for one listener", unit: .sound, floor: nil)
  private static let settings = OpusSettings()

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [
      BenchmarkStep(.codecs, "Opus", seconds: 2) { () throws(BenchmarkError) in
        do {
          return try measureOpus(effort)
        } catch {
          throw error as? BenchmarkError ?? .failed(operation: "Opus", reason: "\(error)")
        }
      },
      BenchmarkStep(.codecs, "audio mixing", seconds: 0.3) { () throws(BenchmarkError) in
        var figures: [BenchmarkFigure] = []
        for people in [2, 5, 10, 25] { figures.append(try measureMixing(people, effort)) }
        return figures
      },
    ]
  }

  private static func measureOpus(_ effort: BenchmarkEffort) throws -> [BenchmarkFigure] {
    let speech = SyntheticSpeech(seed: 1)
    let count = effort.operations(100)
    var own = try OwnOpus(settings)
    var floor = try FloorOpus(settings)
    var frames = [AudioFrame](repeating: AudioFrame(), count: count)
    var (encode, decode) = (Timing(), Timing())
    for round in 0...effort.rounds {
      for index in 0..<count { speech.render(round * count + index, into: &frames[index]) }
      let isFirst = round % 2 == 0
      let begin = isFirst ? try floor.encode(frames) : 0
      let ownEncode = try own.encode(frames)
      let floorEncode = isFirst ? begin : try floor.encode(frames)
      guard own.coded == floor.coded else { throw BenchmarkError.differentWork("Opus encode") }
      let first = isFirst ? try floor.decode() : 0
      let ownDecode = try own.decode()
      let floorDecode = isFirst ? first : try floor.decode()
      guard own.sound == floor.sound else { throw BenchmarkError.differentWork("Opus decode") }
      guard round > 0 else { continue }
      encode.append(own: ownEncode / Double(count), floor: floorEncode / Double(count))
      decode.append(own: ownDecode / Double(count), floor: floorDecode / Double(count))
    }
    let rate = settings.bitrate.bitsPerSecond / 1000
    var encoding = BenchmarkFigure(codecs, "encode, \(rate) kbit/s", encode, duration: AudioFrame.duration)
    encoding.costs = [CostSample(.audioEncode(codec: "opus"), nanoseconds: encode.median)]
    var decoding = BenchmarkFigure(codecs, "decode, \(rate) kbit/s", decode, duration: AudioFrame.duration)
    decoding.costs = [CostSample(.audioDecode(codec: "opus"), nanoseconds: decode.median)]
    return [encoding, decoding]
  }

  private static func measureMixing(_ people: Int, _ effort: BenchmarkEffort) throws(BenchmarkError) -> BenchmarkFigure
  {
    let voices = (0..<people).map { SyntheticSpeech(seed: UInt64($0)).frame(at: 5) }
    var mixer = AudioMixer()
    var mixed = AudioFrame()
    let count = effort.operations(500) / people + 1
    let timing = try Timing.alone(rounds: effort.rounds, operations: count * people) {
      for _ in 0..<count {
        mixer.begin()
        for (source, voice) in voices.enumerated() { mixer.add(voice, from: source) }
        for listener in 0..<people { mixer.mix(without: listener, into: &mixed) }
      }
    }
    var expected = [Int32](repeating: 0, count: mixed.samples.count)
    for voice in voices.dropLast() {
      for index in expected.indices { expected[index] += Int32(voice.samples[index]) }
    }
    guard mixed.samples == expected.map({ Int16(clamping: $0) }) else { throw .differentWork("audio mixing") }
    var figure = BenchmarkFigure(mixing, "\(people) people", timing, duration: AudioFrame.duration)
    figure.costs = [CostSample(.audioMix, count: people - 1, nanoseconds: timing.median)]
    return figure
  }
}

private struct OwnOpus: ~Copyable {
  private var encoder: OpusEncoder
  private var decoder: OpusDecoder
  private var output = ByteWriter()
  private var frames: [EncodedFrame] = []
  private(set) var sound = AudioFrame()

  init(_ settings: OpusSettings) throws(CodecError) {
    let encoder = try OpusEncoder(settings: settings)
    let decoder = try OpusDecoder()
    self.encoder = encoder
    self.decoder = decoder
  }

  var coded: [UInt8] { output.bytes }

  mutating func encode(_ sounds: [AudioFrame]) throws -> Double {
    output.removeAll()
    frames.removeAll(keepingCapacity: true)
    let begin = Stopwatch.nanoseconds
    for sound in sounds {
      if let frame = try encoder.encode(sound, rtpTimestamp: 0, captureTime: .start, into: &output) {
        frames.append(frame)
      }
    }
    return Double(Stopwatch.nanoseconds - begin)
  }

  mutating func decode() throws -> Double {
    let bytes = output.bytes
    let begin = Stopwatch.nanoseconds
    for frame in frames { try decoder.decode(bytes.span.extracting(frame.stored), into: &sound) }
    return Double(Stopwatch.nanoseconds - begin)
  }
}

private struct FloorOpus: ~Copyable {
  private let codec: OpaquePointer
  private(set) var coded: [UInt8] = []
  private(set) var sound = AudioFrame()
  private var ranges: [Range<Int>] = []
  private var packet = [UInt8](repeating: 0, count: 1275)

  init(_ settings: OpusSettings) throws(BenchmarkError) {
    guard let codec = floor_opus_create(Int32(settings.bitrate.bitsPerSecond), Int32(settings.complexity)) else {
      throw .failed(operation: "the floor's Opus codec", reason: "libopus refuses")
    }
    self.codec = codec
  }

  deinit { floor_opus_free(codec) }

  /// The time in the library alone; copying the coded bytes away is not in it.
  mutating func encode(_ sounds: [AudioFrame]) throws(BenchmarkError) -> Double {
    coded.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    var time: Int64 = 0
    for sound in sounds {
      let begin = Stopwatch.nanoseconds
      let size = Int(floor_opus_encode(codec, sound.samples, &packet))
      time += Stopwatch.nanoseconds - begin
      guard size > 0 else { throw .failed(operation: "the floor's Opus encoder", reason: "libopus refuses") }
      ranges.append(coded.count..<coded.count + size)
      coded += packet[..<size]
    }
    return Double(time)
  }

  mutating func decode() throws(BenchmarkError) -> Double {
    let begin = Stopwatch.nanoseconds
    for range in ranges {
      let status = coded.withUnsafeBufferPointer {
        floor_opus_decode(codec, $0.baseAddress! + range.lowerBound, Int32(range.count), &sound.samples)
      }
      guard status == 1 else { throw .failed(operation: "the floor's Opus decoder", reason: "libopus refuses") }
    }
    return Double(Stopwatch.nanoseconds - begin)
  }
}
