import RTCPrimitives
import RTCWire
import Testing

@testable import RTCMedia

/// What a receiver sees of a stream whose parts are chosen for it.
struct ForwardedStreamTests {
  /// A packet at the source.
  private struct Sent {
    var packet: VideoPacket
    var marker: Bool
    /// The number of its frame among those of its encoding, and the frames that this one refers to.
    var frame: Int
    var references: [Int]
  }

  /// A source of several encodings with three temporal layers in libwebrtc's pattern.
  private struct Source {
    var dice: SeededGenerator
    var numbers: [SequenceNumber]
    var timestamps: [UInt32]
    var pictureIDs: [UInt16]
    var baseLayerIndices: [UInt8]
    var frames: [Int]
    /// The newest frame of each temporal layer.
    var newest: [[Int]]
    var needsKeyFrame: [Bool]
    var pattern = [0, 0, 0]

    init(seed: UInt64) {
      dice = SeededGenerator(seed: seed, stream: "source")
      numbers = (0..<3).map { _ in SequenceNumber(0) }
      timestamps = [0, 0, 0]
      pictureIDs = [0, 0, 0]
      baseLayerIndices = [0, 0, 0]
      frames = [0, 0, 0]
      newest = Array(repeating: [-1, -1, -1], count: 3)
      needsKeyFrame = [true, true, true]
      for index in 0..<3 {
        numbers[index] = SequenceNumber(UInt16(truncatingIfNeeded: dice.next()))
        timestamps[index] = UInt32(truncatingIfNeeded: dice.next())
        pictureIDs[index] = UInt16(truncatingIfNeeded: dice.next()) & 0x7FFF
        baseLayerIndices[index] = UInt8(truncatingIfNeeded: dice.next())
      }
    }

    /// The packets of the next picture in one encoding.
    mutating func picture(_ encoding: Int) -> [Sent] {
      let isKeyFrame = needsKeyFrame[encoding]
      needsKeyFrame[encoding] = false
      if isKeyFrame { pattern[encoding] = 0 }
      let layer = [0, 2, 1, 2][pattern[encoding] % 4]
      pattern[encoding] += 1
      let frame = frames[encoding]
      frames[encoding] += 1
      timestamps[encoding] &+= 3000
      pictureIDs[encoding] = (pictureIDs[encoding] + 1) & 0x7FFF
      if layer == 0 { baseLayerIndices[encoding] &+= 1 }
      // A frame of a higher layer refers to the newest base frame alone: a switching point.
      let references = isKeyFrame ? [] : [newest[encoding][0]]
      newest[encoding][layer] = frame
      if isKeyFrame { newest[encoding] = [frame, frame, frame] }
      let count = 1 + Int(dice.next() % (isKeyFrame ? 9 : 3))
      return (0..<count).map { index in
        numbers[encoding] = numbers[encoding].next
        return Sent(
          packet: VideoPacket(
            encoding: encoding, number: numbers[encoding], timestamp: timestamps[encoding], startsFrame: index == 0,
            startsKeyFrame: isKeyFrame && index == 0, temporal: layer, isSwitchingPoint: true,
            pictureID: pictureIDs[encoding], baseLayerIndex: baseLayerIndices[encoding]),
          marker: index == count - 1, frame: frame, references: references)
      }
    }
  }

  /// A receiver that puts frames together as a client does, and knows what they refer to.
  private final class Receiver {
    var assembler = VP8FrameAssembler()
    var sent: [SequenceNumber: (sent: Sent, numbers: ForwardedNumbers)] = [:]
    var decoded: [[Int: Bool]] = [[:], [:], [:]]
    var framesDecoded = 0
    var undecodable = 0
    var lastTimestamp: UInt32?
    var lastPictureID: UInt16?
    var disorder = 0
    var skippedIDs = 0

    func receive(_ one: Sent, _ numbers: ForwardedNumbers, at now: Instant) {
      sent[numbers.number] = (one, numbers)
      var payload = ByteWriter(reserving: 64)
      if !numbers.isEmpty {
        let descriptor = VP8PayloadDescriptor(
          startsPartition: one.packet.startsFrame, pictureID: numbers.pictureID.map { .long($0) },
          temporalLevelZeroIndex: numbers.baseLayerIndex,
          temporalLayer: .init(index: UInt8(one.packet.temporal), isSynchronizationPoint: one.packet.isSwitchingPoint))
        descriptor.write(into: &payload)
        payload.append(UInt8(one.packet.startsKeyFrame ? 0 : 1))
        payload.append(UInt8(7))
      }
      _ = try? assembler.insert(
        numbers.number, timestamp: numbers.timestamp, marker: !numbers.isEmpty && one.marker,
        payload: payload.bytes.span, at: now)
      while let frame = assembler.nextFrame(at: now) { decode(frame) }
    }

    private func decode(_ frame: AssembledFrame) {
      guard let first = sent[frame.firstSequenceNumber] else { return }
      let encoding = first.sent.packet.encoding
      if frame.isKeyFrame { decoded = [[:], [:], [:]] }
      if first.sent.references.allSatisfy({ decoded[encoding][$0] == true }) {
        decoded[encoding][first.sent.frame] = true
        framesDecoded += 1
      } else {
        undecodable += 1
      }
      if let lastTimestamp, Int32(bitPattern: frame.rtpTimestamp &- lastTimestamp) <= 0 { disorder += 1 }
      lastTimestamp = frame.rtpTimestamp
      if let lastPictureID, let id = first.numbers.pictureID, id != (lastPictureID &+ 1) & 0x7FFF { skippedIDs += 1 }
      lastPictureID = first.numbers.pictureID
    }
  }

  /// Sends 900 pictures of three encodings while the target changes at random, with losses that are repaired after a while.
  private func run(seed: UInt64, loss: Double) -> (receiver: Receiver, forwarded: Int, numbers: [SequenceNumber]) {
    var source = Source(seed: seed)
    var dice = SeededGenerator(seed: seed, stream: "choices")
    var stream = ForwardedStream(after: SequenceNumber(UInt16(truncatingIfNeeded: dice.next())))
    let receiver = Receiver()
    var late: [(due: Int, sent: Sent)] = []
    var numbers: [SequenceNumber] = []
    var forwarded = 0
    for picture in 0..<900 {
      let now = Instant.start + .milliseconds(33 * picture)
      if dice.next() % 20 == 0 {
        stream.target =
          dice.next() % 6 == 0
          ? nil : ForwardedLayer(encoding: Int(dice.next() % 3), temporal: Int(dice.next() % 3))
      }
      // The unit asks for a key frame of what it waits for.
      if let awaited = stream.awaited, dice.next() % 4 == 0 { source.needsKeyFrame[awaited] = true }
      if receiver.assembler.needsKeyFrame, let encoding = stream.encoding { source.needsKeyFrame[encoding] = true }
      var arriving: [Sent] = []
      for encoding in 0..<3 {
        for sent in source.picture(encoding) {
          if Double(dice.next() % 1000) < loss * 1000 {
            late.append((picture + 2, sent))
          } else {
            arriving.append(sent)
          }
        }
      }
      arriving += late.filter { $0.due == picture }.map(\.sent)
      late.removeAll { $0.due == picture }
      for sent in arriving {
        guard let given = stream.forward(sent.packet, at: now, captured: { _, _ in nil }) else { continue }
        forwarded += 1
        numbers.append(given.number)
        receiver.receive(sent, given, at: now)
      }
    }
    return (receiver, forwarded, numbers)
  }

  @Test(arguments: 1...12) func `whatever is switched or left out, the receiver sees no gap and can decode all`(
    _ seed: UInt64
  ) {
    let (receiver, forwarded, numbers) = run(seed: seed, loss: 0)
    #expect(forwarded > 500 && receiver.framesDecoded > 250)
    for (earlier, later) in zip(numbers, numbers.dropFirst()) { #expect(later == earlier.next) }
    #expect(receiver.undecodable == 0 && receiver.disorder == 0 && receiver.skippedIDs == 0)
    let isBlocked = receiver.assembler.isBlocked
    #expect(!isBlocked)
  }

  @Test(arguments: 1...12)
  func `where packets come late, each number is used once and only what can be decoded is given out`(
    _ seed: UInt64
  ) {
    let (receiver, forwarded, numbers) = run(seed: seed, loss: 0.03)
    #expect(forwarded > 500 && receiver.framesDecoded > 200)
    #expect(Set(numbers).count == numbers.count)
    #expect(receiver.undecodable == 0 && receiver.disorder == 0)
    // A frame that is lost is not always waited for; one that is not forwarded is not missed.
    #expect(receiver.skippedIDs <= 3)
  }

  @Test func `the timestamps of another encoding go on by the time that passed between the frames`() throws {
    var source = Source(seed: 3)
    var stream = ForwardedStream(after: 0)
    stream.target = ForwardedLayer(encoding: 0, temporal: 2)
    let first = try #require(source.picture(0).compactMap { stream.forward($0.packet, at: .start) }.last)
    stream.target = ForwardedLayer(encoding: 2, temporal: 2)
    let packets = source.picture(2)
    let second = try #require(
      packets.compactMap {
        stream.forward($0.packet, at: .start + .milliseconds(50), captured: { _, _ in .milliseconds(33) })
      }
      .first)
    #expect(second.timestamp &- first.timestamp == 2970)
    #expect(second.number == first.number.next)
  }

  @Test func `what is paused ends with a whole frame and begins again with a key frame`() throws {
    var source = Source(seed: 5)
    var stream = ForwardedStream(after: 0)
    stream.target = ForwardedLayer(encoding: 1, temporal: 2)
    #expect(source.picture(1).allSatisfy { stream.forward($0.packet, at: .start) != nil })
    stream.target = nil
    #expect(source.picture(1).allSatisfy { stream.forward($0.packet, at: .start) == nil })
    #expect(stream.encoding == nil && stream.awaited == nil)
    stream.target = ForwardedLayer(encoding: 1, temporal: 2)
    #expect(stream.awaited == 1)
    #expect(source.picture(1).allSatisfy { stream.forward($0.packet, at: .start) == nil })
    source.needsKeyFrame[1] = true
    #expect(source.picture(1).allSatisfy { stream.forward($0.packet, at: .start) != nil })
  }

  @Test func `an encoding that another source sends goes on with a key frame, as if nothing had happened`() throws {
    var (source, other) = (Source(seed: 5), Source(seed: 6))
    var stream = ForwardedStream(after: 0)
    stream.target = ForwardedLayer(encoding: 1, temporal: 2)
    let first = source.picture(1).compactMap { stream.forward($0.packet, at: .start) }
    #expect(!first.isEmpty)
    // A packet is missing, whose number the other source might give to one of its own.
    let missing = source.picture(1)
    var lost = try #require(missing.last).packet
    lost.number = lost.number.next
    let last = stream.forward(lost, at: .start)
    let late = try #require(last)
    stream.sourceChanged(of: 1)
    #expect(stream.encoding == nil && stream.awaited == 1)
    var forged = lost
    forged.number = lost.number + -1
    #expect(stream.forward(forged, at: .start) == nil)
    // Its first pictures are of no use without the key frame before them.
    other.needsKeyFrame[1] = false
    #expect(other.picture(1).allSatisfy { stream.forward($0.packet, at: .start) == nil })
    other.needsKeyFrame[1] = true
    // What is known of the clock of the one before is not asked.
    let second = other.picture(1).compactMap {
      stream.forward($0.packet, at: .start + .milliseconds(33), captured: { _, _ in .seconds(5) })
    }
    let begin = try #require(second.first)
    #expect(begin.number == late.number.next && begin.timestamp &- late.timestamp == 2970)
    #expect(begin.pictureID == late.pictureID.map { ($0 + 1) & 0x7FFF })
  }

  /// One encoding of which layers up to one are forwarded, after two rounds of its pattern.
  private func stream(upTo temporal: Int, of source: inout Source) -> ForwardedStream {
    var stream = ForwardedStream(after: 0)
    stream.target = ForwardedLayer(encoding: 0, temporal: temporal)
    for _ in 0..<8 {
      for sent in source.picture(0) { _ = stream.forward(sent.packet, at: .start) }
    }
    return stream
  }

  @Test(arguments: 0...2, 1...4) func `whichever frames are lost, PictureIDs leave room for those that are forwarded`(
    _ temporal: Int, _ count: Int
  ) {
    for first in 0..<4 {
      var source = Source(seed: UInt64(20 + first))
      var stream = stream(upTo: temporal, of: &source)
      let begin = source.pictureIDs[0]
      var pictures = (0..<12).map { _ in source.picture(0) }
      let lost = Array(pictures[first..<first + count])
      pictures.removeSubrange(first..<first + count)
      var given: [(layer: Int, picture: UInt16, numbers: ForwardedNumbers)] = []
      for sent in (pictures + lost).joined() {
        guard let numbers = stream.forward(sent.packet, at: .start) else { continue }
        given.append((sent.packet.temporal, sent.packet.pictureID ?? 0, numbers))
      }
      // What is forwarded has one PictureID after the other, in the order of the source, whenever it came.
      let forwarded = given.filter { !$0.numbers.isEmpty }
      #expect(forwarded.allSatisfy { $0.layer <= temporal } && Set(given.map(\.numbers.number)).count == given.count)
      let ids = Dictionary(grouping: forwarded) { $0.picture }.mapValues { Set($0.map(\.numbers.pictureID)) }
      let order = ids.sorted { ($0.key &- begin) & 0x7FFF < ($1.key &- begin) & 0x7FFF }
      #expect(order.allSatisfy { $0.value.count == 1 })
      let inOrder = order.compactMap { $0.value.first ?? nil }
      for (one, next) in zip(inOrder, inOrder.dropFirst()) { #expect(next == (one &+ 1) & 0x7FFF) }
      // The others only fill the numbers of packets that were missed.
      let empty = given.count { $0.numbers.isEmpty }
      #expect(empty == lost.joined().count { $0.packet.temporal > temporal })
    }
  }

  @Test func `the late beginning of a frame follows what was decided when its end came`() {
    for seed in 31...60 {
      var source = Source(seed: UInt64(seed))
      var stream = stream(upTo: 2, of: &source)
      // With the next frame, layers are left out.
      stream.target = ForwardedLayer(encoding: 0, temporal: 0)
      let packets = [source.picture(0), source.picture(0)].first { $0.count > 1 && $0[0].packet.temporal > 0 }
      guard let packets else { continue }
      #expect(packets.dropFirst().allSatisfy { stream.forward($0.packet, at: .start) == nil })
      let late = stream.forward(packets[0].packet, at: .start)
      #expect(late?.isEmpty == true)
    }
  }
}
