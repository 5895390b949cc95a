import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimNodes
import Testing

/// What an MCU gives each listener.
struct MixingTests {
  private func room(
    _ layout: MixingUnit.Layout, _ count: Int, media: @escaping (Int) -> MediaSettings = { _ in MediaSettings() }
  ) -> Room {
    var costs = MeasuredCosts()
    // Nanoseconds that tell how often something was done.
    costs.encodeVideo = LinearCost(fixedNanoseconds: 1)
    costs.encodeAudio = 1
    costs.mixAudio = LinearCost(fixedNanoseconds: 0, picosecondsEach: 1000)
    costs.scaleVideo = LinearCost(fixedNanoseconds: 1)
    let room = Room {
      $0.topology = .mixing(layout)
      $0.count = count
      $0.media = media
      $0.serverCosts = costs
    }
    for index in 0..<count { room.join(index) }
    return room
  }

  /// How often the unit did something of a category, by the charges above.
  private func times(_ category: WorkCategory, in room: Room) throws -> Int {
    Int((try #require(room.serverReport?.cpuSeconds[category]) * 1e9).rounded())
  }

  private func framesSent(_ kind: MediaKind, in room: Room) throws -> [Int] {
    try #require(room.serverReport).connections.flatMap(\.outbound).filter { $0.kind == kind }.map(\.framesSent)
  }

  @Test(arguments: [2, 4])
  func `with individual pictures each frame for each listener is encoded, of all the others`(count: Int) throws {
    let room = room(.individual, count)
    room.run(until: .seconds(4))
    let (video, audio) = (try framesSent(.video, in: room), try framesSent(.audio, in: room))
    #expect(video.count == count && video.allSatisfy { $0 > 80 })
    #expect(try times(.videoEncode, in: room) == video.reduce(0, +))
    #expect(try times(.audioEncode, in: room) == audio.reduce(0, +))
    // At first fewer than all have been heard and seen.
    let (mixed, scaled) = (try times(.audioMix, in: room), try times(.videoCompose, in: room))
    #expect(mixed <= (count - 1) * audio.reduce(0, +) && mixed > (count - 1) * audio.reduce(0, +) * 9 / 10)
    #expect(scaled <= (count - 1) * video.reduce(0, +) && scaled > (count - 1) * video.reduce(0, +) * 9 / 10)
  }

  @Test(arguments: [2, 4])
  func `a shared picture of everybody is encoded once for all, and sound still for each`(count: Int) throws {
    let room = room(.shared, count)
    room.run(until: .seconds(4))
    let (video, audio) = (try framesSent(.video, in: room), try framesSent(.audio, in: room))
    let encoded = try times(.videoEncode, in: room)
    #expect(video.count == count && video.allSatisfy { $0 > 80 && $0 <= encoded } && video.contains(encoded))
    #expect(try times(.audioEncode, in: room) == audio.reduce(0, +))
    let scaled = try times(.videoCompose, in: room)
    #expect(scaled <= count * encoded && scaled > count * encoded * 9 / 10)
    // One encoder: every listener gets the same frames at the same times, packet by packet of the same size.
    let server = try #require(room.mixing)
    let sent = room.wire.sent.of(server).between(.seconds(2), .seconds(4)).streams.values
      .filter { $0[0].rtp?.header.payloadType == Codecs.video[0].payloadType }
      .map { $0.map { [$0.time.nanoseconds, Int64($0.size), Int64($0.rtp?.header.timestamp ?? 0)] } }
    #expect(sent.count == count && Set(sent).count == 1)
  }

  @Test func `a shared picture shows everybody to everybody`() throws {
    let room = room(.shared, 3) { index in
      var media = MediaSettings(
        mode: .real, video: VP8Settings(width: 64, height: 36, framesPerSecond: 10), audio: nil)
      media.videoFile = Self.wall(index)
      return media
    }
    room.run(until: .seconds(3))
    let unit = try #require(room.mixing)
    let pictures = room.simulation.perform {
      var pictures: [VideoFrame?] = []
      for index in 0..<3 { pictures.append(await unit.composedPicture(for: Room.name(index))) }
      return pictures
    }
    #expect(Set(pictures).count == 1)
    let picture = try #require(pictures[0])
    for (index, cell) in VideoCompositor(width: 320, height: 180).cells(3).enumerated() {
      let middle = (cell.y + cell.height / 2) / 2 * picture.width / 2 + (cell.x + cell.width / 2) / 2
      #expect(abs(Int(picture.u[middle]) - Int(Self.colour(index))) < 8, "client \(index + 1)")
    }
  }

  /// Everybody hums a tone of his own; the mixes are decoded from the wire.
  @Test func `each listener hears all the others and never himself`() throws {
    let room = room(.individual, 3) { index in
      var media = MediaSettings(mode: .real, video: nil, audio: .kilobitsPerSecond(64))
      media.audioFile = Self.hum(Self.tones[index])
      return media
    }
    room.run(until: .seconds(3))
    let server = try #require(room.mixing)
    for listener in 0..<3 {
      let streams = room.wire.sent.of(server).to(Room.address(listener)).between(.seconds(2), .seconds(3)).streams
      let mix = try #require(streams.values.first)
      #expect(streams.count == 1 && mix.count >= 49)
      var decoder = try OpusDecoder()
      var sound: [Int16] = []
      for packet in mix {
        var frame = AudioFrame()
        try decoder.decode(packet.payload.span, into: &frame)
        sound += frame.samples
      }
      let levels = Self.tones.map { Self.level($0, in: sound.suffix(24_000)) }
      for other in 0..<3 where other != listener {
        #expect(levels[other] > 30 * levels[listener], "client \(other + 1) for client \(listener + 1): \(levels)")
      }
    }
  }

  // MARK: Pictures and sound

  private static let tones = [400.0, 700, 1100]

  private static func colour(_ index: Int) -> UInt8 { UInt8(60 + 60 * index) }

  /// A picture of one colour.
  private static func wall(_ index: Int) -> Y4MFile? {
    let header = Array("YUV4MPEG2 W64 H36 F10:1 C420jpeg\nFRAME\n".utf8)
    return try? Y4MFile(parsing: header + VideoFrame(width: 64, height: 36, y: 120, u: colour(index)).bytes)
  }

  /// A second of a tone; whole periods, so that it goes on for ever.
  private static func hum(_ frequency: Double) -> WAVFile? {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let samples = (0..<48_000).flatMap { little(Int(6000 * sin(2 * .pi * frequency * Double($0) / 48_000)), 2) }
    let format = little(1, 2) + little(1, 2) + little(48_000, 4) + little(96_000, 4) + little(2, 2) + little(16, 2)
    let chunks = Array("fmt ".utf8) + little(16, 4) + format + Array("data".utf8) + little(samples.count, 4) + samples
    return try? WAVFile(parsing: Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WAVE".utf8) + chunks)
  }

  /// The amplitude of a tone in half a second of sound: one line of its spectrum.
  private static func level(_ frequency: Double, in sound: ArraySlice<Int16>) -> Double {
    var (real, imaginary) = (0.0, 0.0)
    for (index, sample) in sound.enumerated() {
      let phase = 2 * .pi * frequency * Double(index) / 48_000
      real += Double(sample) * cos(phase)
      imaginary += Double(sample) * sin(phase)
    }
    return 2 * (real * real + imaginary * imaginary).squareRoot() / Double(sound.count)
  }
}
