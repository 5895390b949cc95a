import RTCPrimitives
import RTCTransport
import Testing

/// RFC 9438; windows in segments.
@Suite struct CubicWindowTests {
  private static let roundTrip = Duration.milliseconds(100)

  @Test(arguments: [10.0, 100, 1234])
  func `the window is back where it was after the cube root of its loss`(maximum: Double) {
    let time = cubeRoot(maximum * (1 - CubicWindow.decrease) / CubicWindow.scaling)
    func window(_ elapsed: Double) -> Double {
      CubicWindow.window(after: elapsed, timeToMaximum: time, maximum: maximum)
    }
    #expect(abs(window(0) - 0.7 * maximum) < 1e-9 * maximum)
    #expect(window(time) == maximum)
    // Flat there: a second before and after, C segments are missing or gained.
    #expect(abs(window(time - 1) - (maximum - 0.4)) < 1e-9 * maximum)
    #expect(abs(window(time + 1) - (maximum + 0.4)) < 1e-9 * maximum)
  }

  @Test(arguments: [0, 1e-12, 0.001, 0.5, 1, 8, 27, 1e6, 1e15])
  func `the cube of the cube root is the number`(number: Double) {
    let root = cubeRoot(number)
    #expect(abs(root * root * root - number) <= 1e-14 * number * 10)
  }

  /// The mean window where one of every 1/p segments is lost, all rounds lasting as long.
  private func meanWindow(lossRate: Double, rounds: Int) -> Double {
    var cubic = CubicWindow()
    var window = 10.0
    var now = Instant.start
    var sinceLoss = 0.0
    var sum = 0.0
    for round in 0..<rounds {
      now += Self.roundTrip
      for _ in 0..<Int(window) { window = cubic.grown(from: window, by: 1, Self.roundTrip, at: now) }
      sinceLoss += window
      if sinceLoss >= 1 / lossRate {
        sinceLoss -= 1 / lossRate
        cubic.reduced(from: window)
        window = max(2, window * CubicWindow.decrease)
      }
      if round >= rounds / 5 { sum += window }
    }
    return sum / Double(rounds - rounds / 5)
  }

  /// RFC 9438 §5.1, figure 6: AVG_W = (C (3 + b) / (4 (1 - b)))^(1/4) RTT^(3/4) / p^(3/4).
  @Test(arguments: [(1e-4, 187.4), (1e-5, 1054.0)])
  func `with rare losses the mean window is that of the response function`(lossRate: Double, expected: Double) {
    let mean = meanWindow(lossRate: lossRate, rounds: 20_000)
    #expect(abs(mean - expected) < 0.08 * expected, "\(mean)")
  }

  /// RFC 9438 §4.3: Reno's is the square root of 3 / (2 p).
  @Test(arguments: [(0.01, 12.2), (0.002, 27.4)])
  func `with frequent losses it is Reno's`(lossRate: Double, expected: Double) {
    let mean = meanWindow(lossRate: lossRate, rounds: 20_000)
    #expect(abs(mean - expected) < 0.15 * expected, "\(mean)")
  }

  @Test func `somebody who loses earlier than before leaves room`() {
    // Both lose at 80; the one that had 100 before aims lower and is behind after the same time.
    func window(before: Double) -> Double {
      var cubic = CubicWindow()
      cubic.reduced(from: before)
      cubic.reduced(from: 80)
      var window = 56.0
      for round in 1...40 {
        window = cubic.grown(from: window, by: window, Self.roundTrip, at: .start + Self.roundTrip * round)
      }
      return window
    }
    #expect(window(before: 100) < window(before: 60) - 2)
  }

  @Test func `time in which the window was not used does not count`() {
    var cubic = CubicWindow()
    cubic.reduced(from: 100)
    var window = cubic.grown(from: 70, by: 1, Self.roundTrip, at: .start)
    cubic.pause()
    window = cubic.grown(from: window, by: 1, Self.roundTrip, at: .start + .seconds(3600))
    #expect(window < 71.5)
  }
}
