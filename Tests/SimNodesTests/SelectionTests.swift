import RTCMedia
import RTCPrimitives
import RTCSession
import SimNetwork
import SimNodes
import Testing

/// Whose picture a unit selects, and in which size.
struct SelectionTests {
  /// People without sound, who keep the floor in the order of joining.
  private func room(_ count: Int, _ change: (inout Room.Settings) -> Void) throws -> Room {
    let gcc = try #require(CongestionControllers.named("gcc"))
    let limits = RateLimits(
      minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(10))
    let room = Room {
      $0.topology = .forwarding
      $0.count = count
      $0.congestion = CongestionSettings(controller: gcc, limits: limits)
      $0.selection = SelectionSettings()
      change(&$0)
    }
    for index in 0..<count { room.join(index) }
    return room
  }

  /// The pictures that a client plays between two times, by their sources' places in its offer.
  private func pictures(of index: Int, in room: Room, from begin: Int, to end: Int) throws -> [Int] {
    let counts = try [begin, end].map { time in
      room.run(until: .seconds(time))
      return try #require(room.reports[index].connections.first).inbound.map(\.framesDecoded)
    }
    return zip(counts[0] + Array(repeating: 0, count: counts[1].count - counts[0].count), counts[1]).map { $1 - $0 }
  }

  /// Whether it is about so many: a picture more or less may fall into a window of time.
  private func isAbout(_ expected: [Int], _ counts: [Int]) -> Bool {
    counts.count == expected.count && zip(counts, expected).allSatisfy { $1 == 0 ? $0 == 0 : abs($0 - $1) <= 1 }
  }

  @Test func `who is not reached any more gives his place up, and has it again when a restart finds him`() throws {
    let room = try room(3) {
      $0.selection?.lastN = 1
      $0.media = { _ in
        MediaSettings(
          video: VP8Settings(width: 320, height: 180, bitrate: .kilobitsPerSecond(100), framesPerSecond: 10), audio: nil
        )
      }
    }
    // Of the others each sees the one who joined first.
    let first = try pictures(of: 2, in: room, from: 3, to: 5)
    #expect(isAbout([20, 0], first), "\(first)")
    room.cut(0, until: .seconds(50))
    // Consent lasts for 30 s (RFC 7675 §5.1).
    let later = try pictures(of: 2, in: room, from: 40, to: 45)
    #expect(isAbout([0, 50], later), "\(later)")
    let others = try pictures(of: 1, in: room, from: 45, to: 46)
    #expect(isAbout([10], [others.reduce(0, +)]), "\(others)")
    let sent = room.wire.sent.of(try #require(room.forwarding)).to(Room.address(0)).between(.seconds(40), .seconds(45))
    #expect(sent.isEmpty)
    room.run(until: .seconds(50))
    room.perform(.restartICE, by: 0)
    let back = try pictures(of: 2, in: room, from: 52, to: 55)
    #expect(isAbout([30, 0], back), "\(back)")
    let own = try pictures(of: 0, in: room, from: 55, to: 56)
    #expect(isAbout([10], [own.reduce(0, +)]), "\(own)")
    #expect(room.reports[0].connections.count == 1)
  }

  /// Two people with cameras of 720p, each of whom sees the other in the whole window.
  private func couple(_ change: (inout Room.Settings) -> Void = { _ in }) throws -> Room {
    try room(2) {
      $0.encodings = 3
      $0.media = { _ in
        MediaSettings(
          video: VP8Settings(width: 1280, height: 720, bitrate: .kilobitsPerSecond(2500)), audio: nil)
      }
      $0.selection?.encodings = SimulcastFormat.layers(width: 1280, height: 720, wanted: 3).map {
        .init(height: $0.height, payload: $0.target, framesPerSecond: 30)
      }
      change(&$0)
    }
  }

  /// What is known of the three encodings of the first one, the smallest first.
  private func sizes(_ room: Room) throws -> [EncodingStatistics] {
    let connection = try #require(room.reports[0].connections.first)
    return connection.outbound.compactMap { connection.encodings[$0.ssrc] }
  }

  /// Packets of each of his encodings between two times, in milliseconds.
  private func packets(_ room: Room, from begin: Int, to end: Int) throws -> [Int] {
    let streams = room.wire.sent.of(room.clients[0]).between(.milliseconds(begin), .milliseconds(end)).streams
    return try #require(room.reports[0].connections.first).outbound.map { streams[$0.ssrc]?.count ?? 0 }
  }

  @Test func `sizes that nobody sees are not coded, smaller ones neither`() throws {
    let room = try couple()
    room.run(until: .seconds(14))
    let sizes = try sizes(room)
    #expect(sizes.map(\.frameHeight) == [180, 360, 720])
    #expect(sizes.map(\.isActive) == [false, false, true] && sizes.map(\.isPaused) == [true, true, false])
    #expect(sizes.allSatisfy { $0.qualityLimitationReason == .none })
    let sent = try packets(room, from: 13_000, to: 14_000)
    #expect(sent[0] == 0 && sent[1] == 0 && sent[2] > 200, "\(sent)")
    let watched = room.reports[1]
    #expect(watched.frozenSeconds == 0)
  }

  @Test(arguments: [0, 7, 28])
  func `a size that somebody wants is coded with the next picture after the source was told`(_ delay: Int) throws {
    let room = try couple { $0.count = 3 }
    room.join(2, at: .milliseconds(8000 + delay))
    room.run(until: .milliseconds(7990))
    #expect(try sizes(room).map(\.isActive) == [false, false, true])
    room.run(until: .milliseconds(9000))
    let ready = try #require(room.serverReport?.connections.last?.readyAt)
    let small = try #require(room.reports[0].connections.first).outbound[0].ssrc
    let begin = room.wire.sent.of(room.clients[0]).between(.seconds(8), .seconds(9)).streams[small]?.first?.time
    // 10 ms of signaling, and at most one picture's time; packets leave in the same moment.
    let waited = try #require(begin) - ready
    #expect(waited >= .milliseconds(10) && waited <= .milliseconds(10) + .microseconds(33_400), "\(waited)")
  }

  /// The longest time in which nothing of the first one's picture was sent to another from second 14 on, with an uplink that
  /// is as narrow as given from second 15 on.
  private func longestGap(
    of count: Int, narrowedTo rate: DataRate, queue: Link.QueueLimit, until end: Int
  ) throws -> (gap: Duration, sizes: [EncodingStatistics]) {
    let room = try couple {
      $0.count = count
      $0.selection?.layout = .speaker
      $0.uplink = { index in
        var link = Link.Configuration(
          rate: .megabitsPerSecond(5), propagationDelay: .milliseconds(10), queueLimit: queue)
        if index == 0 { link.changes = [LinkChange(at: .seconds(15), rate: rate)] }
        return link
      }
      $0.downlink = { index in
        Link.Configuration(
          rate: index == 2 ? .kilobitsPerSecond(900) : nil, propagationDelay: .milliseconds(10))
      }
    }
    if count == 3 { room.join(2) }
    room.run(until: .seconds(end))
    let unit = try #require(room.forwarding)
    let sent = room.wire.sent.of(unit).to(Room.address(1)).between(.seconds(14), .seconds(end))
    let own = try #require(sent.streams.values.max { $0.count < $1.count })
    return (zip(own, own.dropFirst()).map { $1.time - $0.time }.max() ?? .seconds(end), try sizes(room))
  }

  @Test func `a smaller size takes the place of the only one that is wanted without a pause`() throws {
    // Everything waits three seconds in the queue; the smaller size begins behind the last picture of the larger one.
    let (gap, sizes) = try longestGap(of: 2, narrowedTo: .kilobitsPerSecond(500), queue: .unlimited, until: 20)
    #expect(sizes[2].isPaused && sizes[2].qualityLimitationReason == .bandwidth)
    #expect(gap < .milliseconds(100), "\(gap)")
  }

  @Test func `a size that its source gives up is soon replaced by the next, which others see`() throws {
    let (gap, sizes) = try longestGap(
      of: 3, narrowedTo: .megabitsPerSecond(1), queue: .time(.milliseconds(200)), until: 20)
    #expect(!sizes[1].isPaused && sizes[2].isPaused)
    // Six pictures until it is noticed, and the way of a request and of a key frame.
    #expect(gap < .milliseconds(300), "\(gap)")
  }
}
