import RTCPrimitives
import RTCSession
import RTCWire
import SimNodes

/// Whether the two could talk, and if not, why.
public struct Diagnosis: Hashable, Sendable {
  /// Whether media could flow at both ends at some time.
  public let isConnected: Bool
  public let sentences: [String]

  public init(_ history: History) {
    isConnected = history.last(.connected) != nil
    sentences = isConnected ? Self.success(history) : Self.failure(history)
  }

  // MARK: It works

  private static func success(_ history: History) -> [String] {
    var sentences: [String] = []
    let call = history.moments.last { $0.milestone.kind == .call }
    let begin = call?.time ?? .start
    if let ready = history.last(.connected) {
      sentences.append(
        "Counted from when \(call?.lane ?? "the call") began, both ends are connected after \((ready - begin).text) ms."
      )
    }
    if let frame = history.last(.firstFrameDecoded) {
      sentences.append("Counted from then, too, both see the other's first frame after \((frame - begin).text) ms.")
    }
    if let opened = history.last(.dataChannelOpen) {
      sentences.append("Counted from then, too, a data channel is open at both ends after \((opened - begin).text) ms.")
    }
    if let path = path(history) { sentences.append(path) }
    return sentences + cameras(Evidence(history)) + silences(history) + breaks(history)
  }

  private static func path(_ history: History) -> String? {
    let pairs = history.moments.reversed().lazy.flatMap(\.ends).flatMap(\.connections).flatMap(\.pairs)
    guard let pair = pairs.first(where: { $0.isSelected }) else { return nil }
    let isRelayed = [pair.local, pair.remote].contains { $0.hasPrefix("relay") }
    return "Media takes the pair \(pair.local) – \(pair.remote): "
      + (isRelayed ? "relayed by the TURN server." : "directly from one to the other.")
  }

  /// Who heard nothing any more long before anybody hung up.
  private static func silences(_ history: History) -> [String] {
    let end = history.moments.first { $0.milestone.kind == .hangUp }?.time ?? .start + history.duration
    return history.ends.indices.compactMap { index in
      guard let last = history.series.lastReceived(by: index), end - last > .seconds(1) else { return nil }
      return "From about \(last.text) ms on nothing arrives at \(history.ends[index]) any more."
    }
  }

  /// What went wrong after it had worked.
  private static func breaks(_ history: History) -> [String] {
    let kinds: [Milestone.Kind] = [
      .natRestarted, .iceDisconnected, .consentExpired, .iceFailed, .dtlsFailed, .negotiationFailed,
    ]
    return kinds.compactMap { kind in
      guard let moment = history.moments.first(where: { $0.milestone.kind == kind }) else { return nil }
      return "At \(moment.time.text) ms, \(moment.lane): \(moment.title). \(kind.explanation.first)"
    }
  }

  // MARK: It does not

  private static func failure(_ history: History) -> [String] {
    var sentences = ["The two never get connected."]
    if let hangUp = history.moments.first(where: { $0.milestone.kind == .hangUp }), !history.isNaturalEnd(hangUp) {
      return sentences + ["\(hangUp.lane) hangs up at \(hangUp.time.text) ms, before that."]
    }
    let evidence = Evidence(history)
    let insecure = insecurePages(evidence)
    guard insecure.isEmpty else { return sentences + insecure }
    if !history.has(.offerReceived) || !history.has(.answerReceived) {
      return sentences + silence(history, evidence) + losses(history)
    }
    if let rejection = rejection(history, evidence) { return sentences + rejection }
    if !history.has(.iceConnected) {
      sentences.append("No pair of addresses works: \(checks(history)).")
      sentences += losses(history)
      sentences += obstacles(evidence, between: history.ends)
      sentences += relayAdvice(evidence, for: history.ends)
    } else if !history.has(.dtlsConnected) {
      sentences += handshake(evidence.first(.dtlsFailed))
      sentences += losses(history)
    } else {
      sentences.append("One end is connected, the other is not.")
      if let failed = evidence.first(.dtlsFailed) { sentences += handshake(failed) }
      sentences += losses(history)
    }
    return sentences + cameras(evidence)
  }

  /// Offer or answer did not arrive.
  private static func silence(_ history: History, _ evidence: Evidence) -> [String] {
    guard let offer = evidence.first(.offerSent) else { return ["No offer was made."] + outage(evidence) }
    let isOfferThere = history.has(.offerReceived)
    let waiting = isOfferThere ? evidence.first(.answerSent) : offer
    let slow = waiting.flatMap { sent in
      sent.receiver.map { polling(evidence, sent: sent.time, to: $0) }
    }
    return [
      "\(isOfferThere ? "The answer" : "The offer") did not arrive: "
        + "without signaling neither side knows the other's addresses, keys or codecs."
    ] + outage(evidence) + (slow ?? [])
  }

  /// The answer rejects everything that was offered.
  private static func rejection(_ history: History, _ evidence: Evidence) -> [String]? {
    func description(_ title: String) -> (SessionDescription, sender: String)? {
      history.messages.first { $0.title == title && $0.isDelivered }
        .flatMap { message in message.description.map { ($0, message.sender) } }
    }
    guard let (offer, caller) = description("offer"), let (answer, callee) = description("answer"),
      answer.media.allSatisfy(\.isRejected)
    else { return nil }
    let offered = Set(offer.media.flatMap { $0.codecs.map(\.name) })
    return noCommonCodec(offered: offered.sorted(), by: caller, known: codecs(of: callee, evidence), at: callee)
  }

  private static func checks(_ history: History) -> String {
    let sent = history.count(.checkSent) + history.count(.nominatingCheckSent)
    return "\(sent) checks were sent, \(history.count(.checkSucceeded)) were answered"
  }

  /// Where the handshake's datagrams ended, the most frequent place first.
  private static func losses(_ history: History) -> [String] {
    struct Loss: Hashable {
      let lane: String
      let reason: String
    }
    var counts: [Loss: Int] = [:]
    var order: [Loss] = []
    let end = history.moments.first { $0.milestone.kind == .hangUp }?.time ?? .distantFuture
    for message in history.messages where message.kind != .rtp && message.kind != .rtcp && message.sentAt < end {
      guard let reason = message.dropped else { continue }
      let loss = Loss(lane: message.end.lane, reason: reason)
      if counts[loss] == nil { order.append(loss) }
      counts[loss, default: 0] += 1
    }
    let sorted = order.enumerated().sorted {
      (counts[$1.element] ?? 0, $0.offset) < (counts[$0.element] ?? 0, $1.offset)
    }
    return sorted.prefix(4).map { "\(counts[$0.element] ?? 0) × at \($0.element.lane): \($0.element.reason)." }
  }
}

extension History {
  func has(_ kind: Milestone.Kind) -> Bool { moments.contains { $0.milestone.kind == kind } }

  /// Whether a hang-up is the one with which every call ends here.
  fileprivate func isNaturalEnd(_ moment: Moment) -> Bool {
    moment.time + .milliseconds(500) >= .start + duration
  }
}
