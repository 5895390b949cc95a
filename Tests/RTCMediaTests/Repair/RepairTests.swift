import RTCMedia
import RTCPrimitives
import Testing

@Suite struct NACKGeneratorTests {
  private func milliseconds(_ count: Int) -> Instant { .start + .milliseconds(count) }

  @Test func `a gap of two sequence numbers is requested once`() {
    var generator = NACKGenerator()
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 2, 5] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    #expect(output.events == [.request([3, 4])])
  }

  @Test func `a gap over the wrap is requested`() {
    var generator = NACKGenerator()
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [65_534, 1] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    #expect(output.events == [.request([65_535, 0])])
  }

  @Test func `what does not come is requested again after a round trip and given up in the end`() {
    var generator = NACKGenerator(settings: .init(largestRequestCount: 3))
    generator.roundTripTime = .milliseconds(80)
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 3] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    var log: [(Instant, NACKGenerator.Event)] = output.takeEvents().map { (.start, $0) }
    while let due = generator.nextTimeout {
      generator.handleTimeout(at: due, into: &output)
      log += output.takeEvents().map { (due, $0) }
    }
    #expect(log.map(\.0) == [0, 100, 200, 300].map(milliseconds))
    #expect(log.map(\.1) == [.request([2]), .request([2]), .request([2]), .keyFrameNeeded])
    #expect(generator.packetsRequested == 3)
  }

  @Test func `what comes is not requested again and is counted as recovered`() {
    var generator = NACKGenerator()
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 4] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    output.removeAll()
    #expect(generator.insert(2, at: milliseconds(90), into: &output) == .recovered)
    #expect(generator.insert(2, at: milliseconds(91), into: &output) == .unneeded)
    generator.handleTimeout(at: milliseconds(120), into: &output)
    #expect(output.events == [.request([3])])
    #expect(generator.packetsRecovered == 1)
  }

  @Test func `within the tolerance reordering asks for nothing`() {
    var generator = NACKGenerator(settings: .init(reorderingTolerance: .milliseconds(5)))
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 3] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    #expect(generator.nextTimeout == milliseconds(5))
    #expect(generator.insert(2, at: milliseconds(4), into: &output) == .reordered)
    generator.handleTimeout(at: milliseconds(5), into: &output)
    #expect(output.events.isEmpty)
    #expect(generator.nextTimeout == nil)
  }

  @Test func `what comes sooner than an answer could was merely late, and the stream is then given that time`() {
    var generator = NACKGenerator()
    generator.roundTripTime = .milliseconds(80)
    generator.roundTripTime = .milliseconds(300)
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 4] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    #expect(output.takeEvents() == [.request([2, 3])])
    #expect(generator.insert(2, at: milliseconds(30), into: &output) == .reordered)
    #expect(generator.insert(3, at: milliseconds(80), into: &output) == .recovered)
    #expect(generator.packetsRecovered == 1)
    generator.insert(6, at: milliseconds(100), into: &output)
    #expect(output.events.isEmpty)
    #expect(generator.nextTimeout == milliseconds(130))
    #expect(generator.insert(5, at: milliseconds(129), into: &output) == .reordered)
    generator.insert(8, at: milliseconds(200), into: &output)
    generator.handleTimeout(at: milliseconds(230), into: &output)
    #expect(output.takeEvents() == [.request([7])])
    #expect(generator.insert(7, at: milliseconds(311), into: &output) == .recovered)
  }

  @Test func `a packet that is missing for too long is given up`() {
    var generator = NACKGenerator(settings: .init(largestRequestCount: 100, largestAge: .milliseconds(500)))
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 3] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    while let due = generator.nextTimeout { generator.handleTimeout(at: due, into: &output) }
    #expect(output.events.last == .keyFrameNeeded)
    #expect(generator.packetsRequested == 5)
  }

  @Test func `a large gap asks for a key frame instead`() {
    var generator = NACKGenerator(settings: .init(largestMissingCount: 50))
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [1, 100] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    #expect(output.events == [.keyFrameNeeded])
    #expect(generator.missingCount == 0)
  }

  @Test func `what lies before a key frame is forgotten`() {
    var generator = NACKGenerator()
    var output = Output<NACKGenerator.Event>()
    for number: UInt16 in [65_533, 65_535, 3] { generator.insert(SequenceNumber(number), at: .start, into: &output) }
    output.removeAll()
    generator.forget(before: 1)
    generator.handleTimeout(at: milliseconds(500), into: &output)
    #expect(output.events == [.request([1, 2])])
  }
}

@Suite struct RetransmissionBufferTests {
  private let packets = (0..<400).map { index in (0..<index % 90 + 20).map { UInt8(truncatingIfNeeded: $0 * index) } }

  @Test func `a packet comes back as it was sent`() throws {
    var buffer = RetransmissionBuffer(capacity: 64)
    var number: SequenceNumber = 65_500
    for (index, packet) in packets.enumerated() {
      buffer.store(number, bytes: packet.span, elided: index, at: .start + .milliseconds(index))
      for age in [0, 1, 17, 63] where age <= index {
        let now = Instant.start + .milliseconds(index)
        let packet = buffer.retransmit(number + -age, at: now, roundTripTime: .zero)
        let found = try #require(packet)
        #expect(buffer.withBytes(of: found) { $0.array() } == packets[index - age])
        #expect(found.elided == index - age)
      }
      #expect(buffer.retransmit(number + -64, at: .start, roundTripTime: .zero) == nil)
      #expect(buffer.retransmit(number.next, at: .start, roundTripTime: .zero) == nil)
      number = number.next
    }
  }

  @Test func `a packet is gone after its age, and not sent twice in one round trip`() {
    var buffer = RetransmissionBuffer(capacity: 64, largestAge: .milliseconds(500))
    let bytes = packets[50]
    buffer.store(7, bytes: bytes.span, at: .start)
    func isSent(at time: Int) -> Bool {
      buffer.retransmit(7, at: .start + .milliseconds(time), roundTripTime: .milliseconds(50)) != nil
    }
    #expect([10, 40, 59, 60, 500, 501].map(isSent) == [true, false, false, true, true, false])
  }
}

@Suite struct KeyFrameRequesterTests {
  @Test func `requests are as far apart as the interval and repeat until a key frame comes`() {
    var requester = KeyFrameRequester(interval: .milliseconds(300))
    func at(_ time: Int) -> Instant { .start + .milliseconds(time) }
    #expect(requester.nextTimeout == nil)
    let requested = [0, 299].map { requester.request(at: at($0)) }
    #expect(requested == [true, false])
    #expect(requester.nextTimeout == at(300))
    let repeated = [299, 300].map { requester.handleTimeout(at: at($0)) }
    #expect(repeated == [false, true])
    requester.keyFrameArrived()
    #expect(requester.nextTimeout == nil)
    let later = [400, 600].map { requester.request(at: at($0)) }
    #expect(later == [false, true])
    #expect(requester.requestCount == 3)
  }
}
