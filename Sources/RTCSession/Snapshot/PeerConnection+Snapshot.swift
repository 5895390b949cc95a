public import RTCPrimitives
import RTCTransport
import RTCWire

extension PeerConnection {
  /// What can be seen of the connection now.
  ///
  /// - Parameter peer: how the other end is called.
  public func snapshot(of peer: String, at now: Instant) -> ConnectionSnapshot {
    let ice = ICEConnectionState(transport.ice.state)
    let dtls = DTLSTransportState(transport.dtlsState)
    let isClosed = signaling.state == .closed
    let agreed = transport.keys
    return ConnectionSnapshot(
      peer: peer, signalingState: signaling.state.rawValue, iceGatheringState: gatheringState.rawValue,
      iceConnectionState: ice.rawValue, dtlsState: dtls.rawValue,
      connectionState: (isClosed ? .closed : PeerConnectionState(ice: ice, dtls: [dtls])).rawValue,
      iceRole: transport.ice.role.rawValue,
      currentLocal: current(signaling.currentLocal, of: .local),
      pendingLocal: pending(signaling.pendingLocal, of: .local),
      currentRemote: current(signaling.currentRemote, of: .remote),
      pendingRemote: pending(signaling.pendingRemote, of: .remote),
      localCandidates: transport.ice.localCandidates.map(CandidateSnapshot.init),
      remoteCandidates: transport.ice.remoteCandidates.map(CandidateSnapshot.init), pairs: pairSnapshots,
      dtls: DTLSSnapshot(
        role: transport.localDTLSRole.map { $0 == .client ? "client" : "server" },
        lastFlightSent: transport.lastFlightSent?.description,
        lastFlightReceived: transport.lastFlightReceived?.description, flightsRepeated: transport.flightsRepeated,
        localFingerprint: configuration.transport.identity.fingerprint.description,
        remoteFingerprint: transport.remoteFingerprints?.first?.description, cipherSuite: transport.cipherSuite),
      srtp: agreed.map {
        SRTPSnapshot(
          profile: $0.profile.description, sendKey: $0.local.fingerprint, receiveKey: $0.remote.fingerprint)
      },
      transceivers: transceivers.map { TransceiverSnapshot($0, isNegotiated: signaling.currentLocal != nil) },
      outbound: transceivers.flatMap { $0.senders.map { OutboundSnapshot($0.statistics) } },
      inbound: transceivers.flatMap { $0.receivers.compactMap { $0.map { InboundSnapshot($0.statistics(at: now)) } } },
      sctp: sctpSnapshot, dataChannels: dataChannelSnapshots, congestion: control?.snapshot)
  }

  private var gatheringState: ICEGatheringState {
    if transport.ice.isGatheringCompleted { return .complete }
    return hasStarted ? .gathering : .new
  }

  private func current(_ description: SessionDescription?, of side: SignalingSide) -> DescriptionSnapshot? {
    description.map {
      DescriptionSnapshot(type: signaling.currentOfferer == side ? "offer" : "answer", description: $0)
    }
  }

  /// What is pending is an offer, unless an answer of the same side is provisional.
  private func pending(_ description: SessionDescription?, of side: SignalingSide) -> DescriptionSnapshot? {
    let isProvisional =
      switch signaling.state {
      case .haveLocalPranswer: side == .local
      case .haveRemotePranswer: side == .remote
      case .stable, .haveLocalOffer, .haveRemoteOffer, .closed: false
      }
    return description.map { DescriptionSnapshot(type: isProvisional ? "pranswer" : "offer", description: $0) }
  }

  private var pairSnapshots: [PairSnapshot] {
    let selected = transport.ice.selectedPair?.id
    let role = transport.ice.role
    return transport.ice.pairs.map { pair in
      PairSnapshot(
        id: pair.id.description, local: pair.local.description, remote: pair.remote.description,
        state: pair.state.rawValue, isNominated: pair.isNominated, isSelected: pair.id == selected,
        priority: String(pair.priority(role: role)),
        roundTripTimeMs: pair.statistics.currentRoundTripTime?.milliseconds,
        requestsSent: pair.statistics.requestsSent, requestsReceived: pair.statistics.requestsReceived,
        responsesSent: pair.statistics.responsesSent, responsesReceived: pair.statistics.responsesReceived,
        packetsSent: pair.statistics.packetsSent, packetsReceived: pair.statistics.packetsReceived)
    }
  }
}

extension ICEConnectionState {
  fileprivate init(_ state: ICEAgent.State) {
    self =
      switch state {
      case .new: .new
      case .checking: .checking
      case .connected: .connected
      case .completed: .completed
      case .disconnected: .disconnected
      case .failed: .failed
      case .closed: .closed
      }
  }
}

extension DTLSTransportState {
  fileprivate init(_ state: DTLSTransport.State) {
    self =
      switch state {
      case .new: .new
      case .connecting: .connecting
      case .connected: .connected
      case .closed: .closed
      case .failed: .failed
      }
  }
}

extension CandidateSnapshot {
  fileprivate init(_ candidate: Candidate) {
    self.init(
      kind: candidate.kind.rawValue, address: candidate.address.description,
      relatedAddress: candidate.relatedAddress?.description, priority: candidate.priority,
      foundation: candidate.foundation)
  }
}

extension TransceiverSnapshot {
  fileprivate init(_ transceiver: Transceiver, isNegotiated: Bool) {
    self.init(
      mid: transceiver.media.mid, kind: transceiver.kind.rawValue, direction: transceiver.media.direction.rawValue,
      currentDirection: isNegotiated ? transceiver.direction.rawValue : nil,
      sendSSRC: transceiver.sender?.parameters.ssrc, receiveSSRC: transceiver.receiver?.parameters.ssrc)
  }
}

extension OutboundSnapshot {
  fileprivate init(_ stream: OutboundStreamStatistics) {
    let isVideo = stream.kind == .video
    self.init(
      kind: stream.kind.rawValue, ssrc: stream.ssrc, packetsSent: stream.packetsSent, bytesSent: stream.bytesSent,
      framesSent: isVideo ? stream.framesSent : nil, nackCount: stream.nackCount,
      pliCount: isVideo ? stream.pliCount : nil,
      roundTripTimeMs: stream.roundTripTime?.milliseconds)
  }
}

extension InboundSnapshot {
  fileprivate init(_ stream: InboundStreamStatistics) {
    let isVideo = stream.kind == .video
    self.init(
      kind: stream.kind.rawValue, ssrc: stream.ssrc, packetsReceived: stream.packetsReceived,
      bytesReceived: stream.bytesReceived, packetsLost: stream.packetsLost, jitterMs: stream.jitter.milliseconds,
      framesDecoded: isVideo ? stream.framesDecoded : nil, freezeCount: isVideo ? stream.freezeCount : nil)
  }
}
