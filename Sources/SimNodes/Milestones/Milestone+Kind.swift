import RTCSession
import RTCTransport

extension Milestone {
  /// What can happen in a call; the raw value is what is shown.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    // Before anything is said.
    case call
    case getUserMedia
    case cameraRefused = "camera refused"
    case cameraBusy = "camera busy"
    case mediaDevicesMissing = "no media devices"
    case joining
    case joined
    case signalingLost = "signaling lost"
    case signalingRestored = "signaling restored"
    // Offer and answer.
    case connectionCreated = "RTCPeerConnection created"
    case trackAdded = "track added"
    case trackRemoved = "track removed"
    case transceiverStopped = "transceiver stopped"
    case createOffer
    case createAnswer
    case setLocalOffer = "setLocalDescription(offer)"
    case setRemoteOffer = "setRemoteDescription(offer)"
    case setLocalAnswer = "setLocalDescription(answer)"
    case setRemoteAnswer = "setRemoteDescription(answer)"
    case signalingStable = "signaling stable"
    case signalingHaveLocalOffer = "signaling have-local-offer"
    case signalingHaveRemoteOffer = "signaling have-remote-offer"
    case signalingHaveLocalPranswer = "signaling have-local-pranswer"
    case signalingHaveRemotePranswer = "signaling have-remote-pranswer"
    case signalingClosed = "signaling closed"
    case rolledBack = "offer rolled back"
    case offerIgnored = "offer ignored"
    case negotiationFailed = "negotiation failed"
    case malformedDescription = "malformed description"
    case offerSent = "offer sent"
    case offerReceived = "offer received"
    case answerSent = "answer sent"
    case answerReceived = "answer received"
    case ontrack
    // Connectivity.
    case candidateGathered = "candidate gathered"
    case candidateSent = "candidate sent"
    case candidateReceived = "candidate received"
    case gatheringCompleted = "ICE gathering complete"
    case endOfCandidatesSent = "end of candidates sent"
    case endOfCandidatesReceived = "end of candidates received"
    case checkSent = "check sent"
    case nominatingCheckSent = "nominating check sent"
    case checkReceived = "check received"
    case checkSucceeded = "check succeeded"
    case checkFailed = "check failed"
    case roleChanged = "ICE role changed"
    case pairSelected = "pair selected"
    case consentRequested = "consent asked for"
    case consentConfirmed = "consent confirmed"
    case consentExpired = "consent expired"
    case relayFailed = "relay failed"
    case networkChanged = "network changed"
    case iceRestarted = "ICE restarted"
    case iceNew = "ICE new"
    case iceChecking = "ICE checking"
    case iceConnected = "ICE connected"
    case iceCompleted = "ICE completed"
    case iceDisconnected = "ICE disconnected"
    case iceFailed = "ICE failed"
    case iceClosed = "ICE closed"
    // Keys.
    case flightSent = "DTLS flight sent"
    case flightRepeated = "DTLS flight repeated"
    case fingerprintVerified = "fingerprint verified"
    case dtlsConnected = "DTLS connected"
    case dtlsFailed = "DTLS failed"
    case dtlsClosed = "DTLS closed"
    case keysExported = "keys exported"
    case connected
    // Media.
    case firstRTPSent = "first RTP sent"
    case firstRTPReceived = "first RTP received"
    case firstRTCPSent = "first RTCP sent"
    case firstRTCPReceived = "first RTCP received"
    case firstFrameDecoded = "first frame decoded"
    case sctpEstablished = "SCTP established"
    case dataChannelOpen = "data channel open"
    case firstDataSent = "first data message sent"
    case firstDataReceived = "first data message received"
    case muted
    case onHold = "on hold"
    // The end.
    case hangUp = "hang up"
    case peerLeft = "peer left"
    // What the network and somebody outside did.
    case datagramDropped = "datagram dropped"
    case natRestarted = "NAT restarted"
    case whatIf = "what if"
  }

  /// A part of a call.
  public enum Phase: String, Hashable, Sendable, CaseIterable, Codable {
    case start, signaling, ice, dtls, media, end, fault
  }
}

extension Milestone.Kind {
  init(_ state: SignalingState) {
    self =
      switch state {
      case .stable: .signalingStable
      case .haveLocalOffer: .signalingHaveLocalOffer
      case .haveRemoteOffer: .signalingHaveRemoteOffer
      case .haveLocalPranswer: .signalingHaveLocalPranswer
      case .haveRemotePranswer: .signalingHaveRemotePranswer
      case .closed: .signalingClosed
      }
  }

  init(_ state: ICEAgent.State) {
    self =
      switch state {
      case .new: .iceNew
      case .checking: .iceChecking
      case .connected: .iceConnected
      case .completed: .iceCompleted
      case .disconnected: .iceDisconnected
      case .failed: .iceFailed
      case .closed: .iceClosed
      }
  }

  /// Whether it is told only where every candidate, check and datagram of the handshake is.
  public var isDetail: Bool {
    switch self {
    case .candidateGathered, .candidateSent, .candidateReceived, .gatheringCompleted, .endOfCandidatesSent,
      .endOfCandidatesReceived, .checkSent, .nominatingCheckSent, .checkReceived, .checkSucceeded, .checkFailed,
      .connectionCreated, .trackAdded, .ontrack, .offerReceived, .answerReceived, .fingerprintVerified,
      .firstRTCPSent, .firstRTCPReceived, .peerLeft, .call, .consentRequested, .consentConfirmed:
      true
    default: false
    }
  }

  public var phase: Milestone.Phase {
    switch self {
    case .call, .getUserMedia, .cameraRefused, .cameraBusy, .mediaDevicesMissing, .joining, .joined, .signalingLost,
      .signalingRestored:
      .start
    case .connectionCreated, .trackAdded, .trackRemoved, .transceiverStopped, .createOffer, .createAnswer,
      .setLocalOffer, .setRemoteOffer, .setLocalAnswer,
      .setRemoteAnswer, .signalingStable, .signalingHaveLocalOffer, .signalingHaveRemoteOffer,
      .signalingHaveLocalPranswer, .signalingHaveRemotePranswer, .signalingClosed, .rolledBack,
      .offerIgnored, .negotiationFailed,
      .malformedDescription, .offerSent, .offerReceived, .answerSent, .answerReceived, .ontrack:
      .signaling
    case .candidateGathered, .candidateSent, .candidateReceived, .gatheringCompleted, .endOfCandidatesSent,
      .endOfCandidatesReceived, .checkSent, .nominatingCheckSent, .checkReceived, .checkSucceeded, .checkFailed,
      .roleChanged, .pairSelected, .consentRequested, .consentConfirmed, .consentExpired, .relayFailed,
      .networkChanged, .iceRestarted, .iceNew,
      .iceChecking, .iceConnected,
      .iceCompleted, .iceDisconnected, .iceFailed:
      .ice
    case .flightSent, .flightRepeated, .fingerprintVerified, .dtlsConnected, .dtlsFailed, .keysExported: .dtls
    case .connected, .firstRTPSent, .firstRTPReceived, .firstRTCPSent, .firstRTCPReceived, .firstFrameDecoded,
      .sctpEstablished, .dataChannelOpen, .firstDataSent, .firstDataReceived, .muted, .onHold:
      .media
    case .dtlsClosed, .iceClosed, .hangUp, .peerLeft: .end
    case .datagramDropped, .natRestarted, .whatIf: .fault
    }
  }

  /// The section that describes it; empty for what no document describes.
  public var rfc: String {
    switch self {
    case .call, .joined: "RFC 8825 §3"
    case .mediaDevicesMissing: "W3C mediacapture-streams §9.1"
    case .getUserMedia, .cameraRefused, .cameraBusy: "W3C mediacapture-streams §10.2"
    case .joining: "RFC 6455 §4"
    case .signalingLost, .signalingRestored: "RFC 9293 §3.5.3"
    case .connectionCreated: "RFC 9429 §4.1.1"
    case .trackAdded: "RFC 9429 §4.1.2"
    case .trackRemoved: "RFC 9429 §4.1.3"
    case .transceiverStopped: "RFC 9429 §4.2.1"
    case .createOffer: "RFC 9429 §5.2"
    case .createAnswer, .negotiationFailed: "RFC 9429 §5.3"
    case .rolledBack: "RFC 9429 §4.1.10.2"
    case .offerIgnored: "W3C webrtc-pc §10.7"
    case .setLocalOffer, .setLocalAnswer: "RFC 9429 §5.9"
    case .setRemoteOffer, .setRemoteAnswer: "RFC 9429 §5.10"
    case .signalingStable, .signalingHaveLocalOffer, .signalingHaveRemoteOffer, .signalingHaveLocalPranswer,
      .signalingHaveRemotePranswer, .signalingClosed:
      "RFC 9429 §3.2"
    case .malformedDescription: "RFC 8866 §5"
    case .offerSent, .offerReceived, .answerSent, .answerReceived: "RFC 9429 §3.1"
    case .ontrack: "W3C webrtc-pc §5.7"
    case .candidateGathered, .gatheringCompleted: "RFC 8445 §5.1.1"
    case .candidateSent: "RFC 8838 §9"
    case .candidateReceived: "RFC 8838 §11"
    case .endOfCandidatesSent: "RFC 8838 §13"
    case .endOfCandidatesReceived: "RFC 8838 §14"
    case .checkSent, .nominatingCheckSent: "RFC 8445 §7.2.4"
    case .checkReceived: "RFC 8445 §7.3"
    case .checkSucceeded: "RFC 8445 §7.2.5.3"
    case .checkFailed: "RFC 8445 §7.2.5.2"
    case .roleChanged: "RFC 8445 §7.3.1.1"
    case .pairSelected: "RFC 8445 §8.1.1"
    case .consentRequested, .consentConfirmed, .consentExpired: "RFC 7675 §5.1"
    case .relayFailed: "RFC 8656 §7.4"
    case .networkChanged, .iceRestarted: "RFC 8445 §9"
    case .iceNew, .iceChecking, .iceConnected, .iceCompleted, .iceDisconnected, .iceFailed, .iceClosed:
      "W3C webrtc-pc §4.3.4"
    case .flightSent, .flightRepeated: "RFC 6347 §4.2.4"
    case .fingerprintVerified, .dtlsConnected: "RFC 5763 §5"
    case .dtlsFailed: "RFC 5763 §5"
    case .dtlsClosed: "RFC 5246 §7.2.1"
    case .keysExported: "RFC 5764 §4.2"
    case .connected: "W3C webrtc-pc §4.3.3"
    case .firstRTPSent, .firstRTPReceived: "RFC 3550 §5.1"
    case .firstRTCPSent, .firstRTCPReceived: "RFC 3550 §6"
    case .firstFrameDecoded: "RFC 7741 §4.5"
    case .sctpEstablished: "RFC 9260 §5.1"
    case .dataChannelOpen: "RFC 8832 §6"
    case .firstDataSent, .firstDataReceived: "RFC 8831 §6.6"
    case .muted: "W3C mediacapture-streams §4.3"
    case .onHold: "RFC 3264 §8.4"
    case .hangUp: "RFC 3550 §6.6"
    case .peerLeft, .datagramDropped, .natRestarted, .whatIf: ""
    }
  }
}
