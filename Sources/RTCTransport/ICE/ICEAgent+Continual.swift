import RTCPrimitives

/// Checking one pair after the other without end, as libwebrtc does: better pairs are found late, and dead ones replaced.
///
/// - SeeAlso: `ICEChecking.continual`
extension ICEAgent {
  /// The pair whose turn it is: the best that was never checked, then the one whose check is longest ago.
  func nextContinual(_ intervals: ICEChecking.PingIntervals, at now: Instant) -> Int? {
    var best: Int?
    for index in checklist.pairs.indices where (restEnd(of: index, intervals) ?? .distantFuture) <= now {
      guard let rival = best else {
        best = index
        continue
      }
      if isEarlier(checklist.pairs[index], than: checklist.pairs[rival]) { best = index }
    }
    return best
  }

  /// When the next pair may be checked; `nil` when there is none.
  func continualDue(_ intervals: ICEChecking.PingIntervals) -> Instant? {
    var earliest = Instant.distantFuture
    for index in checklist.pairs.indices {
      if let end = restEnd(of: index, intervals) { earliest = min(earliest, end) }
    }
    return earliest == .distantFuture ? nil : max(earliest, nextCheck)
  }

  /// How long after a check the next one leaves.
  func continualInterval(_ intervals: ICEChecking.PingIntervals) -> Duration {
    var isHurried = false
    for index in checklist.pairs.indices where restEnd(of: index, intervals) == .start {
      if checklist.pairs[index].statistics.requestsSent < intervals.hurried { isHurried = true }
    }
    // Embedded packets are repeated by checks, so these go on at their fastest.
    return bestValid == nil || isHurried || isEmbedding ? intervals.weak : intervals.strong
  }

  /// Gives up pairs that have answered nothing for too long.
  mutating func failUnanswered(
    _ intervals: ICEChecking.PingIntervals, at now: Instant, into output: inout Output<Event>
  ) {
    for index in checklist.pairs.indices where checklist.pairs[index].state == .inProgress {
      guard let first = checklist.pairs[index].firstCheck, first + intervals.writeTimeout <= now else { continue }
      failPair(at: index, into: &output)
    }
  }

  /// Whether the pair was heard lately, so that it need not give way to one of lower priority.
  func isHeard(_ index: Int, at now: Instant) -> Bool {
    guard case .continual(let intervals) = configuration.checking else { return true }
    let pair = checklist.pairs[index]
    let last = max(pair.confirmedAt ?? .start, pair.statistics.lastPacketReceivedTimestamp ?? .start)
    // Idle pairs are heard once in a consent interval only.
    return now < last + intervals.receivingTimeout + configuration.consentInterval
  }

  /// Until when a pair rests; `nil` for one that is not checked here: the selected one is asked for consent instead.
  private func restEnd(of index: Int, _ intervals: ICEChecking.PingIntervals) -> Instant? {
    let pair = checklist.pairs[index]
    guard pair.generation == generation, index != selected || isEmbedding, pair.state != .failed, isReady(pair) else {
      return nil
    }
    // What is embedded is repeated by checks, also on the pair in use.
    guard pair.state == .succeeded, !isEmbedding, let last = pair.lastCheck else { return .start }
    return last + intervals.stable
  }

  private func isEarlier(_ pair: CandidatePair, than other: CandidatePair) -> Bool {
    switch (pair.lastCheck, other.lastCheck) {
    case (nil, nil): pair.priority(role: role) > other.priority(role: role)
    case (nil, _?): true
    case (_?, nil): false
    case (let first?, let second?): first < second
    }
  }
}
