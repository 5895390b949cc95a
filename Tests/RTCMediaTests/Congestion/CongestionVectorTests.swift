import Foundation
import RTCPrimitives
import TestSupport
import Testing

@testable import RTCMedia

/// The arithmetic of congestion control against values that were computed from the draft and for libwebrtc.
struct CongestionVectorTests {
  private struct File: Decodable {
    let tolerance: Double
    let vectors: [Case]
  }

  private struct Case: Decodable {
    let id: String
    let kind: String
    let k_up: Double?
    let k_down: Double?
    let initial: Double?
    let dt_ms: Double?
    let m: [Double]?
    let threshold_after: [Double]?
    let as_bps: Int64?
    let loss: Double?
    let as_after_bps: Double?
    let x_ms: [Double]?
    let y_ms: [Double]?
    let slope: Double?
  }

  @Test func `thresholds, loss-based rates and slopes come out as computed`() throws {
    let path = "cc/gcc_numeric.json"
    let file = try Vectors.decode(File.self, from: path)
    for vector in file.vectors {
      switch vector.kind {
      case "adaptive-threshold": try threshold(vector, file.tolerance)
      case "loss-based": try loss(vector)
      case "linear-fit-slope": try slope(vector, file.tolerance)
      default:
        Issue.record("\(vector.id): kind \(vector.kind) is not known")
        continue
      }
      Vectors.ran(vector.id, of: path)
    }
    Vectors.expect(file.vectors.count, of: path, skipped: [:])
    #expect(file.vectors.count == 24)
  }

  private func threshold(_ vector: Case, _ tolerance: Double) throws {
    let rise = try #require(vector.k_up)
    let fall = try #require(vector.k_down)
    let shipped = rise == AdaptiveThreshold.trendline.rise && fall == AdaptiveThreshold.trendline.fall
    let drafted = rise == AdaptiveThreshold.kalman.rise && fall == AdaptiveThreshold.kalman.fall
    #expect(shipped || drafted, "\(vector.id): the gains are those of one of our detectors")
    var threshold = shipped ? AdaptiveThreshold.trendline : .kalman
    #expect(threshold.milliseconds == vector.initial)
    let after = try #require(vector.threshold_after)
    let estimates = try #require(vector.m)
    let interval = try #require(vector.dt_ms)
    for (estimate, expected) in zip(estimates, after) {
      threshold.update(estimate, after: interval)
      #expect(abs(threshold.milliseconds - expected) <= tolerance * max(1, expected), "\(vector.id)")
    }
  }

  private func loss(_ vector: Case) throws {
    let before = try #require(vector.as_bps)
    let share = try #require(vector.loss)
    let rate = LossBasedRate.next(after: .bitsPerSecond(before), loss: share)
    let expected = try #require(vector.as_after_bps)
    // A rate here is a whole number of bits per second; the vectors round to it.
    #expect(abs(Double(rate.bitsPerSecond) - expected) <= 1, "\(vector.id)")
  }

  private func slope(_ vector: Case, _ tolerance: Double) throws {
    let x = try #require(vector.x_ms)
    let y = try #require(vector.y_ms)
    let slope = LinearFit.slope(count: x.count) { (x[$0], y[$0]) }
    let ours = try #require(slope)
    let expected = try #require(vector.slope)
    #expect(abs(ours - expected) <= tolerance, "\(vector.id)")
  }

  @Test func `a line through points of one abscissa has no slope`() {
    #expect(LinearFit.slope(count: 3) { (5, Double($0)) } == nil)
    #expect(LinearFit.slope(count: 0) { _ in (0, 0) } == nil)
  }

  @Test(arguments: [1e-9, 0.001, 0.5, 0.999, 1.0, 1.08, 2.0, 1234.5, 1e15])
  func `our logarithm and exponential are those of the C library`(x: Double) {
    #expect(abs(naturalLogarithm(x) - log(x)) <= 1e-13 * max(1, abs(log(x))))
    #expect(abs(exponential(log(x)) / x - 1) <= 1e-12)
    #expect(abs(exponential(-log(x)) * x - 1) <= 1e-12)
  }

  @Test func `TCP's fair share is that of the formula`() {
    // RFC 5348 §3.1 by hand: s = 1200 bytes, R = 0.1 s, p = 0.01.
    let (s, r, p) = (1200.0, 0.1, 0.01)
    let expected = 8 * s / (r * sqrt(2 * p / 3) + 4 * r * (3 * sqrt(3 * p / 8)) * p * (1 + 32 * p * p))
    let rate = LossBasedRate.tcpFriendly(loss: p, roundTripTime: .milliseconds(100), packet: .bytes(1200))
    #expect(abs(Double(rate.bitsPerSecond) - expected) < 1)
  }
}
