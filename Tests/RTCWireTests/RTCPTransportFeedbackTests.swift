import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@Suite struct RTCPTransportFeedbackTests {
  private func feedback(base: SequenceNumber, at instant: Instant) -> TransportFeedbackBuilder {
    TransportFeedbackBuilder(senderSSRC: 1, mediaSSRC: 2, feedbackPacketCount: 3, base: base, firstArrival: instant)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `arrivals survive building, writing and parsing to half a step`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "arrivals")
    var number: SequenceNumber = 65_000
    var arrival = Instant(nanoseconds: Int64.random(in: -1_000_000_000...1_000_000_000, using: &generator))
    var builder = feedback(base: number, at: arrival)
    var expected: [(SequenceNumber, Instant)] = []
    for _ in 0..<2000 {
      guard builder.append(number, arrivedAt: arrival) else {
        Issue.record("seed \(seed): \(number) is refused")
        return
      }
      expected.append((number, arrival))
      number = number + Int.random(in: 1...(Bool.random(using: &generator) ? 1 : 40), using: &generator)
      arrival += .nanoseconds(Int64.random(in: -20_000_000...90_000_000, using: &generator))
    }
    let message = builder.feedback
    #expect(try rtcp(written([.transportFeedback(message)])) == [.transportFeedback(message)])
    let arrivals = message.arrivals
    #expect(arrivals.map { $0.number } == expected.map { $0.0 })
    for (found, wanted) in zip(arrivals, expected) {
      let error = found.time.nanoseconds - wanted.1.nanoseconds
      #expect(error.magnitude <= 125_000)
    }
  }

  @Test func `what one message cannot hold is refused`() {
    var builder = feedback(base: 10, at: .start)
    let tried: [(SequenceNumber, Duration)] = [
      (10, .zero), (10, .zero), (9, .zero), (11, .seconds(9)), (11, .milliseconds(8191)),
    ]
    let accepted = tried.map { builder.append($0.0, arrivedAt: .start + $0.1) }
    #expect(accepted == [true, false, false, false, true])
    #expect(builder.feedback.statuses == [.received(steps: 0), .received(steps: 32_764)])
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `any sequence of statuses survives its chunks`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "statuses")
    for _ in 0..<60 {
      var statuses: [TransportFeedback.Status] = []
      for _ in 0..<Int.random(in: 0...6, using: &generator) {
        let status: TransportFeedback.Status =
          switch Int.random(in: 0..<5, using: &generator) {
          case 0, 1: .notReceived
          case 2: .received(steps: Int16.random(in: 0...255, using: &generator))
          case 3: .received(steps: Int16.random(in: .min ... .max, using: &generator))
          default: .reserved
          }
        let longest = [1, 3, 16, 9000][Int.random(in: 0..<4, using: &generator)]
        statuses.append(
          contentsOf: repeatElement(status, count: Int.random(in: 1...longest, using: &generator)))
      }
      let message = RTCPPacket.transportFeedback(
        TransportFeedback(
          senderSSRC: 1, mediaSSRC: 2, baseSequenceNumber: 3, referenceTime: 4, feedbackPacketCount: 5,
          statuses: statuses))
      #expect(try rtcp(written([message])) == [message], "seed \(seed)")
    }
  }

  // Chunks as libwebrtc packs them: 16 header bytes and 4 before, then one chunk.
  @Test(arguments: [
    ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], ["2010"]),
    ([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], ["9555"]),
    ([0, 1, 0, 1], ["c440"]),
    ([1, 1, 1, 1, 1, 1, 1, 2], ["2007", "4001"]),
    ([1, 0, 1, 0, 1, 0, 1, 0, 2], ["d111", "c800"]),
  ])
  func `statuses are packed into the fewest chunks that libwebrtc would use`(symbols: [Int], chunks: [String]) {
    let message = TransportFeedback(
      senderSSRC: 1, mediaSSRC: 2, baseSequenceNumber: 3, referenceTime: 4, feedbackPacketCount: 5,
      statuses: symbols.map { $0 == 0 ? .notReceived : .received(steps: $0 == 1 ? 0 : -1) })
    let data = written([.transportFeedback(message)])
    #expect(hex(data[20..<20 + 2 * chunks.count]) == chunks.joined())
  }
}
