import RTCMedia
import RTCPrimitives
import RTCWire
import Testing

/// A packet as it stands on the wire, without its RTP header.
struct WirePacket {
  var number: SequenceNumber
  var timestamp: UInt32
  var marker: Bool
  var payload: [UInt8]
  var elided: Int
}

/// A stream of frames and their packets.
struct PacketizedStream {
  var packetizer: VP8Packetizer
  var number: SequenceNumber
  var timestamp: UInt32 = 0xFFFF_F000
  var frames: [[UInt8]] = []
  var packets: [[WirePacket]] = []

  init(maximumPayloadSize: Int = 1180, pictureID: UInt16 = 0x7FFE, number: SequenceNumber = 65_530) {
    packetizer = VP8Packetizer(maximumPayloadSize: maximumPayloadSize, pictureID: pictureID)
    self.number = number
  }

  /// Appends a frame of random bytes; only the key frame bit means something.
  mutating func append(size: Int, isKeyFrame: Bool, elided: Int = 0, using generator: inout SeededGenerator) {
    var bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    bytes[0] = isKeyFrame ? bytes[0] & 0xFE : bytes[0] | 1
    timestamp &+= 3000
    let frame = EncodedFrame(
      isKeyFrame: isKeyFrame, stored: 0..<size, elided: elided, rtpTimestamp: timestamp, captureTime: .start)
    var list: [WirePacket] = []
    for packet in packetizer.packets(of: frame) {
      var writer = ByteWriter()
      packet.descriptor.write(into: &writer)
      writer.append(bytes[packet.stored])
      list.append(
        WirePacket(
          number: number, timestamp: timestamp, marker: packet.isLast, payload: writer.bytes, elided: packet.elided))
      number = number.next
    }
    frames.append(bytes)
    packets.append(list)
  }
}

extension PacketizedStream {
  /// Which frame this is.
  func index(of frame: AssembledFrame?) -> Int? { frame.flatMap { frames.firstIndex(of: $0.bytes) } }
}

extension VP8FrameAssembler {
  @discardableResult
  mutating func insert(_ packet: WirePacket, at now: Instant = .start) throws -> Insertion {
    try insert(
      packet.number, timestamp: packet.timestamp, marker: packet.marker, payload: packet.payload.span,
      elided: packet.elided, at: now)
  }
}

@Suite struct VP8PacketizationTests {
  @Test(arguments: [1, 2, 1175, 1176, 1177, 2352, 2353, 9_999, 100_000])
  func `packets fit, differ by one byte at most and cover the frame once`(size: Int) {
    var packetizer = VP8Packetizer(maximumPayloadSize: 1180, pictureID: 5)
    let frame = EncodedFrame(isKeyFrame: true, stored: 7..<7 + size, rtpTimestamp: 0, captureTime: .start)
    let packets = Array(packetizer.packets(of: frame))
    #expect(packets.count == (size + 1175) / 1176)
    let sizes = packets.map(\.payloadSize)
    #expect(sizes.max()! <= 1180)
    #expect(sizes.max()! - sizes.min()! <= 1)
    #expect(packets.flatMap { Array($0.stored) } == Array(7..<7 + size))
    #expect(packets.map(\.isLast) == packets.indices.map { $0 == packets.count - 1 })
    #expect(packets.map(\.descriptor.startsFrame) == packets.indices.map { $0 == 0 })
    #expect(packets.allSatisfy { $0.descriptor.pictureID == .long(5) })
    #expect(packetizer.pictureID == 6)
  }

  @Test func `what is elided is split as if it existed`() {
    var (whole, header) = (
      VP8Packetizer(maximumPayloadSize: 1180, pictureID: 0), VP8Packetizer(maximumPayloadSize: 1180, pictureID: 0)
    )
    let stored = EncodedFrame(isKeyFrame: true, stored: 0..<5000, rtpTimestamp: 0, captureTime: .start)
    let elided = EncodedFrame(isKeyFrame: true, stored: 0..<10, elided: 4990, rtpTimestamp: 0, captureTime: .start)
    let (a, b) = (Array(whole.packets(of: stored)), Array(header.packets(of: elided)))
    #expect(a.map(\.payloadSize) == b.map(\.payloadSize))
    #expect(b.map(\.stored.count) == [10, 0, 0, 0, 0])
    #expect(b.map(\.elided).reduce(0, +) == 4990)
  }

  @Test func `the picture number wraps at 15 bits`() {
    var packetizer = VP8Packetizer(maximumPayloadSize: 100, pictureID: 0x7FFF)
    let frame = EncodedFrame(isKeyFrame: true, stored: 0..<10, rtpTimestamp: 0, captureTime: .start)
    _ = packetizer.packets(of: frame)
    #expect(packetizer.packets(of: frame).first?.descriptor.pictureID == .long(0))
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `frames of 1 byte to 100 kB come out as they went in, reordered and duplicated`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "reordering")
    var stream = PacketizedStream()
    for index in 0..<30 {
      let size = index == 3 ? 100_000 : 1 + Int(generator.next() % UInt64(1 << (index % 15)))
      stream.append(size: size, isKeyFrame: index % 11 == 0, using: &generator)
    }
    // Each packet is moved by up to eight places, and every fifth comes twice.
    let keyed = stream.packets.joined().enumerated().flatMap { index, packet in
      let place = Int(generator.next() % 9) + index
      let again = generator.next() % 5 == 0 ? [(place + Int(generator.next() % 9), packet)] : []
      return [(place, packet)] + again
    }
    // The first packet stays the first: what comes before it cannot be told from an older stream.
    let order = keyed.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
    var assembler = VP8FrameAssembler()
    var frames: [AssembledFrame] = []
    for packet in order {
      try assembler.insert(packet)
      while let frame = assembler.nextFrame(at: .start) { frames.append(frame) }
    }
    #expect(frames.map { stream.index(of: $0) } == Array(0..<30))
    #expect(frames.map(\.isKeyFrame) == (0..<30).map { $0 % 11 == 0 })
    #expect(frames.map(\.packetCount) == stream.packets.map(\.count))
    #expect(frames.map(\.size.bytes) == stream.frames.map(\.count))
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `under loss no frame is incomplete, and each follows its predecessor or is a key frame`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "loss")
    var stream = PacketizedStream(maximumPayloadSize: 200)
    for index in 0..<400 {
      let size = 1 + Int(generator.next() % 1500)
      stream.append(size: size, isKeyFrame: index % 20 == 0, using: &generator)
    }
    var assembler = VP8FrameAssembler(capacity: 128)
    var given: [Int] = []
    var now = Instant.start
    for packet in stream.packets.joined() where !generator.happens(withProbability: 0.01) {
      now += .milliseconds(7)
      try assembler.insert(packet, at: now)
      while let frame = assembler.nextFrame(at: now) {
        let index = try #require(stream.index(of: frame))
        #expect(frame.isKeyFrame || given.last == index - 1)
        #expect(given.last ?? -1 < index)
        given.append(index)
      }
    }
    #expect((100..<400).contains(given.count))
  }

  @Test func `a late packet closes the gap and everything behind it comes out`() throws {
    var generator = SeededGenerator(seed: 1, stream: "gap")
    var stream = PacketizedStream()
    for index in 0..<4 { stream.append(size: 3000, isKeyFrame: index == 0, using: &generator) }
    let packets = Array(stream.packets.joined())
    var assembler = VP8FrameAssembler()
    for (index, packet) in packets.enumerated() where index != 4 { try assembler.insert(packet) }
    #expect(stream.index(of: assembler.nextFrame(at: .start)) == 0)
    #expect(assembler.nextFrame(at: .start) == nil)
    #expect(assembler.isBlocked == true)
    try assembler.insert(packets[4], at: Instant(nanoseconds: 50))
    let next = assembler.nextFrame(at: .start)
    let repaired = try #require(next)
    #expect(repaired.completion == Instant(nanoseconds: 50))
    #expect(repaired.firstArrival == .start)
    #expect(stream.index(of: assembler.nextFrame(at: .start)) == 2)
    #expect(stream.index(of: assembler.nextFrame(at: .start)) == 3)
    #expect(assembler.isBlocked == false)
    let again = try assembler.insert(packets[4])
    #expect(again == .stale)
  }

  @Test func `nothing comes before a key frame, at the beginning and when one is required`() throws {
    var generator = SeededGenerator(seed: 1, stream: "key")
    var stream = PacketizedStream()
    for index in 0..<8 { stream.append(size: 500, isKeyFrame: index == 2 || index == 6, using: &generator) }
    var assembler = VP8FrameAssembler()
    var given: [Int] = []
    for (index, packet) in stream.packets.joined().enumerated() {
      if index == 4 { assembler.requireKeyFrame() }
      try assembler.insert(packet)
      while let frame = assembler.nextFrame(at: .start) { given.append(try #require(stream.index(of: frame))) }
      #expect(assembler.needsKeyFrame == [0, 1, 4, 5].contains(index))
    }
    #expect(given == [2, 3, 6, 7])
  }

  @Test func `a complete key frame is not held up by an unrepaired gap`() throws {
    var generator = SeededGenerator(seed: 1, stream: "skip")
    var stream = PacketizedStream()
    for index in 0..<4 { stream.append(size: 3000, isKeyFrame: index == 0 || index == 3, using: &generator) }
    var assembler = VP8FrameAssembler()
    var given: [Int] = []
    for (index, packet) in stream.packets.joined().enumerated() where index != 4 {
      try assembler.insert(packet)
      while let frame = assembler.nextFrame(at: .start) { given.append(try #require(stream.index(of: frame))) }
    }
    #expect(given == [0])
    let (early, late) = (
      assembler.nextFrame(at: .start + .milliseconds(29)), assembler.nextFrame(at: .start + .milliseconds(30))
    )
    #expect(early == nil)
    #expect(stream.index(of: late) == 3)
    #expect(assembler.framesSkipped == 2)
  }

  /// Chromium's pacer numbers packets when they go out, and may give up the rest of a frame.
  @Test func `a frame that its sender cut short is never given out, and only a key frame follows it`() throws {
    var generator = SeededGenerator(seed: 1, stream: "cut")
    var stream = PacketizedStream()
    for index in 0..<5 { stream.append(size: 3000, isKeyFrame: index == 0 || index == 3, using: &generator) }
    stream.packets[1].removeLast()
    var number = SequenceNumber(65_530)
    var assembler = VP8FrameAssembler()
    var given: [Int] = []
    for packet in stream.packets.joined() {
      var packet = packet
      packet.number = number
      number = number.next
      try assembler.insert(packet)
      while let frame = assembler.nextFrame(at: .start) { given.append(try #require(stream.index(of: frame))) }
      let needsKeyFrame = assembler.needsKeyFrame
      if packet.timestamp == stream.packets[2][0].timestamp { #expect(needsKeyFrame) }
    }
    #expect(given == [0, 3, 4])
  }

  @Test func `elided payloads make frames of the right size without bytes`() throws {
    var generator = SeededGenerator(seed: 1, stream: "elided")
    var stream = PacketizedStream()
    stream.append(size: 10, isKeyFrame: true, elided: 4990, using: &generator)
    var assembler = VP8FrameAssembler()
    for packet in stream.packets[0] { try assembler.insert(packet) }
    let next = assembler.nextFrame(at: .start)
    let frame = try #require(next)
    #expect(frame.isKeyFrame)
    #expect(frame.size == .bytes(5000))
    #expect(frame.bytes.isEmpty)
  }

  @Test func `padding between frames is passed over`() throws {
    var generator = SeededGenerator(seed: 1, stream: "padding")
    var stream = PacketizedStream()
    stream.append(size: 100, isKeyFrame: true, using: &generator)
    let padding = WirePacket(number: stream.number, timestamp: 0, marker: false, payload: [], elided: 0)
    stream.number = stream.number.next
    stream.append(size: 100, isKeyFrame: false, using: &generator)
    var assembler = VP8FrameAssembler()
    for packet in [stream.packets[0][0], stream.packets[1][0], padding] { try assembler.insert(packet) }
    #expect(stream.index(of: assembler.nextFrame(at: .start)) == 0)
    #expect(stream.index(of: assembler.nextFrame(at: .start)) == 1)
  }

  @Test func `packets in front of the very first one are welcome`() throws {
    var generator = SeededGenerator(seed: 1, stream: "first")
    var stream = PacketizedStream(number: 65_535)
    stream.append(size: 3000, isKeyFrame: true, using: &generator)
    var assembler = VP8FrameAssembler()
    for packet in stream.packets[0].reversed() { try assembler.insert(packet) }
    #expect(stream.index(of: assembler.nextFrame(at: .start)) == 0)
  }

  @Test func `a stream that overruns the buffer waits for a key frame`() throws {
    var generator = SeededGenerator(seed: 1, stream: "overrun")
    var stream = PacketizedStream()
    for index in 0..<40 { stream.append(size: 100, isKeyFrame: index == 0 || index == 38, using: &generator) }
    var assembler = VP8FrameAssembler(capacity: 16)
    var given: [Int] = []
    for (index, packet) in stream.packets.joined().enumerated() where index != 2 {
      try assembler.insert(packet)
      while let frame = assembler.nextFrame(at: .start) { given.append(try #require(stream.index(of: frame))) }
      #expect(assembler.needsKeyFrame == (19..<38).contains(index))
    }
    #expect(given == [0, 1, 38, 39])
  }

  @Test func `random payloads are refused or kept, never a trap`() {
    var generator = SeededGenerator(seed: 4, stream: "fuzz")
    var assembler = VP8FrameAssembler(capacity: 64)
    for _ in 0..<5000 {
      let size = Int(generator.next() % 12)
      let payload = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let packet = WirePacket(
        number: SequenceNumber(UInt16(truncatingIfNeeded: generator.next() % 200)),
        timestamp: UInt32(generator.next() % 5), marker: generator.next() % 3 == 0, payload: payload, elided: 0)
      _ = try? assembler.insert(packet)
      while let frame = assembler.nextFrame(at: .start) { #expect(frame.size.bytes == frame.bytes.count) }
      if generator.next() % 50 == 0 { assembler.requireKeyFrame() }
    }
  }

  @Test func `an Opus packet is marked after a pause`() {
    var packetizer = OpusPacketizer()
    let marks = [0, 960, 1920, 9600, 10_560].map { timestamp in
      packetizer.marker(
        of: EncodedFrame(isKeyFrame: true, stored: 0..<1, rtpTimestamp: UInt32(timestamp), captureTime: .start))
    }
    #expect(marks == [true, false, false, true, false])
  }
}
