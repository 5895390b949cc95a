import Foundation
import RTCPrimitives
import Testing

@testable import RTCMedia

/// NADA against the formulas of RFC 8698.
struct NADATests {
  private static let roundTripTime = Duration.milliseconds(50)

  /// One result per 10 ms, each with the queueing delay that `delay` gives, `nil` for a loss, and a look every 100 ms if asked
  /// for.
  private func observe(_ count: Int64, looking: Bool = false, _ delay: (Int64) -> Double?) -> (NADAObserver, Instant) {
    var observer = NADAObserver()
    var now = Instant.start
    for number in 0..<count {
      now += .milliseconds(10)
      let packet = SentPacket(number: number, size: .bytes(1250), sentAt: now)
      let received = delay(number).map { now - .start + .seconds(50) + .init(inSeconds: $0 / 1000) }
      observer.insert(PacketResult(packet: packet, receivedAt: received), roundTripTime: Self.roundTripTime, at: now)
      if looking && number.isMultiple(of: 10) { _ = observer.signal(at: now) }
    }
    return (observer, now)
  }

  @Test func `without loss the signal is the queueing delay`() {
    var (observer, now) = observe(200) { $0 < 100 ? 20 : 90 }
    let signal = observer.signal(at: now)
    #expect(abs(signal.congestion - 70) < 0.01 && !signal.isUncongested && signal.loss == 0)
    // 1,250 bytes every 10 ms
    #expect(abs((signal.receiveRate?.megabitsPerSecond ?? 0) - 1) < 0.05)
  }

  @Test func `an empty queue lets the rate ramp up`() {
    var (observer, now) = observe(200) { _ in 20 }
    #expect(observer.signal(at: now).isUncongested)
  }

  // RFC 8698 §4.2: all delay samples, not their minimum.
  @Test func `one packet that waited ends the ramp-up and is no congestion`() {
    var (observer, now) = observe(200) { $0 == 195 ? 31 : 20 }
    let signal = observer.signal(at: now)
    #expect(!signal.isUncongested && signal.congestion == 0)
  }

  @Test func `where losses recur a long delay counts less`() {
    // A loss interval of 10 packets, then 20 packets: within seven intervals.
    var (observer, now) = observe(200) { $0 == 169 || $0 == 179 ? nil : $0 < 100 ? 0 : 150 }
    let signal = observer.signal(at: now)
    // QTH exp(-λ (d - QTH) / QTH), and DLOSS (p / PLRREF)² of 0.1 × 2/51
    let loss = 0.1 * 2 / 51
    #expect(abs(signal.congestion - (50 * exp(-0.5 * 100 / 50) + 10 * pow(loss / 0.01, 2))) < 0.1)
  }

  @Test func `a single loss event makes no difference to how delay counts`() {
    // All three within one round trip.
    var (observer, now) = observe(200) { [175, 177, 179].contains($0) ? nil : $0 < 100 ? 0 : 150 }
    let loss = 0.1 * 3 / 51
    #expect(abs(observer.signal(at: now).congestion - (150 + 10 * pow(loss / 0.01, 2))) < 0.1)
  }

  @Test(arguments: [(45.0, true), (0, false)]) func `losses are forgotten when the queue stays empty`(
    lowest: Double, isWarped: Bool
  ) {
    // A loss interval of 60 packets, which seven times holds to the end, and 700 ms of a lower queue in between.
    var (observer, now) = observe(250, looking: true) { number in
      switch number {
      case 20, 80: nil
      case ..<10: 0
      case 100..<170: lowest
      default: 150
      }
    }
    let expected = isWarped ? 50 * exp(-0.5 * 100 / 50) : 150
    // What is left of the losses' own penalty is less than 5 ms.
    #expect((0..<5).contains(observer.signal(at: now).congestion - expected))
  }

  // RFC 5348 §5.4, figures by hand.
  @Test func `seven mean loss intervals after the last loss it is no longer recent`() {
    var history = LossHistory()
    var now = Instant.start
    func send(_ count: Int, lost: Bool = false) {
      for _ in 0..<count {
        now += .milliseconds(10)
        history.insert(lost: lost, sentAt: now, roundTripTime: Self.roundTripTime)
      }
    }
    send(5000)
    send(1, lost: true)
    #expect(!history.isRecent)
    // Seven intervals of 10, then one of 20: (20 + 3 × 10 + (0.8 + 0.6 + 0.4 + 0.2) × 10) / 6 = 11⅔, seven times 81⅔.
    for interval in [10, 10, 10, 10, 10, 10, 10, 20] {
      send(interval - 1)
      send(1, lost: true)
    }
    send(81)
    #expect(history.isRecent)
    send(1)
    #expect(!history.isRecent)
  }

  @Test func `ramp-up multiplies the receive rate by one and gamma`() {
    let limits = RateLimits(
      minimum: .kilobitsPerSecond(150), start: .kilobitsPerSecond(300), maximum: .kilobitsPerSecond(1500))
    var controller = NADA(limits, at: .start)
    controller.handle(roundTripTime: .milliseconds(80), at: .start)
    var now = Instant.start
    for _ in 0..<12 {
      var results: [PacketResult] = []
      for _ in 0..<10 {
        now += .milliseconds(10)
        let packet = SentPacket(number: Int64(now.nanoseconds), size: .bytes(1250), sentAt: now)
        results.append(PacketResult(packet: packet, receivedAt: now - .start))
      }
      controller.handle(PacketFeedback(arrivedAt: now + .milliseconds(40), results: results, bytesInFlight: .zero))
    }
    // γ = min(0.5, QBOUND / (rtt + DELTA + DFILT)) = 50 / 300
    #expect(abs(controller.decision.target.megabitsPerSecond - 1.0 * (1 + 50.0 / 300)) < 0.05)
  }
}
