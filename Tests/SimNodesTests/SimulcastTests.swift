import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import SimNetwork
import TestSupport
import Testing

@testable import RTCSession
@testable import SimNodes

/// What a client makes of a camera of which it may send several encodings.
struct SimulcastTests {
  private func room(
    width: Int = 1280, height: Int = 720, bitrate: DataRate = .kilobitsPerSecond(2500), uplink: DataRate? = nil,
    mode: MediaMode = .modelled, selection heights: [Int] = []
  ) throws -> Room {
    let gcc = try #require(CongestionControllers.named("gcc"))
    let limits = RateLimits(
      minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(10))
    let room = Room {
      $0.topology = .forwarding
      $0.count = 2
      $0.congestion = CongestionSettings(controller: gcc, limits: limits)
      $0.encodings = 3
      if !heights.isEmpty {
        var selection = SelectionSettings()
        selection.encodings = heights.map { SelectionSettings.Encoding(height: $0, rate: .zero) }
        $0.selection = selection
      }
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

  /// One who offers three encodings, after an answer that takes one of them.
  private func connection(taking rid: String) throws -> PeerConnection {
    func make(_ index: UInt8, _ purpose: RTPStreamReceiver.Purpose) throws -> PeerConnection {
      let host = SeededHost(seed: UInt64(index))
      let provider = try CryptoProvider(host: host.host)
      let transport = MediaTransport.Configuration(
        ice: ICEConfiguration(hosts: [Endpoint(IPAddress(192, 0, 2, index), 5000)]), fidelity: .model,
        name: "side-\(index)", provider: provider, identity: try provider.identity(named: "side-\(index)"))
      return PeerConnection(
        PeerConnection.Configuration(transport: transport, cname: "side", ntp: .simulation, purpose: purpose),
        entropy: EntropySource(SeededGenerator(seed: 1, stream: "side-\(index)")))
    }
    var offerer = try make(1, .playout)
    var answerer = try make(2, .forwarding)
    var output = Output<PeerConnection.Event>()
    offerer.addTransceiver(.video, direction: .sendonly, encodings: 3)
    let offer = try offerer.createOffer()
    try offerer.setLocal(.offer(offer), at: .start, into: &output)
    try answerer.setRemote(.offer(offer), at: .start, into: &output)
    let lines = try answerer.createAnswer().description.split(separator: "\r\n").compactMap { line in
      line.hasPrefix("a=simulcast") ? "a=simulcast:recv \(rid)" : String(line)
    }
    let answer = try SessionDescription(parsing: lines.map { "\($0)\r\n" }.joined())
    try offerer.setRemote(.answer(answer), at: .start, into: &output)
    return offerer
  }

  private func encoder(of layer: SimulcastFormat) -> VideoStreamEncoder {
    VideoStreamEncoder(
      VP8Settings(width: layer.width, height: layer.height, bitrate: layer.maximum), mode: .modelled, fidelity: .model,
      seed: 1, stream: "\(layer.height)")
  }

  @Test(arguments: [0, 1, 2], [300, 5000]) func `of one encoding that a peer takes, its own encoder works`(
    _ taken: Int, _ kilobits: Int64
  ) throws {
    let connection = try connection(taking: ["q", "h", "f"][taken])
    let layers = SimulcastFormat.layers(width: 1280, height: 720, wanted: 3)
    let encoders = layers.map(encoder(of:))
    let stream = SimulcastStream(line: 0, layers: layers, framesPerSecond: 25, encoders: encoders)
    let senders = connection.transceivers[0].senders
    stream.adapt(to: .kilobitsPerSecond(kilobits), senders, loss: 0, at: .start)
    let rates = encoders.map { $0.allotment?.bitrate ?? .zero }
    #expect(rates.indices.allSatisfy { (rates[$0] > .zero) == ($0 == taken) }, "\(rates)")
    var adapted = AdaptedStreams()
    adapted.simulcast = [stream]
    let statistics = adapted.statistics(of: connection, at: .start)
    #expect(statistics.count == 1)
    #expect(statistics[try #require(senders.first).parameters.ssrc]?.frameHeight == layers[taken].height)
  }

  @Test func `what a peer wants of two encodings that it takes is named by their places among these`() throws {
    let connection = try connection(taking: "q;f")
    let layers = SimulcastFormat.layers(width: 1280, height: 720, wanted: 3)
    let stream = SimulcastStream(
      line: 0, layers: layers, framesPerSecond: 25, encoders: layers.map(encoder(of:)))
    func sent(_ encodings: [Int], at time: Duration) -> [Bool] {
      stream.setWanted(encodings)
      stream.adapt(to: .megabitsPerSecond(5), connection.transceivers[0].senders, loss: 0, at: .start + time)
      return stream.encoders.map { ($0.allotment?.bitrate ?? .zero) > .zero }
    }
    #expect(sent([0, 1], at: .zero) == [true, false, true])
    #expect(sent([1], at: .seconds(1)) == [false, false, true])
    #expect(sent([], at: .seconds(2)) == [false, false, false])
    #expect(sent([0, 1, 2], at: .seconds(3)) == [true, false, true])
  }

  @Test func `a picture goes on for those who see it when an encoding has another source`() throws {
    let room = try room(selection: [180, 360, 720])
    room.run(until: .seconds(5))
    let before = try #require(room.reports[1].connections.first?.inbound.first)
    room.changeSources(of: 0)
    room.run(until: .seconds(8))
    let after = try #require(room.reports[1].connections.first?.inbound.first)
    #expect(after.framesDecoded - before.framesDecoded > 65, "\(before.framesDecoded) \(after.framesDecoded)")
    #expect(after.totalFreezesDuration - before.totalFreezesDuration < .milliseconds(600))
    #expect(after.ssrc == before.ssrc && after.packetsLost == before.packetsLost)
  }
}

extension Room {
  /// Lets a client send each encoding of its picture from another source from now on, as after a collision of SSRCs.
  fileprivate func changeSources(of index: Int) {
    let client = clients[index]
    simulation.perform { await client.changeSources() }
  }
}

extension Client {
  fileprivate func changeSources() {
    let connection = connections.all[0]
    for (number, sender) in connection.core.transceivers[0].senders.enumerated() {
      var parameters = sender.parameters
      parameters.ssrc &+= 1
      parameters.retransmission?.ssrc &+= 1
      let other = RTPStreamSender(parameters, at: sender.place, ntp: .simulation, entropy: &connection.core.entropy)
      connection.core.transceivers[0].senders[number] = other
      connection.core.senders[number] = other
      connection.core.ownSources.insert(parameters.ssrc, transceiver: 0, stream: other)
    }
  }
}
