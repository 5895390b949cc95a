import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimNetwork
import SimNodes
import Testing

/// What an SFU does with packets, seen on the wire.
struct SelectiveForwardingTests {
  /// An RTP packet as a receiver sees it: all but what the unit may change, and its place in its stream.
  private struct Relative: Hashable {
    let number: Int
    let timestamp: UInt32
    let marker: Bool
    let payloadType: UInt8
    let payload: [UInt8]
    let elided: Int
  }

  private func relative(_ entries: [WireLog.Entry]) -> [Relative] {
    guard let first = entries.first?.rtp else { return [] }
    return entries.compactMap { entry in
      entry.rtp.map {
        Relative(
          number: $0.header.sequenceNumber.distance(from: first.header.sequenceNumber),
          timestamp: $0.header.timestamp &- first.header.timestamp, marker: $0.header.marker,
          payloadType: $0.header.payloadType, payload: entry.payload, elided: entry.elided)
      }
    }
  }

  private func room(_ count: Int, _ change: (inout Room.Settings) -> Void = { _ in }) -> Room {
    let room = Room {
      $0.topology = .forwarding
      $0.count = count
      change(&$0)
    }
    for index in 0..<count { room.join(index) }
    return room
  }

  @Test func `every packet goes to each of the others once, continuous under an SSRC of its own`() throws {
    let room = room(4)
    room.run(until: .seconds(4))
    let server = try #require(room.forwarding)
    let received = room.wire.delivered.of(server).between(.seconds(2), .seconds(4)).streams
    let sent = room.wire.sent.of(server).between(.seconds(2), .seconds(4))
    #expect(received.count == 8)
    var ssrcs = Set(received.keys)
    for receiver in 0..<4 {
      let own = received.filter { $0.value[0].source.address == Room.address(receiver) }.map { relative($0.value) }
      let others = received.filter { $0.value[0].source.address != Room.address(receiver) }.map { relative($0.value) }
      let forwarded = sent.to(Room.address(receiver)).streams
      for ssrc in forwarded.keys { #expect(ssrcs.insert(ssrc).inserted, "an SSRC is used once") }
      #expect(own.count == 2 && others.count == 6)
      #expect(Set(forwarded.values.map(relative)) == Set(others))
      #expect(others.allSatisfy { $0.count > 90 && $0.map(\.number) == Array(0..<$0.count) })
    }
  }

  @Test func `a packet is decrypted once, and encrypted once for each receiver`() throws {
    let room = room(4) {
      $0.serverCosts.unprotectPacket = LinearCost(fixedNanoseconds: 1)
      $0.serverCosts.protectPacket = LinearCost(fixedNanoseconds: 100_000)
      $0.serverCosts.forwardPacket = 1
    }
    room.run(until: .seconds(3))
    let server = try #require(room.forwarding)
    func media(_ entries: [WireLog.Entry]) -> Int { entries.of(server).count { $0.kind == .rtp || $0.kind == .rtcp } }
    let (received, sent) = (media(room.wire.delivered), media(room.wire.sent))
    let seconds = try #require(room.serverReport?.cpuSeconds)
    #expect(received > 1000 && received < 100_000)
    // What was encrypted last may not have left yet.
    let charged = Int((try #require(seconds[.srtp]) * 1e9).rounded())
    #expect(charged % 100_000 == received)
    #expect((sent...sent + 3).contains(charged / 100_000))
    let forwarded = room.wire.sent.of(server).count { $0.kind == .rtp }
    #expect((forwarded...forwarded + 3).contains(Int((try #require(seconds[.forward]) * 1e9).rounded())))
  }

  @Test func `what one receiver lost is sent again from the unit's history, to him alone`() throws {
    let room = room(3) { settings in
      settings.downlink = {
        Link.Configuration(
          propagationDelay: .milliseconds(10), loss: $0 == 1 ? .independent(probability: 0.05) : .none)
      }
    }
    room.run(until: .seconds(6))
    let server = try #require(room.forwarding)
    var repeated = 0
    for receiver in 0..<3 {
      for (ssrc, packets) in room.wire.sent.of(server).to(Room.address(receiver)).streams {
        let requests = room.wire.delivered.of(server).from(Room.address(receiver)).requests(for: ssrc)
        let again = Dictionary(grouping: packets) { $0.rtp?.header.sequenceNumber.rawValue ?? 0 }.filter {
          $0.value.count > 1
        }
        #expect(receiver == 1 || requests.isEmpty && again.isEmpty)
        #expect(Set(again.keys).isSubset(of: Set(requests.map(\.rawValue))))
        for copies in again.values { #expect(Set(copies.map(\.bytes)).count == 1) }
        repeated += again.count
        guard receiver == 1, !requests.isEmpty else { continue }
        // The last second may hold what is still being repaired.
        let numbers = Set(
          packets.filter { $0.time < .start + .seconds(5) }.compactMap { $0.rtp?.header.sequenceNumber })
        let arrived = room.wire.delivered.of(room.clients[1]).streams[ssrc] ?? []
        let missing = numbers.subtracting(arrived.compactMap { $0.rtp?.header.sequenceNumber })
        #expect(missing.isEmpty)
      }
    }
    #expect(repeated > 20)
    for client in room.reports {
      #expect(client.connections[0].outbound.allSatisfy { $0.nackCount == 0 && $0.retransmittedPacketsSent == 0 })
    }
  }

  @Test func `what was lost on the way to the unit is sent again by its source, and reaches everybody`() throws {
    let room = room(3) { settings in
      settings.uplink = {
        Link.Configuration(
          propagationDelay: .milliseconds(10), loss: $0 == 0 ? .independent(probability: 0.05) : .none)
      }
    }
    room.run(until: .seconds(6))
    let server = try #require(room.forwarding)
    let video = room.ssrc(of: 0, .video)
    let requests = room.wire.sent.of(server).to(Room.address(0)).requests(for: video)
    #expect(requests.count > 10)
    let sent = try #require(room.reports[0].connections[0].outbound.first { $0.ssrc == video })
    #expect(sent.retransmittedPacketsSent > 10 && sent.retransmittedPacketsSent <= requests.count)
    let source = try #require(room.wire.sent.of(room.clients[0]).streams[video])
    let first = try #require(room.wire.delivered.of(server).streams[video]?.first?.rtp?.header.sequenceNumber)
    let count = Set(
      source.filter { $0.time < .start + .seconds(5) }.compactMap { $0.rtp?.header.sequenceNumber }
        .filter { $0.distance(from: first) >= 0 }
    ).count
    for receiver in 1..<3 {
      let inbound = room.reports[receiver].connections[0].inbound.filter { $0.kind == .video && $0.nackCount > 0 }
      #expect(inbound.count == 1)
      let arrived = Set(
        try #require(room.wire.delivered.of(room.clients[receiver]).streams[inbound[0].ssrc])
          .compactMap { $0.rtp?.header.sequenceNumber })
      #expect(arrived.count >= count)
    }
    for other in 1..<3 {
      #expect(room.reports[other].connections[0].outbound.allSatisfy { $0.retransmittedPacketsSent == 0 })
    }
  }

  @Test func `the key frame requests of many receivers become few, and none is forgotten`() throws {
    let room = Room {
      $0.topology = .forwarding
      $0.count = 13
      $0.media = { MediaSettings(video: $0 == 0 ? VP8Settings() : nil) }
    }
    for index in 0..<13 { room.join(index, at: index == 0 ? .zero : .milliseconds(2000 + 70 * index)) }
    room.run(until: .seconds(5))
    let server = try #require(room.forwarding)
    let source = room.ssrc(of: 0, .video)
    // Who becomes ready needs a key frame, and says so when it gets something else first.
    var asked = try #require(room.serverReport).connections.dropFirst().compactMap(\.readyAt)
    #expect(asked.count == 12)
    for receiver in 1..<13 {
      let video = try #require(room.reports[receiver].connections[0].inbound.first { $0.kind == .video })
      #expect(video.framesDecoded > 20)
      asked += room.wire.delivered.of(server).from(Room.address(receiver)).pictureLosses(of: video.ssrc)
    }
    let passedOn = room.wire.sent.of(server).to(Room.address(0)).pictureLosses(of: source)
    #expect(asked.count >= 20)
    #expect(passedOn.count <= 5)
    for (earlier, later) in zip(passedOn, passedOn.dropFirst()) { #expect(later - earlier >= .milliseconds(300)) }
    for time in asked {
      let isHeard = passedOn.contains { $0 > time - .milliseconds(300) && $0 <= time + .milliseconds(300) }
      #expect(isHeard, "asked at \(time)")
    }
  }

  @Test func `one who joins gets a key frame of everybody, without waiting and at the cost of two at most`() throws {
    let room = Room {
      $0.topology = .forwarding
      $0.count = 4
    }
    for index in 0..<4 { room.join(index, at: index == 3 ? .seconds(3) : .zero) }
    room.run(until: .milliseconds(2999))
    let before = room.reports
    room.run(until: .seconds(6))
    let after = room.reports
    for index in 0..<3 {
      let (old, new) = (before[index].connections[0].outbound[1], after[index].connections[0].outbound[1])
      #expect(new.kind == .video && new.keyFramesEncoded == old.keyFramesEncoded + new.pliCount - old.pliCount)
      // A second one when the newcomer asks just after the first one was forwarded to him.
      #expect((1...2).contains(new.pliCount - old.pliCount))
    }
    let first = try #require(after[3].firstRemoteFrame)
    let ready = try #require(after[3].connections[0].readyAt)
    #expect(first - ready < .milliseconds(150))
  }
}
