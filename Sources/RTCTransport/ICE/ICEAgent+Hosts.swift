public import RTCPrimitives

/// Sockets that come and go, as when a phone leaves its Wi-Fi.
///
/// What is lost is given up at once; what is new is gathered by the next restart, or at once by an agent that checks
/// continually.
/// - SeeAlso: RFC 8445 §9 (restarting for mobility), RFC 8838 §9 (candidates of a new interface)
extension ICEAgent {
  /// A socket on another network is there.
  public mutating func addHost(_ host: Endpoint, at now: Instant, into output: inout Output<Event>) {
    guard state != .closed else { return }
    if let index = configuration.hosts.firstIndex(of: host) {
      lostHosts.remove(index)
    } else {
      configuration.hosts.append(host)
    }
    if configuration.checking.isContinual, isGatheringCompleted { start(at: now, into: &output) }
  }

  /// A socket's network is gone: nothing can be sent from it or received on it.
  ///
  /// Data moves to another pair that works, if there is one, after a check if its consent has lapsed; otherwise a restart
  /// is needed.
  public mutating func removeHost(_ host: Endpoint, at now: Instant, into output: inout Output<Event>) {
    guard state != .closed, let base = configuration.hosts.firstIndex(of: host), lostHosts.insert(base).inserted else {
      return
    }
    pendingQueries.removeAll { query in
      switch query {
      case .binding(let index, _): index == base
      case .relay(let relay): relays[relay].base == base
      }
    }
    requests.removeAll { request in
      if case .gathering(let index, _) = request.purpose { index == base } else { false }
    }
    keptAlive.removeAll { $0.base == base }
    let lost = checklist.pairs.indices.filter { isSent(checklist.pairs[$0], from: base) }
    loseRelays(onBase: base, into: &output)
    for index in lost { losePair(index, into: &output) }
    updateSendingPath(at: now, into: &output)
    if configuration.checking.isContinual, selected == nil, let best = bestValid { trigger(best, into: &output) }
    if sending == nil, state == .connected || state == .completed { setState(.disconnected, into: &output) }
    advance(at: now, into: &output)
  }

  private func isSent(_ pair: CandidatePair, from base: Int) -> Bool {
    if let relay = pair.relay { return relays[relay].base == base }
    return pair.local.base == configuration.hosts[base]
  }

  /// Gives up a pair that can carry nothing any more.
  mutating func losePair(_ index: Int, into output: inout Output<Event>) {
    let id = checklist.pairs[index].id
    requests.removeAll { $0.pair == id }
    triggered.removeAll { $0 == id }
    if consent?.pair == id { consent = nil }
    if selected == index { selected = nil }
    if sending?.index == index { sending = nil }
    if receiving == index { receiving = nil }
    if checklist.pairs[index].state != .failed { failPair(at: index, into: &output) }
  }
}
