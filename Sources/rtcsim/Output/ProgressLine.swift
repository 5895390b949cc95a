import Synchronization

/// One line on standard error that tells how far a long run is and when it will end; nothing unless someone watches.
final class ProgressLine: Sendable {
  private struct State {
    var done = 0.0
    var label = ""
    var lastShown: Duration?
  }

  private let total: Double
  private let isShown: Bool
  private let clock = ContinuousClock()
  private let begin: ContinuousClock.Instant
  private let state = Mutex(State())

  /// - Parameter total: the work to be done, in any unit that takes about the same time each.
  init(total: Double, isShown: Bool = Terminal.isWatched) {
    self.total = total
    self.isShown = isShown
    begin = clock.now
  }

  /// Counts `work` as done and shows `label`; may be called from any thread.
  func advance(by work: Double, label: String) {
    guard isShown else { return }
    let elapsed = clock.now - begin
    let line = state.withLock { state -> String? in
      state.done = min(state.done + work, total)
      state.label = label
      if let last = state.lastShown, elapsed - last < .milliseconds(100) { return nil }
      state.lastShown = elapsed
      return Self.line(done: state.done, total: total, elapsed: elapsed, label: label)
    }
    if let line { Terminal.writeError("\r\u{1B}[K" + line) }
  }

  /// Removes the line.
  func finish() {
    guard isShown else { return }
    Terminal.writeError("\r\u{1B}[K")
  }

  /// `42 % · 0:31 left · mesh, 10 people`
  static func line(done: Double, total: Double, elapsed: Duration, label: String) -> String {
    let part = total > 0 ? done / total : 1
    let percent = "\(Int(part * 100)) %"
    guard part > 0 else { return "\(percent) · \(label)" }
    let left = Int((elapsed / .seconds(1) * (1 - part) / part).rounded(.up))
    let seconds = left % 60
    return "\(percent) · \(left / 60):\(seconds < 10 ? "0" : "")\(seconds) left · \(label)"
  }
}
