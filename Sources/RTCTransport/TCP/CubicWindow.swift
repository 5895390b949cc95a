package import RTCPrimitives

/// CUBIC's congestion window in congestion avoidance, in segments: a cubic function of the time since the last congestion,
/// flat where that happened.
///
/// - SeeAlso: RFC 9438
package struct CubicWindow: Sendable {
  /// C and beta_cubic (RFC 9438 §4.6, §5.1).
  package static let scaling = 0.4
  package static let decrease = 0.7
  /// alpha_cubic: with it a sender that decreases by beta_cubic gets as much as Reno (RFC 9438 §4.3).
  package static let friendlyIncrease = 3 * (1 - decrease) / (1 + decrease)

  /// A stage of congestion avoidance.
  private struct Epoch {
    /// K: the time until the window is what it was before, in seconds.
    let timeToMaximum: Double
    /// W_max
    let maximum: Double
    /// W_est: Reno's window.
    var estimate: Double
    /// Seconds in which the window kept the sender back.
    var elapsed = 0.0
    /// The last acknowledgment; `nil` after a pause.
    var last: Instant?
    /// The window with its parts of a byte.
    var window: Double
  }

  /// W_max; `nil` before the first congestion and after a timeout.
  private var maximum: Double?
  /// cwnd_prior
  private var prior = 0.0
  private var epoch: Epoch?

  package init() {}

  /// W_cubic(t) (RFC 9438 §4.2, figure 1).
  package static func window(after time: Double, timeToMaximum: Double, maximum: Double) -> Double {
    let distance = time - timeToMaximum
    return scaling * distance * distance * distance + maximum
  }

  /// Congestion at `window`.
  package mutating func reduced(from window: Double) {
    prior = window
    // Fast convergence: somebody new needs room (RFC 9438 §4.7).
    let isBelow = maximum.map { window < $0 } ?? false
    maximum = isBelow ? window * (1 + Self.decrease) / 2 : window
    epoch = nil
  }

  /// The next stage begins where it begins (RFC 9438 §4.8).
  package mutating func timedOut() {
    maximum = nil
    epoch = nil
  }

  /// The window did not keep the sender back, so time does not count (RFC 9438 §5.8).
  package mutating func pause() { epoch?.last = nil }

  /// The window after `count` segments were acknowledged.
  package mutating func grown(from window: Double, by count: Double, _ roundTrip: Duration?, at now: Instant) -> Double
  {
    var stage = epoch ?? beginning(at: window)
    // A window that is no longer ours was set in recovery.
    if abs(stage.window - window) > 1 { stage.window = window }
    stage.elapsed += stage.last.map { (now - $0).inSeconds } ?? 0
    stage.last = now
    let increase = stage.estimate < prior ? Self.friendlyIncrease : 1
    stage.estimate += increase * count / stage.window
    func cubic(after time: Double) -> Double {
      Self.window(after: time, timeToMaximum: stage.timeToMaximum, maximum: stage.maximum)
    }
    if cubic(after: stage.elapsed) < stage.estimate {
      stage.window = max(stage.window, stage.estimate)
    } else {
      let target = cubic(after: stage.elapsed + (roundTrip?.inSeconds ?? 0))
      let bounded = min(max(target, stage.window), 1.5 * stage.window)
      stage.window += (bounded - stage.window) / stage.window * count
    }
    epoch = stage
    return stage.window
  }

  private func beginning(at window: Double) -> Epoch {
    let maximum = maximum ?? window
    let distance = max(0, maximum - window) / Self.scaling
    return Epoch(
      timeToMaximum: cubeRoot(distance), maximum: max(maximum, window), estimate: window, window: window)
  }
}

/// Newton's method; the same digits on every machine.
///
/// - Precondition: `number` is not negative.
package func cubeRoot(_ number: Double) -> Double {
  guard number > 0 else { return 0 }
  var root = number > 1 ? number : 1
  while true {
    let next = (2 * root + number / (root * root)) / 3
    guard next < root else { return root }
    root = next
  }
}
