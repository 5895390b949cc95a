import RTCPrimitives
import RTCSession
import SimNodes

/// Why connections of a meeting did not come up, whatever its topology: each by what its two ends told.
extension Diagnosis {
  /// What is wrong with a run of which there is no history, in sentences; the same cause is told once for all connections.
  static func sentences(of result: SessionResult, _ session: SessionScenario) -> [String] {
    let evidence = Evidence(result, session)
    let failed = failedConnections(result, session.plan)
    var causes: [Cause] = []
    for ends in failed {
      let sentences = self.causes(evidence, ends)
      guard !sentences.isEmpty else { continue }
      if let index = causes.firstIndex(where: { $0.sentences == sentences }) {
        causes[index].ends.append(ends.named)
      } else {
        causes.append(Cause(ends: [ends.named], sentences: sentences))
      }
    }
    var sentences: [String] = []
    if !failed.isEmpty {
      sentences.append(
        "\(failed.count) of \(result.connectionsPlanned) connections did not come up: \(failed.map(\.named).shortened)."
      )
    }
    sentences += insecurePages(evidence) + cameras(evidence) + (failed.isEmpty ? [] : outage(evidence))
    for cause in causes {
      // Whose they are need not be said where all have one cause.
      if cause.ends.count < failed.count { sentences.append("Of \(cause.ends.shortened) this is known.") }
      sentences += cause.sentences
    }
    return sentences
  }

  /// What is wrong with one connection or more.
  private struct Cause {
    var ends: [String]
    let sentences: [String]
  }

  /// The two ends of a connection, the one that was to offer first.
  private struct Ends {
    let offerer: String
    let answerer: String

    var named: String { "\(offerer) – \(answerer)" }
    var both: [String] { [offerer, answerer] }
  }

  private static func failedConnections(_ result: SessionResult, _ plan: SessionPlan) -> [Ends] {
    let summaries = result.clients.flatMap(\.connections) + (result.server?.connections ?? [])
    let ready = Set(summaries.filter { $0.readyAt != nil }.map { [$0.node, $0.peer] })
    return plan.connections.map { Ends(offerer: $0.offerer.description, answerer: $0.answerer.description) }
      .filter { !(ready.contains($0.both) && ready.contains($0.both.reversed())) }
  }

  /// Why one connection did not come up; empty where that is said of one of its ends as a whole.
  private static func causes(_ evidence: Evidence, _ ends: Ends) -> [String] {
    let lost = unreachable(evidence)
    if ends.both.contains(where: { evidence.has(.mediaDevicesMissing, at: $0) }) { return [] }
    let clients = ends.both.filter { evidence.clients.contains($0) }
    func at(_ kind: Milestone.Kind, _ node: String, _ peer: String) -> Milestone? {
      evidence.first(kind, at: node, with: peer)
    }
    // Whoever reached the room later has offered.
    let ways = [(ends.offerer, ends.answerer), (ends.answerer, ends.offerer)]
    let way = ways.first { at(.setLocalOffer, $0.0, $0.1) != nil }
    guard let (caller, callee) = way, at(.setRemoteOffer, callee, caller) != nil,
      at(.setRemoteAnswer, caller, callee) != nil
    else { return ends.both.contains(where: lost.contains) ? [] : silence(evidence, way) }
    let codecs = [caller, callee].map { Self.codecs(of: $0, evidence) }
    if !codecs[0].contains(where: { codecs[1].contains($0) }) {
      return noCommonCodec(offered: codecs[0], by: caller, known: codecs[1], at: callee)
    }
    guard ways.contains(where: { at(.iceConnected, $0.0, $0.1) != nil }) else {
      return ["No pair of addresses works."] + obstacles(evidence, between: ends.both)
        + relayAdvice(evidence, for: clients)
    }
    // The other end has but an alert to tell.
    let failures = ways.compactMap { at(.dtlsFailed, $0.0, $0.1) }
    return handshake(failures.first { isForeignCertificate($0) } ?? failures.first)
  }

  /// Offer or answer did not arrive, or could not be used.
  private static func silence(_ evidence: Evidence, _ way: (caller: String, callee: String)?) -> [String] {
    guard let (caller, callee) = way else { return ["No offer was made."] }
    let refused = evidence.milestones.first { milestone in
      (milestone.kind == .negotiationFailed || milestone.kind == .malformedDescription)
        && [caller, callee].contains(milestone.node)
    }
    if let refused { return ["\(refused.node): \(refused.name), \(refused.detail)."] }
    let isOfferThere = evidence.has(.setRemoteOffer, at: callee, with: caller)
    let kinds: [Milestone.Kind] = isOfferThere ? [.setLocalAnswer] : [.setLocalOffer]
    let (sender, receiver) = isOfferThere ? (callee, caller) : (caller, callee)
    let sent = evidence.milestones.first { kinds.contains($0.kind) && $0.node == sender }?.time ?? .start
    return [
      "The \(isOfferThere ? "answer" : "offer") of \(sender) did not reach \(receiver): without signaling neither side "
        + "knows the other's addresses, keys or codecs."
    ] + polling(evidence, sent: sent, to: receiver)
  }
}

extension [String] {
  /// The first four, and how many more there are.
  fileprivate var shortened: String {
    count > 5 ? "\(prefix(4).joined(separator: ", ")) and \(count - 4) more" : listed
  }
}
