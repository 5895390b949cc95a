import RTCMedia
import RTCPrimitives
import Testing

/// A stream with three temporal layers and its packets, coded or made up.
private struct LayeredStream {
  struct Frame {
    var bytes: [UInt8]
    var layer: TemporalLayer
    var packets: [WirePacket]
  }

  /// What the frames of libwebrtc's pattern refer to, by their places in a round of eight; of the first the frame four before.
  private static let references: [[Int]] = [[], [0], [0], [0, 2], [0], [4, 2], [4, 2], [4, 6]]

  private(set) var frames: [Frame] = []
  private var packetizer = VP8Packetizer(maximumPayloadSize: 200, pictureID: 0x7FF0)
  private var number = SequenceNumber(65_500)

  mutating func append(_ frame: EncodedFrame, _ bytes: [UInt8], layer: TemporalLayer) {
    var list: [WirePacket] = []
    for packet in packetizer.packets(of: frame) {
      var writer = ByteWriter()
      packet.descriptor.write(into: &writer)
      writer.append(bytes[packet.stored])
      let timestamp = UInt32(frames.count * 3000)
      list.append(
        WirePacket(number: number, timestamp: timestamp, marker: packet.isLast, payload: writer.bytes, elided: 0))
      number = number.next
    }
    frames.append(Frame(bytes: bytes, layer: layer, packets: list))
  }

  /// Modelled frames of 80 to 1600 bytes; the first is a key frame.
  init(modelled count: Int, seed: UInt64, kilobits: Int64 = 120) {
    var model = ModelledVP8(
      settings: VP8Settings(
        width: 320, height: 180, bitrate: .kilobitsPerSecond(kilobits), temporalLayers: 3),
      seed: seed, stream: "layers", payload: .filler)
    for _ in 0..<count {
      var buffer = ByteWriter()
      let frame = model.encode(rtpTimestamp: 0, captureTime: .start, into: &buffer)
      append(frame, buffer.bytes, layer: frame.temporalLayer!)
    }
  }

  init(coded count: Int, camera: SyntheticCamera) throws {
    var encoder = try VP8Encoder(
      settings: VP8Settings(width: 320, height: 180, bitrate: .kilobitsPerSecond(150), temporalLayers: 3))
    for index in 0..<count {
      var buffer = ByteWriter()
      let coded = try encoder.encode(
        camera.frame(at: index), rtpTimestamp: 0, captureTime: .start, into: &buffer)
      let frame = try #require(coded)
      append(frame, buffer.bytes, layer: try #require(frame.temporalLayer))
    }
  }

  func index(of frame: AssembledFrame) -> Int { Int(frame.rtpTimestamp) / 3000 }

  /// The frames that a frame refers to directly.
  static func references(of index: Int) -> [Int] {
    let (round, place) = (index / 8 * 8, index % 8)
    return place == 0 ? (index == 0 ? [] : [index - 4]) : references[place].map { round + $0 }
  }

  /// Sends the frames that are kept as one every 33 ms, and gives those that come out with their times in milliseconds.
  ///
  /// - Parameters:
  ///   - losing: whether a packet of a frame is lost, by the frame's index and its own.
  ///   - renumbered: packets are numbered anew, as by a forwarding unit that leaves frames out.
  func run(
    losing: (Int, Int) -> Bool = { _, _ in false }, keeping: (Int) -> Bool = { _ in true }, renumbered: Bool = false
  ) throws -> [(index: Int, milliseconds: Int)] {
    var assembler = VP8FrameAssembler()
    assembler.roundTripTime = .milliseconds(50)
    var next = SequenceNumber(1)
    var given: [(Int, Int)] = []
    for index in frames.indices where keeping(index) {
      let now = Instant.start + .milliseconds(33) * index
      for (place, packet) in frames[index].packets.enumerated() {
        var packet = packet
        if renumbered { packet.number = next }
        next = next.next
        if !losing(index, place) { try assembler.insert(packet, at: now) }
        while let frame = assembler.nextFrame(at: now) {
          #expect(frame.bytes == frames[self.index(of: frame)].bytes)
          given.append((self.index(of: frame), index * 33))
        }
      }
    }
    return given
  }
}

/// Frames of temporal layers are put together by what they refer to, not only by unbroken numbers.
struct LayeredAssemblyTests {
  @Test(arguments: [0.01, 0.03, 0.1])
  func `under loss a frame comes out only behind all that it refers to`(loss: Double) throws {
    for seed: UInt64 in 1...4 {
      var dice = SeededGenerator(seed: seed, stream: "layer loss")
      let stream = LayeredStream(modelled: 400, seed: seed)
      // The base layer is whole, as behind repair: with a hole in it only a key frame goes on.
      let given = try stream.run { index, _ in
        dice.happens(withProbability: loss) && stream.frames[index].layer.id > 0
      }.map(\.index)
      let set = Set(given)
      #expect(given == given.sorted() && set.count == given.count)
      for index in given { #expect(LayeredStream.references(of: index).allSatisfy(set.contains), "frame \(index)") }
      // The last ones may still wait.
      let base = stream.frames.indices.filter { stream.frames[$0].layer.id == 0 && $0 < 390 }
      #expect(base.allSatisfy(set.contains))
      #expect(given.count < 400)
    }
  }

  /// The oracle is the decoder: with a frame missing that another refers to it gives other pictures.
  @Test func `pictures are those of the whole stream, whatever is lost of the upper layers`() throws {
    let stream = try LayeredStream(coded: 48, camera: SyntheticCamera(seed: 8, width: 320, height: 180))
    func pictures(_ indices: [Int]) throws -> [[UInt8]] {
      var decoder = try VP8Decoder()
      var picture = VideoFrame(width: 2, height: 2)
      return try indices.map { index in
        let bytes = stream.frames[index].bytes
        let isShown = try decoder.decode(bytes.span, into: &picture)
        #expect(isShown)
        return picture.bytes
      }
    }
    let whole = try pictures(Array(0..<48))
    for seed: UInt64 in 1...4 {
      var dice = SeededGenerator(seed: seed, stream: "layer pictures")
      let given = try stream.run { index, _ in
        dice.happens(withProbability: 0.06) && stream.frames[index].layer.id > 0
      }.map(\.index)
      #expect((15..<48).contains(given.count))
      let same = try pictures(given) == given.map { whole[$0] }
      #expect(same)
    }
  }

  @Test func `the rest of a frame that nothing refers to is waited for, and then not missed`() throws {
    let stream = LayeredStream(modelled: 40, seed: 5, kilobits: 300)
    // Frame 11 is of the highest layer and of several packets, of which the second is lost.
    #expect(stream.frames[11].layer.isDiscardable && stream.frames[11].packets.count > 2)
    let given = try stream.run { index, place in index == 11 && place == 1 }
    #expect(given.map(\.index) == Array(0..<40).filter { $0 != 11 })
    // The frame after it waits for as long as a repair takes, a round trip and the assembler's 30 ms.
    let late = given.filter { $0.milliseconds > $0.index * 33 }
    #expect(late.map(\.index) == [12, 13, 14])
    #expect(late.allSatisfy { $0.milliseconds == 15 * 33 })
  }

  @Test func `a frame that is lost altogether takes along what may refer to it, up to the next switching point`() throws
  {
    let stream = LayeredStream(modelled: 40, seed: 6)
    let given = try stream.run { index, _ in index == 11 }.map(\.index)
    // Nobody knows that frame 11 was not of the middle layer.
    #expect(given == Array(0..<40).filter { ![11, 13, 14, 15].contains($0) })
  }

  @Test func `a hole in the base layer is passed by a key frame alone`() throws {
    let stream = LayeredStream(modelled: 40, seed: 7)
    let given = try stream.run { index, _ in index == 12 }.map(\.index)
    #expect(given == Array(0..<12))
  }

  @Test func `what a repair brings in time comes out in its order`() throws {
    let stream = LayeredStream(modelled: 20, seed: 9)
    var assembler = VP8FrameAssembler()
    assembler.roundTripTime = .milliseconds(50)
    var given: [Int] = []
    for index in stream.frames.indices {
      let now = Instant.start + .milliseconds(33) * index
      // The packets of frame 7 come two frames late.
      let arriving = index == 7 ? [] : index == 9 ? [7, 9] : [index]
      for packet in arriving.flatMap({ stream.frames[$0].packets }) {
        try assembler.insert(packet, at: now)
        while let frame = assembler.nextFrame(at: now) { given.append(stream.index(of: frame)) }
      }
    }
    #expect(given == Array(0..<20))
    #expect(assembler.framesSkipped == 0)
  }

  @Test(arguments: [0, 1])
  func `layers that a forwarding unit leaves out are not missed, and nothing waits`(highest: Int) throws {
    let stream = LayeredStream(modelled: 64, seed: 10)
    func isKept(_ index: Int) -> Bool { stream.frames[index].layer.id <= highest }
    let given = try stream.run(keeping: isKept, renumbered: true)
    #expect(given.map(\.index) == Array(0..<64).filter(isKept))
    #expect(given.allSatisfy { $0.milliseconds == $0.index * 33 })
  }

  @Test func `a forwarding unit may add and leave out layers in the middle`() throws {
    let stream = LayeredStream(modelled: 64, seed: 11)
    // Base layer, everything from a switching point on, base and middle layer.
    func isKept(_ index: Int) -> Bool {
      let layer = stream.frames[index].layer.id
      return index < 17 ? layer == 0 : index < 40 || layer < 2
    }
    let kept = stream.frames.indices.filter(isKept)
    #expect(stream.frames[17].layer.isSwitchingPoint && stream.frames[18].layer.isSwitchingPoint)
    #expect(try stream.run(keeping: isKept, renumbered: true).map(\.index) == kept)
    // Of what is left a frame of the middle layer is lost: those that refer to it are left out, and the base layer goes on.
    let given = try stream.run(losing: { index, _ in index == 42 }, keeping: isKept, renumbered: true).map(\.index)
    #expect(given == kept.filter { ![42, 46].contains($0) })
  }

  @Test func `a frame of an upper layer that its sender cut short takes along only its layer`() throws {
    var stream = LayeredStream(modelled: 40, seed: 12, kilobits: 300)
    stream.cut(10)
    let given = try stream.run(renumbered: true).map(\.index)
    #expect(given == Array(0..<40).filter { ![10, 11, 13, 14, 15].contains($0) })
  }

  @Test func `random packets of layers are refused or kept, never a trap`() {
    var dice = SeededGenerator(seed: 5, stream: "layer fuzz")
    var assembler = VP8FrameAssembler(capacity: 64, patience: .zero)
    assembler.roundTripTime = .zero
    var given = 0
    for round in 0..<20_000 {
      func byte(_ mask: UInt8) -> UInt8 { UInt8(truncatingIfNeeded: dice.next()) & mask }
      // X, N, S; I, L, T; a picture of 7 bits; TL0PICIDX; TID and Y; a key frame now and then.
      let payload = [0x80 | byte(0x30), 0xE0, byte(0x7F), byte(3), byte(0xE0), byte(7) == 0 ? 0 : 1]
      let packet = WirePacket(
        number: SequenceNumber(UInt16(truncatingIfNeeded: round + Int(dice.next() % 40))),
        timestamp: UInt32(round / 3), marker: byte(1) == 0, payload: payload, elided: 0)
      _ = try? assembler.insert(packet, at: .start)
      while let frame = assembler.nextFrame(at: .start) {
        given += 1
        #expect(frame.size.bytes == frame.bytes.count)
      }
    }
    #expect(given > 100)
  }
}

extension LayeredStream {
  /// Takes the last packet of a frame away.
  fileprivate mutating func cut(_ index: Int) { frames[index].packets.removeLast() }
}
