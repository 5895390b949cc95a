import RTCMedia
import RTCSession
import RTCWire
import SimNetwork
import SimNodes

/// What went wrong, where, and what would mend it; one function for each cause.
extension Diagnosis {
  /// Who sends no picture, although a camera is wanted.
  static func cameras(_ history: History) -> [String] {
    history.ends.compactMap { end in
      switch history.moments.first(where: { $0.lane == end && $0.milestone.kind.isWithoutCamera })?.milestone.kind {
      case .cameraRefused:
        "\(end) sends no picture: the person, or the system, does not allow the camera (NotAllowedError). "
          + "Allow it for this page in the settings of the browser, and for the browser in those of the system."
      case .cameraBusy:
        "\(end) sends no picture: another program uses the camera (NotReadableError). "
          + "Close that program and ask for the camera again."
      default: nil
      }
    }
  }

  static func insecurePage(_ history: History) -> String? {
    guard let moment = history.moments.first(where: { $0.milestone.kind == .mediaDevicesMissing }) else { return nil }
    return "\(moment.lane)'s page was loaded over http, and such a page gets neither camera nor microphone: "
      + "navigator.mediaDevices is undefined. Serve the page over https, or from localhost while developing."
  }

  /// Offer or answer did not arrive.
  static func silence(_ history: History) -> [String] {
    let unreachable = history.ends.filter { end in
      history.moments.contains { $0.lane == end && $0.milestone.kind == .signalingLost }
    }
    var sentences: [String] = []
    if history.has(.offerSent) {
      sentences.append(
        "\(history.has(.offerReceived) ? "The answer" : "The offer") did not arrive: "
          + "without signaling neither side knows the other's addresses, keys or codecs.")
    } else {
      sentences.append("No offer was made.")
    }
    guard !unreachable.isEmpty else { return sentences }
    let isBack = history.has(.signalingRestored)
    sentences.append(
      isBack
        ? "The signaling server crashed; it is back, but what was on its way or waited there was not sent again. "
          + "Let clients repeat what is not acknowledged, or let the server keep what waits."
        : "\(unreachable.joined(separator: " and ")) cannot reach the signaling server. "
          + "Start it, and look at its address, its certificate and the firewall before it.")
    return sentences
  }

  /// The answer rejects everything that was offered.
  static func rejection(_ history: History) -> [String]? {
    func description(_ title: String) -> (SessionDescription, sender: String)? {
      history.messages.first { $0.title == title && $0.isDelivered }
        .flatMap { message in message.description.map { ($0, message.sender) } }
    }
    guard let (offer, caller) = description("offer"), let (answer, callee) = description("answer"),
      answer.media.allSatisfy(\.isRejected)
    else { return nil }
    let offered = Set(offer.media.flatMap { $0.codecs.map(\.name) }).sorted()
    let index = history.ends.firstIndex(of: callee)
    let known =
      index.flatMap { history.scenario.session?.client(at: $0).codecs }
      ?? (Codecs.audio + Codecs.video).map(\.name)
    guard !known.contains(where: { offered.contains($0) }) else {
      return ["\(callee)'s answer rejects everything that \(caller) offers."]
    }
    return [
      "\(callee)'s answer rejects everything: \(caller) offers \(offered.joined(separator: ", ")), "
        + "\(callee) has \(known.sorted().joined(separator: ", ")), and no codec is in both.",
      "Let both have one in common: every browser has VP8 and H.264 for video, Opus and G.711 for sound (RFC 7742, RFC 7874).",
    ]
  }

  /// ICE found a way, and DTLS came to no end.
  static func handshake(_ history: History) -> [String] {
    guard let failed = history.moments.first(where: { $0.milestone.kind == .dtlsFailed }) else {
      return history.has(.dtlsConnected) ? [] : ["ICE found a way, but the DTLS handshake did not finish."]
    }
    guard failed.milestone.detail.contains("another fingerprint") else {
      return ["ICE found a way, but the DTLS handshake failed at \(failed.lane): \(failed.milestone.detail)."]
    }
    return [
      "ICE found a way, but \(failed.lane) breaks off the DTLS handshake: the certificate of the other end is not the one "
        + "whose fingerprint came by signaling.",
      "Somebody changed the description on its way, or another machine answered. Look for what stands between: a proxy or "
        + "a server that rewrites SDP; signaling must be protected from end to end (RFC 8826 §4.3.1).",
    ]
  }

  static func relayAdvice(_ history: History) -> [String] {
    guard history.lanes.contains(where: { $0.kind == .turn }) else {
      return ["There is no TURN server. One that both can reach would relay the media: `turn: true` in the scenario."]
    }
    let relayed = history.moments.last.map { moment in
      moment.ends.flatMap(\.connections).flatMap(\.localCandidates).contains { $0.kind == "relay" }
    }
    guard relayed != true else { return ["There are relayed candidates, but even they were not reached."] }
    return refusal(history) + ["There is a TURN server, but nobody got a relayed address from it."]
  }

  /// The TURN server refuses allocations.
  private static func refusal(_ history: History) -> [String] {
    let messages = history.messages.compactMap { message in
      message.title.hasPrefix("Allocate") ? try? STUNMessage(parsing: message.bytes.span) : nil
    }
    let authenticated = Set(
      messages.filter { $0.messageClass == .request && $0.messageIntegrity != nil }.map(\.transactionID))
    let answers = messages.filter { $0.messageClass != .request }
    guard !answers.contains(where: { $0.messageClass == .success }) else { return [] }
    // A 401 to a request without credentials is the server's way to ask for them (RFC 8489 §9.2.3).
    let refusals = answers.filter { $0.errorCode?.code != 401 || authenticated.contains($0.transactionID) }
    guard let error = refusals.last?.errorCode else { return [] }
    guard error.code == 401 else { return ["The TURN server refuses to relay: error \(error.code), \(error.reason)."] }
    return [
      "The TURN server refuses the user name or the password (error 401, after they were given). "
        + "Give clients the credentials that the server knows, and mind that those of a limited time may have run out."
    ]
  }

  /// What stands in the way, where the network tells it plainly.
  static func obstacles(_ history: History) -> [String] {
    let blocked = history.ends.filter { end in
      history.messages.contains { $0.sender == end && $0.dropped == DropReason.udpBlocked.sentence }
    }
    guard blocked.isEmpty else {
      return [
        "A firewall lets no UDP of \(blocked.joined(separator: " and ")) pass. Let UDP out, or offer a TURN server that is "
          + "reached over TCP or TLS at port 443."
      ]
    }
    guard history.whatIfs.isEmpty, let session = history.scenario.session,
      history.ends.indices.allSatisfy({ index in
        session.client(at: index).nat?.translators.contains { $0.mapping != .endpointIndependent } ?? false
      })
    else { return [] }
    return [
      "Both are behind symmetric NATs: each uses another port for every destination, so that the address which STUN found "
        + "is not the one the other end would have to send to."
    ]
  }
}

extension Milestone.Kind {
  fileprivate var isWithoutCamera: Bool { self == .cameraRefused || self == .cameraBusy }
}

extension SessionResult {
  /// Whether there is something that a diagnosis would explain: a connection that did not come up, or no camera.
  public var isInTrouble: Bool {
    let kinds: Set = [Milestone.Kind.cameraRefused, .cameraBusy, .mediaDevicesMissing]
    return connectionsEstablished < connectionsPlanned || milestones.contains { kinds.contains($0.kind) } || hasBroken
  }

  /// Whether a call of two, of which a diagnosis knows more than that, lost its connection before they hung up.
  private var hasBroken: Bool {
    topology == Mesh().name && participants == 2
      && milestones.contains { $0.kind == .consentExpired || $0.kind == .iceFailed }
  }

  /// Why this run of `scenario` was in trouble, from the same call written down; empty when it was not.
  ///
  /// What is not a call of two people cannot be written down, and gets a sentence that says how much failed.
  public func diagnosis(of scenario: Scenario, options: SessionRun.Options = .init()) -> [String] {
    guard isInTrouble else { return [] }
    var scenario = scenario
    if var session = scenario.session {
      // Both fidelities make the same call, and only one has every byte.
      session.fidelity = .auto
      scenario.kind = .session(session)
    }
    guard let run = try? HistoryRun(scenario, options: options) else {
      return [
        "\(connectionsPlanned - connectionsEstablished) of \(connectionsPlanned) connections did not come up; `rtcsim step` "
          + "explains calls of two people (topology mesh)."
      ]
    }
    return Diagnosis(run.record()).sentences
  }
}
