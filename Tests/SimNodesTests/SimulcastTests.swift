import RTCMedia
import RTCPrimitives
import RTCSession
import SimNetwork
import SimNodes
import Testing

/// What a client makes of a camera of which it may send several encodings.
struct SimulcastTests {
  private func room(
    width: Int = 1280, height: Int = 720, bitrate: DataRate = .kilobitsPerSecond(2500), uplink: DataRate? = nil,
    mode: MediaMode = .modelled
  ) throws -> Room {
    let gcc = try #require(CongestionControllers.named("gcc"))
    let limits = RateLimits(
      minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(10))
    let room = Room {
      $0.topology = .forwarding
      $0.count = 2
      $0.congestion = CongestionSettings(controller: gcc, limits: limits)
      $0.encodings = 3
      $0.media = { index in
        let video = VP8Settings(width: width, height: height, bitrate: bitrate)
        return MediaSettings(mode: mode, video: index == 0 ? video : nil, audio: nil)
      }
      $0.uplink = { _ in Link.Configuration(rate: uplink, propagationDelay: .milliseconds(10)) }
    }
    for index in 0..<2 { room.join(index) }
    return room
  }

  /// The payload that each encoding is sent at between two times, in kbit/s, the smallest picture first.
  private func rates(_ room: Room, from begin: Int, to end: Int) throws -> [Double] {
    let counts = try [begin, end].map { time in
      room.run(until: .seconds(time))
      return try #require(room.reports[0].connections.first).outbound.map {
        $0.bytesSent - $0.retransmittedBytesSent
      }
    }
    return zip(counts[0], counts[1]).map { Double($1 - $0) * 8 / 1000 / Double(end - begin) }
  }

  private func encodings(_ room: Room) throws -> [EncodingStatistics] {
    let connection = try #require(room.reports[0].connections.first)
    return connection.outbound.compactMap { connection.encodings[$0.ssrc] }
  }

  @Test func `three encodings of 720p have the rates of Chromium's table`() throws {
    let room = try room()
    let rates = try rates(room, from: 10, to: 15)
    #expect(rates.count == 3)
    for (rate, expected) in zip(rates, [150.0, 500, 2500]) { #expect(abs(rate / expected - 1) < 0.1, "\(rates)") }
    let encodings = try encodings(room)
    #expect(encodings.map(\.frameHeight) == [180, 360, 720])
    #expect(encodings.map(\.targetBitrate) == [150, 500, 2500].map { .kilobitsPerSecond($0) })
  }

  @Test func `a smaller picture has fewer encodings`() throws {
    let room = try room(width: 640, height: 360)
    room.run(until: .seconds(3))
    #expect(try encodings(room).map(\.frameHeight) == [180, 360])
  }

  @Test func `where there is too little, the largest picture is given up first`() throws {
    let room = try room(uplink: .kilobitsPerSecond(900))
    let rates = try rates(room, from: 15, to: 25)
    try #require(rates.count == 3)
    #expect(rates[0] > 120 && rates[1] > 300 && rates[2] < 20, "\(rates)")
    let encodings = try encodings(room)
    #expect(encodings.map(\.isPaused) == [false, false, true])
    #expect(encodings.map(\.qualityLimitationReason) == [.none, .none, .bandwidth])
  }

  @Test func `pictures that are really coded are scaled for each encoding`() throws {
    let room = try room(width: 640, height: 360, bitrate: .kilobitsPerSecond(700), mode: .real)
    let rates = try rates(room, from: 2, to: 3)
    #expect(rates.count == 2 && rates.allSatisfy { $0 > 30 }, "\(rates)")
  }
}
