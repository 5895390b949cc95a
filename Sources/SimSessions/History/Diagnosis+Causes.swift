import RTCMedia
import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimNetwork
import SimNodes

/// What went wrong, where, and what would mend it; one function for each cause.
extension Diagnosis {
  /// Who sends no picture, although a camera is wanted.
  static func cameras(_ evidence: Evidence) -> [String] {
    evidence.clients.compactMap { client in
      if evidence.has(.cameraRefused, at: client) {
        "\(client) sends no picture: the person, or the system, does not allow the camera (NotAllowedError). "
          + "Allow it for this page in the settings of the browser, and for the browser in those of the system."
      } else if evidence.has(.cameraBusy, at: client) {
        "\(client) sends no picture: another program uses the camera (NotReadableError). "
          + "Close that program and ask for the camera again."
      } else {
        nil
      }
    }
  }

  /// Who may not even ask for a camera.
  static func insecurePages(_ evidence: Evidence) -> [String] {
    evidence.clients.filter { evidence.has(.mediaDevicesMissing, at: $0) }.map { client in
      "\(client)'s page was loaded over http, and such a page gets neither camera nor microphone: "
        + "navigator.mediaDevices is undefined. Serve the page over https, or from localhost while developing."
    }
  }

  /// The clients that lost the signaling server, or never reached it.
  static func unreachable(_ evidence: Evidence) -> [String] {
    evidence.clients.filter { evidence.has(.signalingLost, at: $0) }
  }

  /// What the signaling server does or does not, where clients lost it.
  static func outage(_ evidence: Evidence) -> [String] {
    let clients = unreachable(evidence)
    guard !clients.isEmpty else { return [] }
    guard evidence.has(.signalingRestored) else {
      return [
        "\(clients.listed) cannot reach the signaling server. "
          + "Start it, and look at its address, its certificate and the firewall before it."
      ]
    }
    return [
      "The signaling server crashed; it is back, but what was on its way or waited there was not sent again. "
        + "Let clients repeat what is not acknowledged, or let the server keep what waits."
    ]
  }

  /// A message that waits at the server because its receiver asks too seldom.
  static func polling(_ evidence: Evidence, sent: Instant, to receiver: String) -> [String] {
    guard let wait = evidence.session?.signaling.longestWait, evidence.clients.contains(receiver),
      sent + wait > evidence.end
    else { return [] }
    return [
      "It waits at the signaling server, which \(receiver) asks only every \(wait.quantity). "
        + "Ask more often, or let the server hold the request until there is a message: `longPoll: true` in the scenario."
    ]
  }

  /// What an end cannot accept of the other's offer, or that it has nothing in common with it.
  static func noCommonCodec(offered: [String], by caller: String, known: [String], at callee: String) -> [String] {
    guard !known.contains(where: { offered.contains($0) }) else {
      return ["\(callee)'s answer rejects everything that \(caller) offers."]
    }
    return [
      "\(callee)'s answer rejects everything: \(caller) offers \(offered.sorted().joined(separator: ", ")), "
        + "\(callee) has \(known.sorted().joined(separator: ", ")), and no codec is in both.",
      "Let both have one in common: every browser has VP8 and H.264 for video, Opus and G.711 for sound (RFC 7742, RFC 7874).",
    ]
  }

  /// The codecs that a client has by its scenario.
  static func codecs(of client: String, _ evidence: Evidence) -> [String] {
    evidence.profile(of: client)?.codecs ?? (Codecs.audio + Codecs.video).map(\.name)
  }

  /// ICE found a way, and DTLS came to no end.
  ///
  /// - Parameter failed: the milestone of its failure, if it failed.
  static func handshake(_ failed: Milestone?) -> [String] {
    guard let failed else { return ["ICE found a way, but the DTLS handshake did not finish."] }
    guard isForeignCertificate(failed) else {
      return ["ICE found a way, but the DTLS handshake failed at \(failed.node): \(failed.detail)."]
    }
    return [
      "ICE found a way, but \(failed.node) breaks off the DTLS handshake: the certificate of the other end is not the one "
        + "whose fingerprint came by signaling.",
      "Somebody changed the description on its way, or another machine answered. Look for what stands between: a proxy or "
        + "a server that rewrites SDP; signaling must be protected from end to end (RFC 8826 §4.3.1).",
    ]
  }

  static func isForeignCertificate(_ failed: Milestone) -> Bool { failed.detail.contains("another fingerprint") }

  /// What stands in the way of `ends`, where the network tells it plainly.
  static func obstacles(_ evidence: Evidence, between ends: [String]) -> [String] {
    let blocked = ends.filter { evidence.blocked.contains($0) }
    guard blocked.isEmpty else {
      return [
        "A firewall lets no UDP of \(blocked.listed) pass. Let UDP out, or offer a TURN server that is "
          + "reached over TCP or TLS at port 443."
      ]
    }
    guard evidence.isAsPlanned,
      ends.allSatisfy({ end in
        evidence.profile(of: end)?.nat?.translators.contains { $0.mapping != .endpointIndependent } ?? false
      })
    else { return [] }
    return [
      "Both are behind symmetric NATs: each uses another port for every destination, so that the address which STUN found "
        + "is not the one the other end would have to send to."
    ]
  }

  /// What a TURN server would do for `ends`, or why the one that there is does not.
  static func relayAdvice(_ evidence: Evidence, for ends: [String]) -> [String] {
    let blocked = ends.filter { evidence.blocked.contains($0) }
    guard evidence.hasTURN else {
      return [
        blocked.isEmpty
          ? "There is no TURN server. One that both can reach would relay the media: `turn: true` in the scenario."
          : "There is no TURN server. One that is reached over TLS at port 443 would relay the media: "
            + "\(overTLS) in the scenario."
      ]
    }
    let without = ends.filter { !evidence.relayed.contains($0) }
    guard !without.isEmpty else { return ["There are relayed candidates, but even they were not reached."] }
    var sentences = refusals(evidence, of: without)
    let transports = evidence.session?.turn?.transports ?? []
    let shutOff = without.filter { blocked.contains($0) }
    if !shutOff.isEmpty, !transports.contains(.tls) {
      let names = transports.map { $0.rawValue.uppercased() }.listed
      sentences.append(
        "The firewall does not let \(shutOff.listed) reach the TURN server over \(names). Offer it over TLS at port 443 as "
          + "well: \(overTLS) in the scenario.")
    }
    let nobody = without.count == ends.count && ends.count > 1
    return sentences + [
      "There is a TURN server, but \(nobody ? "nobody got a" : "\(without.listed) got no") relayed address from it."
    ]
  }

  private static let overTLS = #"`turn: { transports: ["udp", "tls"] }`"#

  /// Why TURN servers lend nothing to these clients, each reason once.
  private static func refusals(_ evidence: Evidence, of clients: [String]) -> [String] {
    var sentences: [String] = []
    for milestone in evidence.milestones where milestone.kind == .relayFailed && clients.contains(milestone.node) {
      guard let failure = milestone.relayFailure else { continue }
      // Said of the firewall already.
      if failure.error == .timeout, evidence.blocked.contains(milestone.node) { continue }
      let sentence = refusal(failure, of: milestone.node)
      if !sentences.contains(sentence) { sentences.append(sentence) }
    }
    return sentences
  }

  /// Why a TURN server lends nothing, and what would change that.
  static func refusal(_ failure: Milestone.RelayFailure, of client: String) -> String {
    let way = failure.relayProtocol.rawValue.uppercased()
    switch failure.error {
    case .rejected(let error):
      switch error.code {
      case 401:
        return "The TURN server refuses the user name or the password (error 401, after they were given). "
          + "Give clients the credentials that the server knows, and mind that those of a limited time may have run out."
      case 486:
        return "The TURN server lends \(client) nothing more, because its user has as many addresses as he may "
          + "(error 486). Give each client a user name of its own, or raise the quota."
      case 508:
        return "The TURN server has no address or port left to lend (error 508). Give it more, or add a second server."
      default: return "The TURN server refuses to relay: error \(error.code), \(error.reason)."
      }
    case .timeout:
      return "\(client) gets no answer from the TURN server over \(way). See that it runs, and that nothing in between "
        + "drops what is sent to it."
    case .connectionLost:
      return
        "\(client)'s connection to the TURN server over \(way) could not be made, or it broke. See that the server "
        + "runs, and look at its port, its certificate and the firewall before it."
    case .tryAlternate, .incompleteResponse, .unknownAttributes, .noAllocation, .noChannelLeft:
      return "\(client) got no relayed address over \(way): \(failure.error)."
    }
  }
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

  /// Why this run of `scenario` was in trouble; empty when it was not.
  ///
  /// A call of two people is written down to look at every datagram; of others the milestones and the scenario tell.
  public func diagnosis(of scenario: Scenario, options: SessionRun.Options = .init()) -> [String] {
    guard isInTrouble, var session = scenario.session else { return [] }
    var scenario = scenario
    // Both fidelities make the same call, and only one has every byte.
    session.fidelity = .auto
    scenario.kind = .session(session)
    guard let run = try? HistoryRun(scenario, options: options) else {
      return Diagnosis.sentences(of: self, session)
    }
    return Diagnosis(run.record()).sentences
  }
}
