import Foundation
import RTCPrimitives
import Testing

@testable import RTCMedia

/// NADA against the formulas of RFC 8698.
struct NADATests {
  /// One result per 10 ms, each with the queueing delay that `delay` gives, `nil` for a loss.
  private func observe(_ count: Int64, _ delay: (Int64) -> Double?) -> (NADAObserver, Instant) {
    var observer = NADAObserver()
    var now = Instant.start
    for number in 0..<count {
      now += .milliseconds(10)
      let packet = SentPacket(number: number, size: .bytes(1250), sentAt: now)
      let received = delay(number).map { now - .start + .seconds(50) + .init(inSeconds: $0 / 1000) }
      observer.insert(PacketResult(packet: packet, receivedAt: received), at: now)
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

  @Test func `after a loss a long delay counts less`() {
    // One loss, then 20 packets: within seven loss intervals.
    var (observer, now) = observe(200) { $0 == 179 ? nil : $0 < 100 ? 0 : 150 }
    let signal = observer.signal(at: now)
    // QTH exp(-λ (d - QTH) / QTH), and DLOSS (p / PLRREF)² of 0.1 × 1/51
    let loss = 0.1 / 51
    #expect(abs(signal.congestion - (50 * exp(-0.5 * 100 / 50) + 10 * pow(loss / 0.01, 2))) < 0.1)
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
