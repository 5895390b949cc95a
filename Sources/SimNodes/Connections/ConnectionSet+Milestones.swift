import RTCPrimitives
import RTCSession
import RTCTransport
import RTCWire
import SimKernel

/// What is worth telling of what a connection does by itself.
extension ConnectionSet {
  /// Notes milestones; says whether a flight with a signature is to leave.
  func note(_ event: MediaTransport.Event, of connection: Connection, at now: Instant) -> Bool {
    let peer = connection.peer
    switch event {
    case .ice(let event): note(event, of: connection)
    case .dtls(.sent(let flight, let isRetransmission)):
      log.note(isRetransmission ? .flightRepeated : .flightSent, "\(flight)", from: port, to: peer)
      return !isRetransmission && flight.holdsCertificate
    case .dtls(.connected(let keys)):
      log.note(.fingerprintVerified, "the certificate is the one that \(peer)'s description names", from: port)
      log.note(.dtlsConnected, "with \(peer), \(keys.profile)", from: port)
    case .dtls(.failed(let reason)):
      log.note(.dtlsFailed, "\(reason), with \(peer)", from: port)
    case .dtls(.closed): log.note(.dtlsClosed, "by \(peer)", from: port)
    case .ready(let profile):
      connection.readyAt = now
      log.note(.keysExported, "SRTP with \(peer): \(profile)", from: port)
      log.note(.connected, "with \(peer)", from: port)
    }
    return false
  }

  private func note(_ event: ICEAgent.Event, of connection: Connection) {
    let peer = connection.peer
    switch event {
    case .stateChanged(let state): log.note(Milestone.Kind(state), "with \(peer)", from: port)
    case .selectedPair(let pair): log.note(.pairSelected, "\(pair.local) – \(pair.remote)", from: port)
    case .candidateGathered(let candidate): log.note(.candidateGathered, "\(candidate)", from: port)
    case .gatheringCompleted: log.note(.gatheringCompleted, "for \(peer)", from: port)
    case .checkSent(let check):
      log.note(
        check.isNominating ? .nominatingCheckSent : .checkSent, "\(check.way)\(check.repetition)", from: port, to: peer,
        transaction: check.transactionID)
    case .checkReceived(let check):
      log.note(
        .checkReceived, "\(check.remote) → \(check.local)\(check.isNominating ? ", nominating" : "")", from: port)
    case .checkSucceeded(let check, let time):
      log.note(.checkSucceeded, "\(check.way), RTT \(time.milliseconds) ms", from: port)
    case .consentRequested(let check):
      log.note(.consentRequested, check.way, from: port, to: peer, transaction: check.transactionID)
    case .consentConfirmed(let check, let time):
      log.note(.consentConfirmed, "\(check.way), RTT \(time.milliseconds) ms", from: port)
    case .pairStateChanged(let id, .failed):
      guard let pair = connection.core.transport.ice.pairs.first(where: { $0.id == id }) else { break }
      log.note(.checkFailed, "\(pair.local) – \(pair.remote)", from: port)
    case .roleChanged(let role): log.note(.roleChanged, "now \(role.rawValue)", from: port)
    case .consentExpired: log.note(.consentExpired, "with \(peer)", from: port)
    case .relayFailed(let server, let relayProtocol, let error):
      log.note(
        .relayFailed, "\(server) over \(relayProtocol.rawValue.uppercased()) for \(peer): \(error)", from: port,
        relayFailure: Milestone.RelayFailure(error, over: relayProtocol))
    case .pairFormed, .pairStateChanged, .handshakeReceived, .relayConnectionUnused: break
    }
  }

  /// Notes that the SCTP association is there, before what its channels tell.
  func noteAssociation(of connection: Connection) {
    guard !connection.hasNotedAssociation, connection.core.sctpState == .connected else { return }
    connection.hasNotedAssociation = true
    log.note(.sctpEstablished, "with \(connection.peer), in DTLS", from: port)
  }

  /// Notes the first RTCP each way, which the transport only counts.
  func noteReports(of connection: Connection) {
    let transport = (connection.core.transport.hasSentRTCP, connection.core.transport.hasReceivedRTCP)
    if transport.0, !connection.hasNotedReports.sent {
      connection.hasNotedReports.sent = true
      log.note(.firstRTCPSent, "feedback or a report", from: port, to: connection.peer)
    }
    if transport.1, !connection.hasNotedReports.received {
      connection.hasNotedReports.received = true
      log.note(.firstRTCPReceived, "from \(connection.peer)", from: port)
    }
  }
}

extension ICEAgent.Check {
  fileprivate var way: String { "\(local) → \(remote)" }

  fileprivate var repetition: String { transmission > 1 ? ", transmission \(transmission)" : "" }
}
