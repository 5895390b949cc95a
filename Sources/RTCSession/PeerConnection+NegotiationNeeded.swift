import RTCPrimitives
import RTCTransport
import RTCWire

/// Whether the two ends have to negotiate again.
///
/// - SeeAlso: W3C webrtc-pc "check if negotiation is needed", "update the negotiation-needed flag"
extension PeerConnection {
  /// Emits `negotiationNeeded` once when something changed that an offer has to tell.
  ///
  /// The W3C does this in a task of its own, so that several changes count as one: call it after the last of them.
  /// While an exchange is under way it does nothing; when that ends the connection does it by itself.
  public mutating func updateNegotiationNeeded(into output: inout Output<Event>) {
    guard signaling.state == .stable else { return }
    guard requiresNegotiation else {
      isNegotiationNeeded = false
      return
    }
    guard !isNegotiationNeeded else { return }
    isNegotiationNeeded = true
    output.emit(.negotiationNeeded)
  }

  /// Lets the next offer restart ICE, unless the peer does so first.
  ///
  /// - SeeAlso: W3C webrtc-pc `restartIce()`
  public mutating func restartICE() {
    let descriptions = [signaling.currentLocal, signaling.pendingLocal].compactMap { $0 }
    credentialsToReplace = descriptions.flatMap(\.iceCredentials)
  }

  /// What follows from a description once it is applied.
  mutating func finishChange(into output: inout Output<Event>) {
    guard signaling.state == .stable else { return }
    let inUse = signaling.currentLocal?.iceCredentials ?? []
    if !credentialsToReplace.contains(where: { inUse.contains($0) }) { credentialsToReplace = [] }
    isNegotiationNeeded = false
    updateNegotiationNeeded(into: &output)
  }

  private var requiresNegotiation: Bool {
    guard credentialsToReplace.isEmpty, !offersData || isDataInUse else { return true }
    let sections = signaling.currentLocal?.media ?? []
    let indices = Dictionary(
      sections.enumerated().compactMap { index, section in section.attributes.mid.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    return transceivers.contains { transceiver in
      requiresNegotiation(of: transceiver, inSection: transceiver.media.mid.flatMap { indices[$0] })
    }
  }

  /// - Parameter index: where the current descriptions have it.
  private func requiresNegotiation(of transceiver: Transceiver, inSection index: Int?) -> Bool {
    let media = transceiver.media
    guard !transceiver.isStopped else { return false }
    guard !media.isStopped else { return true }
    guard let index, let local = signaling.currentLocal, let remote = signaling.currentRemote,
      remote.media.indices.contains(index)
    else { return true }
    let section = local.media[index]
    let ours = local.direction(of: section)
    // An answer that does not send names no stream.
    if media.direction.sends, ours.sends, section.attributes.msids.map(\.stream) != media.streamIDs { return true }
    let theirs = remote.direction(of: remote.media[index]).reversed
    switch signaling.currentOfferer {
    case .local: return media.direction != ours && media.direction != theirs
    case .remote: return ours != media.direction.intersection(theirs)
    case nil: return true
    }
  }
}
