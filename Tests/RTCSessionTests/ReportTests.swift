import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// What is reported with congestion control, and what stands in packets beside media.
struct ReportTests {
  private func pair(
    _ kind: MediaKind = .video, direction: MediaDirection = .sendonly, controlled: [Bool] = [true, true]
  ) throws -> ConnectedPair {
    let controller = try #require(CongestionControllers.named("gcc"))
    let limits = RateLimits(
      minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(5))
    let pair = try ConnectedPair { configuration, side in
      if controlled[side] { configuration.congestion = CongestionSettings(controller: controller, limits: limits) }
    }
    pair.a.core.addTransceiver(kind, direction: direction)
    return pair
  }

  @Test func `each packet says when it left the pacer, also when it is repeated`() throws {
    let pair = try pair()
    try pair.connect()
    pair.startVideo(0, on: 0)
    var count = 0
    pair.fate = { datagram in
      guard datagram.side == 0, datagram.kind == .rtp else { return (.zero, false) }
      count += 1
      return (.zero, count.isMultiple(of: 20))
    }
    pair.run(for: .seconds(3))
    let packets = pair.sent(0, .rtp)
    #expect(packets.count > 100 && Set(packets.compactMap { $0.rtp?.header.payloadType }) == [96, 97])
    for sent in packets {
      let packet = try #require(sent.rtp)
      let time = try packet.headerExtension(AbsoluteSendTime.self, id: 3, in: sent.bytes.span)
      #expect(time == AbsoluteSendTime(NTPClock.simulation.timestamp(at: sent.time)))
    }
  }

  @Test func `who only receives tells times, and learns the round trip from the answers`() throws {
    let pair = try pair()
    #expect(try pair.a.core.createOffer().description.contains("a=rtcp-xr:rcvr-rtt=all"))
    try pair.connect()
    pair.startVideo(0, on: 0)
    var times: [Duration] = []
    for _ in 0..<300 {
      pair.run(for: .milliseconds(20))
      if let time = pair.b.core.roundTripTime { times.append(time) }
    }
    let reports = pair.sent(1, .rtcp).map(\.rtcp).filter { if case .receiverReport? = $0.first { true } else { false } }
    #expect((4...8).contains(reports.count), "one a second of video")
    for report in reports {
      #expect(report.map(\.name) == ["RR", "XR"])
      guard case .extendedReport(let times)? = report.last, case .receiverReferenceTime? = times.blocks.first else {
        Issue.record("\(report) tells no time")
        continue
      }
    }
    let answers = pair.sent(0, .rtcp).map(\.rtcp).filter { $0.map(\.name) == ["SR", "SDES", "XR"] }
    #expect(answers.count == reports.count || answers.count == reports.count - 1, "each is answered once")
    // 20 ms each way, in steps of 2⁻¹⁶ s.
    #expect(!times.isEmpty && times.allSatisfy { abs($0.inSeconds - 0.04) < 0.0001 })
  }

  @Test func `who sends reports once in 360 kbit of video`() throws {
    let video = try pair()
    try video.connect()
    video.startVideo(0, on: 0)
    video.run(for: .seconds(2))
    let before = video.a.core.transceivers[0].senders[0].statistics
    let begin = video.now
    video.run(for: .seconds(20))
    let after = video.a.core.transceivers[0].senders[0].statistics
    let bits = 8 * (after.bytesSent + after.headerBytesSent - before.bytesSent - before.headerBytesSent)
    let reports = video.sent(0, .rtcp).filter { $0.time >= begin && $0.rtcp.first?.name == "SR" }
    #expect(bits > 7_200_000, "more than once a second")
    #expect(abs(Double(reports.count) - Double(bits) / 360_000) < 0.15 * Double(bits) / 360_000)
  }

  @Test func `with a peer that tells no times nobody does`() throws {
    let pair = try pair(controlled: [true, false])
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(5))
    let names = (pair.sent(0, .rtcp) + pair.sent(1, .rtcp)).flatMap(\.rtcp).map(\.name)
    #expect(names.contains("SR") && names.contains("RR") && !names.contains("XR"))
    let packet = try #require(pair.sent(0, .rtp).last)
    let rtp = try #require(packet.rtp)
    #expect(try rtp.headerExtension(AbsoluteSendTime.self, id: 3, in: packet.bytes.span) == nil)
  }

  @Test func `a stream of retransmissions is reported on while it is used`() throws {
    let pair = try pair()
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(1))
    pair.a.core.repeatLast(3, on: 0, at: pair.now, into: &pair.a.output.datagrams)
    pair.run(for: .seconds(3))
    func sources(since begin: Instant) -> [Set<UInt32>] {
      pair.sent(1, .rtcp).filter { $0.time >= begin }.compactMap { sent in
        guard case .receiverReport(let report)? = sent.rtcp.first else { return nil }
        return Set(report.reports.map(\.ssrc))
      }
    }
    let parameters = try #require(pair.a.core.transceivers[0].senders.first).parameters
    let repair = try #require(parameters.retransmission).ssrc
    #expect(sources(since: .start).last == [parameters.ssrc, repair])
    pair.run(for: .seconds(8))
    let begin = pair.now
    pair.run(for: .seconds(3))
    #expect(sources(since: begin).allSatisfy { $0 == [parameters.ssrc] })
  }

  @Test func `a stopped transceiver is not reported on any more`() throws {
    let pair = try pair(direction: .sendrecv)
    try pair.connect()
    pair.startVideo(0, on: 0)
    pair.run(for: .seconds(2))
    pair.b.core.stopTransceiver(0)
    let begin = pair.now
    pair.run(for: .seconds(3))
    #expect(pair.sent(1, .rtcp).allSatisfy { $0.time <= begin || !["RR", "SR"].contains($0.rtcp.first?.name) })
  }
}
