import Foundation
import RTCPrimitives
import TestSupport
import Testing

@testable import RTCMedia

/// The parts of Google congestion control, each against closed formulas with libwebrtc's constants.
struct GoogleCongestionControlTests {
  private static let limits = RateLimits(
    minimum: .kilobitsPerSecond(30), start: .kilobitsPerSecond(300), maximum: .megabitsPerSecond(20))

  private func at(_ milliseconds: Int64) -> Instant { .start + .milliseconds(milliseconds) }

  // MARK: Groups

  @Test func `packets that left within 5 ms are one group`() {
    var groups = InterArrival()
    var deltas: [InterArrival.Delta] = []
    for (send, arrival) in [(0.0, 100.0), (4, 104), (20, 130), (24, 135), (40, 150)] {
      if let delta = groups.insert(send: send, arrival: arrival, bytes: 500, heardAt: at(Int64(arrival))) {
        deltas.append(delta)
      }
    }
    // From the last packet of one group to the last of the next.
    #expect(deltas == [InterArrival.Delta(send: 20, arrival: 31, size: 0)])
  }

  @Test func `packets that were held up together are one group`() {
    var groups = InterArrival()
    _ = groups.insert(send: 0, arrival: 100, bytes: 500, heardAt: at(100))
    _ = groups.insert(send: 10, arrival: 101, bytes: 500, heardAt: at(101))
    _ = groups.insert(send: 20, arrival: 102, bytes: 500, heardAt: at(102))
    _ = groups.insert(send: 50, arrival: 150, bytes: 500, heardAt: at(150))
    let delta = groups.insert(send: 90, arrival: 190, bytes: 500, heardAt: at(190))
    #expect(delta == InterArrival.Delta(send: 30, arrival: 48, size: -1000))
  }

  @Test func `a jump of the receiver's clock gives no delta`() {
    var groups = InterArrival()
    for index in 0..<10 {
      let send = Double(index) * 20
      let arrival = send + (index < 5 ? 100 : 10_000)
      let delta = groups.insert(send: send, arrival: arrival, bytes: 500, heardAt: at(Int64(send) + 150))
      #expect(delta.map { $0.arrival == 20 } ?? true)
    }
  }

  // MARK: Trend

  /// Groups every 20 ms, each of which takes `growth` longer than the one before.
  private func feed(_ trend: inout TrendlineEstimator, _ count: Int, growth: Double, arrival: inout Double) {
    for _ in 0..<count {
      arrival += 20 + growth
      trend.update(.init(send: 20, arrival: 20 + growth, size: 0), arrival: arrival)
    }
  }

  @Test func `delays that grow are overuse, those that shrink underuse`() {
    var trend = TrendlineEstimator()
    var arrival = 1000.0
    feed(&trend, 100, growth: 0, arrival: &arrival)
    #expect(trend.usage == .normal)
    feed(&trend, 15, growth: 4, arrival: &arrival)
    #expect(trend.usage == .overusing)
    feed(&trend, 40, growth: 0, arrival: &arrival)
    feed(&trend, 15, growth: -4, arrival: &arrival)
    #expect(trend.usage == .underusing)
    feed(&trend, 60, growth: 0, arrival: &arrival)
    #expect(trend.usage == .normal)
  }

  // MARK: AIMD

  @Test func `overuse lowers the rate below the throughput`() {
    var rates = AIMDRateControl(start: .megabitsPerSecond(2), minimum: .kilobitsPerSecond(30))
    rates.update(.overusing, throughput: .megabitsPerSecond(1), at: at(1000))
    // β × throughput - 5 kbit/s
    #expect(rates.estimate == .kilobitsPerSecond(845))
  }

  @Test func `the rate grows by 8 percent per second, and by a packet in two response times once it was full`() {
    var rates = AIMDRateControl(start: .megabitsPerSecond(1), minimum: .kilobitsPerSecond(30))
    rates.roundTripTime = .milliseconds(100)
    for tick in 0...10 { rates.update(.normal, throughput: .megabitsPerSecond(1), at: at(Int64(tick) * 100)) }
    // The first update adds the least step, 1 kbit/s.
    #expect(abs(Double(rates.estimate.bitsPerSecond) - 1.08 * 1.001e6) < 10)

    rates.update(.overusing, throughput: .megabitsPerSecond(1), at: at(2000))
    let before = Double(rates.estimate.bitsPerSecond)
    rates.update(.normal, throughput: .megabitsPerSecond(1), at: at(3000))
    rates.update(.normal, throughput: .megabitsPerSecond(1), at: at(3500))
    // A frame of 845 kbit/s at 30 per second fills three packets; response time 2 × (100 + 100) ms.
    let packetBits = before / 30 / 3
    #expect(abs(Double(rates.estimate.bitsPerSecond) - before - packetBits / 0.4 * 0.5) < 10)
  }

  @Test func `the rate does not exceed one and a half times the throughput`() {
    var rates = AIMDRateControl(start: .megabitsPerSecond(1), minimum: .kilobitsPerSecond(30))
    for tick in 0..<400 { rates.update(.normal, throughput: .kilobitsPerSecond(800), at: at(Int64(tick) * 100)) }
    #expect(rates.estimate == .kilobitsPerSecond(1210))
  }

  // MARK: Throughput

  @Test func `a pause of the network does not lower the throughput`() throws {
    var throughput = ThroughputEstimator()
    for packet in 0..<100 {
      let sent = Double(packet) * 10
      throughput.insert(sent: sent, received: sent < 500 ? sent : max(sent, 700), bytes: 1250)
    }
    // 1,250 bytes every 10 ms
    let rate = try #require(throughput.rate)
    #expect(abs(rate.megabitsPerSecond - 1) < 0.02)
  }

  @Test func `the throughput is never above what was sent`() throws {
    var throughput = ThroughputEstimator()
    for packet in 0..<50 { throughput.insert(sent: Double(packet) * 10, received: Double(packet) * 5, bytes: 1250) }
    let rate = try #require(throughput.rate)
    #expect(abs(rate.megabitsPerSecond - 1) < 0.02)
  }

  // MARK: The application-limited region

  @Test func `a sender that uses half of the estimate is limited by the application`() {
    var region = ApplicationLimitedRegion(estimate: .megabitsPerSecond(1))
    for packet in 0..<200 { region.sent(.bytes(625), at: at(Int64(packet) * 10)) }
    #expect(region.began != nil)
    for packet in 200..<300 { region.sent(.bytes(1250), at: at(Int64(packet) * 10)) }
    #expect(region.began == nil)
  }

  // MARK: Loss

  /// A second of packets at about `rate`, every `period`th of which is lost.
  private func feed(
    _ estimator: inout LossBasedEstimator, seconds: Int, from second: Int, rate: Int, period: Int, delayBased: DataRate
  ) {
    let interval = 1200 * 8 * 1000 / rate
    for batch in 0..<(seconds * 4) {
      var results: [PacketResult] = []
      let begin = second * 1_000_000 + batch * 250_000
      for offset in stride(from: 0, to: 250_000, by: interval) {
        let number = Int64(begin + offset)
        let packet = SentPacket(
          number: number, size: .bytes(1200), sentAt: .start + .microseconds(Int64(begin + offset)))
        let isLost = period > 0 && ((begin + offset) / interval).isMultiple(of: period)
        results.append(PacketResult(packet: packet, receivedAt: isLost ? nil : .seconds(1)))
      }
      let share = period > 0 ? 1 - 1 / Double(period) : 1
      estimator.setAcknowledged(.bitsPerSecond(Int64(Double(rate) * 1000 * share)))
      estimator.update(results, delayBased: delayBased, applicationLimited: false)
    }
  }

  @Test func `a little loss is taken as inherent, much loss bounds the rate`() throws {
    var estimator = LossBasedEstimator(Self.limits)
    feed(&estimator, seconds: 10, from: 0, rate: 2000, period: 0, delayBased: .megabitsPerSecond(3))
    #expect(estimator.phase == .delayBased && estimator.estimate == 3e6)
    feed(&estimator, seconds: 10, from: 10, rate: 2000, period: 50, delayBased: .megabitsPerSecond(3))
    #expect(estimator.estimate == 3e6)
    feed(&estimator, seconds: 10, from: 20, rate: 2000, period: 4, delayBased: .megabitsPerSecond(3))
    // 100 kbit/s / (0.25 - 0.05), or what was acknowledged
    let lossy = try #require(estimator.estimate)
    #expect(lossy <= 1.5e6 + 1 && estimator.phase == .decreasing)
    feed(&estimator, seconds: 40, from: 30, rate: 1500, period: 0, delayBased: .megabitsPerSecond(3))
    let recovered = try #require(estimator.estimate)
    // In hold the rate does not exceed 1.2 of what was acknowledged.
    #expect(recovered > 1.7e6 && recovered <= 1.8e6 + 100)
  }

  // MARK: Probes

  private struct Constants: Decodable {
    struct Constant: Decodable {
      let name: String
      let value: Value
    }
    enum Value: Decodable {
      case number(Double), numbers([Double]), other
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else if let numbers = try? container.decode([Double].self) {
          self = .numbers(numbers)
        } else {
          self = .other
        }
      }
    }
    let libwebrtc: [Constant]

    func number(_ name: String) throws -> Double {
      guard case .number(let value)? = libwebrtc.first(where: { $0.name == name })?.value else {
        throw CocoaError(.keyValueValidation)
      }
      Vectors.ran(name, of: "public cc/gcc_constants.json")
      return value
    }

    func numbers(_ name: String) throws -> [Double] {
      guard case .numbers(let values)? = libwebrtc.first(where: { $0.name == name })?.value else {
        throw CocoaError(.keyValueValidation)
      }
      Vectors.ran(name, of: "public cc/gcc_constants.json")
      return values
    }
  }

  private static func constants() throws -> Constants {
    let data = try #require(Vectors.publicData("cc/gcc_constants.json"))
    return try Vectors.decode(Constants.self, from: data)
  }

  @Test(.enabled(if: Vectors.hasPublicData, "the public vectors are not there; RTCSIM_SHARED says where they are"))
  func `probes have libwebrtc's rates and sizes`() throws {
    let constants = try Self.constants()
    var probes = ProbeController(Self.limits, at: .start)
    let initial = probes.takeProbes()
    let scales = try constants.numbers("initial probes")
    #expect(initial.map(\.rate.kilobitsPerSecond) == scales.map { $0 * 300 })
    let size = try constants.numbers("probe min packets / duration")
    #expect(initial.allSatisfy { Double($0.packets) == size[0] && $0.duration.milliseconds == size[1] })

    // A result just below the threshold is followed by nothing, one above it by a further probe.
    let threshold = try constants.number("further probe threshold") * scales[1] * 300_000
    let step = try constants.number("further probe step")
    probes.setEstimate(DataRate(saturating: threshold - 1), congested: false, at: at(100))
    #expect(probes.takeProbes() == [])
    probes.setEstimate(DataRate(saturating: threshold + 1), congested: false, at: at(200))
    #expect(probes.takeProbes().map(\.rate.bitsPerSecond) == [Int64(((threshold + 1) * step).rounded())])

    let timeout = try constants.number("probe result timeout")
    probes.handleTimeout(at: at(200) + .init(inSeconds: timeout) + .milliseconds(1))
    probes.setEstimate(.megabitsPerSecond(9), congested: false, at: at(2000))
    #expect(probes.takeProbes() == [])
  }

  @Test(.enabled(if: Vectors.hasPublicData, "the public vectors are not there; RTCSIM_SHARED says where they are"))
  func `without a maximum probes end at libwebrtc's limit`() throws {
    let limit = try Self.constants().number("max probing bitrate without max")
    let limits = RateLimits(
      minimum: .kilobitsPerSecond(30), start: .megabitsPerSecond(4), maximum: .unlimited)
    var probes = ProbeController(limits, at: .start)
    #expect(probes.takeProbes().allSatisfy { Double($0.rate.bitsPerSecond) == limit })
  }

  @Test(.enabled(if: Vectors.hasPublicData, "the public vectors are not there; RTCSIM_SHARED says where they are"))
  func `a screen is probed every five seconds while it uses little`() throws {
    let values = try Self.constants().numbers("ALR probing interval / scale")
    var probes = ProbeController(Self.limits, at: .start)
    probes.probesWhenApplicationLimited = true
    _ = probes.takeProbes()
    probes.handleTimeout(at: at(1001))
    probes.setEstimate(.megabitsPerSecond(1), congested: false, at: at(1500))
    probes.setApplicationLimited(since: at(2000), at: at(2000))
    let due = at(2000) + .init(inSeconds: values[0])
    #expect(probes.nextTimeout == due)
    probes.handleTimeout(at: due)
    #expect(probes.takeProbes().map(\.rate.megabitsPerSecond) == [values[1]])
  }

  @Test func `after a large drop the old rate is tried when queues are empty again`() {
    var probes = ProbeController(Self.limits, at: .start)
    _ = probes.takeProbes()
    probes.handleTimeout(at: at(1001))
    probes.setEstimate(.megabitsPerSecond(2), congested: false, at: at(2000))
    probes.setApplicationLimited(since: at(2000), at: at(2000))
    probes.setEstimate(.megabitsPerSecond(1), congested: true, at: at(3000))
    probes.setEstimate(.megabitsPerSecond(1), congested: false, at: at(3500))
    probes.recoveredFromOveruse(at: at(3500))
    // 0.85 of what it was
    #expect(probes.takeProbes().map(\.rate) == [.kilobitsPerSecond(1700)])
    probes.recoveredFromOveruse(at: at(3600))
    #expect(probes.takeProbes() == [])
  }

  @Test func `what the encoders can use is tried when it grows, up to twice the estimate`() {
    var probes = ProbeController(Self.limits, at: .start)
    probes.setAllocated(.kilobitsPerSecond(500), at: .start)
    _ = probes.takeProbes()
    probes.handleTimeout(at: at(1001))
    probes.setApplicationLimited(since: at(1100), at: at(1100))
    probes.setEstimate(.kilobitsPerSecond(500), congested: false, at: at(1200))
    probes.setAllocated(.kilobitsPerSecond(800), at: at(1300))
    #expect(probes.takeProbes().map(\.rate) == [.kilobitsPerSecond(800), .kilobitsPerSecond(1000)])
  }

  @Test func `a probe's result is the lower of its rates, and less on a link that it filled`() {
    func result(receiveGap: Double) -> DataRate? {
      var estimator = ProbeBitrateEstimator()
      let cluster = ProbeCluster(
        id: .init(rawValue: 1), rate: .megabitsPerSecond(1), duration: .milliseconds(15), packets: 5)
      estimator.announce(cluster)
      var last: DataRate?
      for index in 0..<6 {
        last = estimator.insert(
          cluster.id, sent: Double(index) * 8, received: Double(index) * receiveGap, bytes: 1000)
      }
      return last
    }
    #expect(result(receiveGap: 8) == .megabitsPerSecond(1))
    #expect(result(receiveGap: 7) == .megabitsPerSecond(1))
    #expect(result(receiveGap: 16) == .kilobitsPerSecond(475))
    #expect(result(receiveGap: 2) == nil)
  }

  // MARK: The congestion window and the decision

  @Test func `more in flight than the window lets frames be left out until it drains`() {
    var window = CongestionWindow()
    window.heard(roundTrip: .milliseconds(50), target: .megabitsPerSecond(1))
    // 1 Mbit/s × (50 + 350) ms
    for _ in 0..<10 { window.update(inFlight: .bytes(50_000), target: .megabitsPerSecond(1)) }
    #expect(window.reduction == 0)
    for _ in 0..<10 { window.update(inFlight: .bytes(51_000), target: .megabitsPerSecond(1)) }
    #expect(abs(window.reduction - (1 - pow(0.95, 10))) < 1e-9)
    window.update(inFlight: .bytes(1000), target: .megabitsPerSecond(1))
    #expect(window.reduction == 0)
  }

  @Test(.enabled(if: Vectors.hasPublicData, "the public vectors are not there; RTCSIM_SHARED says where they are"))
  func `packets may leave at two and a half times the target`() throws {
    let factor = try Self.constants().number("pacing factor")
    let decision = GoogleCongestionControl(Self.limits, at: .start).decision
    #expect(Double(decision.pacingRate.bitsPerSecond) == factor * Double(decision.target.bitsPerSecond))
    #expect(decision.paddingRate == .zero && decision.congestionWindow == nil)
  }

  @Test func `the rate falls by a fifth each second while nothing is heard`() {
    var controller = GoogleCongestionControl(Self.limits, at: .start)
    for number in 0..<Int64(70) {
      controller.sent(SentPacket(number: number, size: .bytes(500), sentAt: at(number * 100)))
    }
    // From 3 s on: at 3.1, 4.1, 5.1 and 6.1 s.
    #expect(abs(Double(controller.decision.target.bitsPerSecond) - 300_000 * pow(0.8, 4)) < 10)
  }
}
