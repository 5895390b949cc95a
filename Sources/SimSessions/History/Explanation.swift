import SimNodes

/// Why something happens, at two depths.
public struct Explanation: Hashable, Sendable {
  /// For somebody who sees it for the first time: one sentence.
  public let first: String
  /// For an engineer: one sentence with the rule behind it.
  public let engineer: String

  init(_ first: String, _ engineer: String) {
    self.first = first
    self.engineer = engineer
  }
}

extension Milestone.Kind {
  /// What a reader is told about it.
  public var explanation: Explanation {
    switch phase {
    case .start, .end, .fault: edgeExplanation
    case .signaling: signalingExplanation
    case .ice: connectivityExplanation
    case .dtls, .media: mediaExplanation
    }
  }

  private var edgeExplanation: Explanation {
    switch self {
    case .call:
      Explanation(
        "Somebody wants to talk: from here on, time counts.",
        "The application begins; nothing of WebRTC exists yet.")
    case .getUserMedia:
      Explanation(
        "The application asks for camera and microphone, and the person allows it.",
        "getUserMedia() resolves with a MediaStream of one track per kind; a prompt of the browser may come before.")
    case .cameraRefused:
      Explanation(
        "The person does not allow the camera, so only sound will be sent.",
        "getUserMedia() rejects with NotAllowedError; the application asks again for sound only and offers video recvonly."
      )
    case .cameraBusy:
      Explanation(
        "Another program is using the camera, so only sound will be sent.",
        "getUserMedia() rejects with NotReadableError; the application asks again for sound only and offers video recvonly."
      )
    case .mediaDevicesMissing:
      Explanation(
        "The browser gives this page neither camera nor microphone, because the page was not loaded over HTTPS.",
        "navigator.mediaDevices exists in secure contexts only; elsewhere it is undefined, and asking it is a TypeError."
      )
    case .joining:
      Explanation(
        "The application connects to the signaling server, through which the two will arrange their call.",
        "A WebSocket needs three round trips before its first message: TCP, TLS 1.3 and the HTTP upgrade; polling by "
          + "HTTP needs two, an MQTT broker four.")
    case .joined:
      Explanation(
        "The server says who is there already; whoever comes later makes the offer.",
        "WebRTC leaves signaling to the application; this one has rooms, and the later arrival offers.")
    case .signalingLost:
      Explanation(
        "The signaling server cannot be reached any more. A call that stands goes on without it; a new one has to wait.",
        "The connection was reset or refused; the client tries again every second, and media does not pass this server."
      )
    case .signalingRestored:
      Explanation(
        "The signaling server is there again, and messages go on.",
        "The client has connected and joined its room again; what was not acknowledged is sent once more.")
    case .dtlsClosed:
      Explanation(
        "The other side has said goodbye on the secure channel.",
        "A close_notify alert arrived: the DTLS transport is closed, and no media is accepted any more.")
    case .iceClosed:
      Explanation(
        "The path between the two is given up.",
        "RTCPeerConnection.close() ends the ICE agent; relayed addresses are given back with a lifetime of 0.")
    case .hangUp:
      Explanation(
        "The person ends the call.",
        "RTCP goodbye for every source, DTLS close_notify, then the transport closes.")
    case .peerLeft:
      Explanation(
        "The signaling server tells that the other one has left the room.",
        "Signaling notices what the media path may miss when a goodbye is lost.")
    case .datagramDropped:
      Explanation(
        "A datagram did not arrive. UDP tells nobody; whoever waits for an answer has to notice and to ask again.",
        "STUN checks are repeated after their RTO, DTLS flights by the handshake's timer, RTP when a NACK asks for it.")
    case .natRestarted:
      Explanation(
        "The NAT has forgotten its mappings: what comes from outside finds nobody until somebody inside sends again.",
        "A NAT whose mapping is endpoint-independent and whose ports are preserved gives the same port again; any other "
          + "gives a new one, which the peer learns from the next check as a peer-reflexive candidate.")
    case .whatIf:
      Explanation(
        "Here the call was changed on purpose; compare what follows with the original.",
        "The run was repeated from its seed up to this moment, so that everything before is the same, byte for byte.")
    default: preconditionFailure("it has another phase")
    }
  }

  private var signalingExplanation: Explanation {
    switch self {
    case .connectionCreated:
      Explanation(
        "An RTCPeerConnection is made: the object that will find a way, agree on keys and carry sound and pictures.",
        "It starts in signaling state stable with no transceivers; its DTLS certificate exists, its ICE agent is idle.")
    case .trackAdded:
      Explanation(
        "Sound or pictures are attached to the connection, to be sent once it stands.",
        "addTrack() makes a transceiver of direction sendrecv, which becomes one m-line of the offer.")
    case .trackRemoved:
      Explanation(
        "The camera is taken off the call. Pictures of the other side still come.",
        "removeTrack() leaves the transceiver with direction recvonly, which an offer has to tell; its m-line stays.")
    case .transceiverStopped:
      Explanation(
        "Pictures are given up in both directions.",
        "transceiver.stop(): the next offer rejects its m-line with port 0, which a new transceiver may use again later."
      )
    case .createOffer:
      Explanation(
        "A text is written that says what this side can send and receive: the offer.",
        "createOffer() lists one m-line per transceiver, codecs, ICE credentials and the certificate's fingerprint; "
          + "nothing changes until it is set.")
    case .createAnswer:
      Explanation(
        "The other side writes what it accepts of the offer: the answer.",
        "createAnswer() keeps the order of the m-lines, picks codecs both have, and turns setup:actpass into active.")
    case .setLocalOffer, .setLocalAnswer:
      Explanation(
        "This side commits to the text that it wrote, and begins to look for its own addresses.",
        "setLocalDescription() moves the signaling state and starts gathering candidates.")
    case .setRemoteOffer, .setRemoteAnswer:
      Explanation(
        "This side takes note of what the other one wrote.",
        "setRemoteDescription() parses the SDP, makes transceivers for new m-lines, and hands ICE and DTLS what they need."
      )
    case .signalingStable:
      Explanation(
        "Both sides agree for now: no offer is open.",
        "Signaling state stable: an answer made the pending descriptions the current ones, or a rollback dropped them.")
    case .signalingHaveLocalOffer:
      Explanation(
        "This side has offered and waits for an answer.",
        "Signaling state have-local-offer; pendingLocalDescription is set, another answer would be an error.")
    case .signalingHaveRemoteOffer:
      Explanation(
        "This side has an offer that it has not answered yet.",
        "Signaling state have-remote-offer; pendingRemoteDescription is set until the answer is.")
    case .signalingHaveLocalPranswer, .signalingHaveRemotePranswer:
      Explanation(
        "There is an answer for the time being; the final one will follow.",
        "A provisional answer lets transports start; it leaves the offer pending.")
    case .signalingClosed:
      Explanation(
        "The connection is closed and cannot be used again.",
        "Signaling state closed is final; a new call needs a new RTCPeerConnection.")
    case .rolledBack:
      Explanation(
        "Both offered at the same time. This side gives way: it takes its own offer back and answers the other one.",
        "Glare: the polite peer sets the remote offer in have-local-offer, which rolls the local one back to stable "
          + "first; negotiationneeded fires again for its own change.")
    case .offerIgnored:
      Explanation(
        "Both offered at the same time. This side keeps to its own offer, and the other one gives way.",
        "Glare: the impolite peer drops an offer that arrives while its own is open, and errors of its candidates.")
    case .negotiationFailed:
      Explanation(
        "Offer and answer do not fit together.",
        "The promise rejects; the state stays what it was, and the detail says what was wrong.")
    case .malformedDescription:
      Explanation(
        "A text arrived that cannot be understood.",
        "The SDP parser refused the description; nothing was applied.")
    case .offerSent:
      Explanation(
        "The offer goes to the other side through the signaling server, as ordinary text.",
        "WebRTC does not say how descriptions travel; here it is one message of the signaling profile, by default "
          + "over a WebSocket.")
    case .offerReceived:
      Explanation(
        "The offer is there: the call rings.",
        "Until the answer is set nothing flows, though candidates may arrive already.")
    case .answerSent:
      Explanation(
        "The answer goes back the same way.",
        "From here the answerer may receive checks, and as setup:active it will send the ClientHello.")
    case .answerReceived:
      Explanation(
        "The answer is there: both know what the other wants.",
        "Setting it returns the offerer to stable and lets its ICE agent check pairs.")
    case .ontrack:
      Explanation(
        "The application learns that sound or pictures of the other side will come.",
        "ontrack fires when a remote description announces a sending m-line, before any packet has arrived.")
    default: preconditionFailure("it has another phase")
    }
  }

  private var connectivityExplanation: Explanation {
    switch self {
    case .candidateGathered:
      Explanation(
        "An address at which this side may be reached was found: host is its own, srflx what a STUN server saw, relay one "
          + "at a TURN server.",
        "Candidate priorities prefer host (126) over srflx (100) over relay (0).")
    case .candidateSent:
      Explanation(
        "The address is told to the other side at once, while others are still being looked for.",
        "Trickle ICE: each candidate is signaled as soon as it is gathered.")
    case .candidateReceived:
      Explanation(
        "An address of the other side is known; every own address is paired with it.",
        "addIceCandidate() forms pairs with all local candidates; equal base and remote are pruned.")
    case .gatheringCompleted:
      Explanation(
        "The search for own addresses is over.", "iceGatheringState complete: every server has answered or timed out.")
    case .endOfCandidatesSent, .endOfCandidatesReceived:
      Explanation(
        "There will be no further addresses.",
        "end-of-candidates lets the peer fail when all pairs have, and complete after nomination.")
    case .checkSent:
      Explanation(
        "A small question is sent along one possible way: can you hear me?",
        "A STUN Binding request with USERNAME, PRIORITY, the role's tie-breaker, MESSAGE-INTEGRITY and FINGERPRINT, "
          + "from the pair's base; it also opens this side's NAT.")
    case .nominatingCheckSent:
      Explanation(
        "The side that decides chooses this way for the call.",
        "The controlling agent repeats the check with USE-CANDIDATE (regular nomination).")
    case .checkReceived:
      Explanation(
        "The other side's question came through, so this way works at least in one direction.",
        "An authenticated check triggers one in the other direction; an unknown source makes a prflx candidate.")
    case .checkSucceeded:
      Explanation(
        "The question was answered: this way works in both directions.",
        "A success response from where the request went; the pair becomes valid, and its round trip is known.")
    case .checkFailed:
      Explanation(
        "Nobody answered along this way, so it is given up.",
        "All retransmissions timed out, or the response came from somewhere else; the pair's state is failed.")
    case .roleChanged:
      Explanation(
        "Both sides thought that they decide; one of them gives in.",
        "A 487 role conflict is repaired by tie-breaker.")
    case .pairSelected:
      Explanation(
        "This is the way that sound and pictures take from now on.",
        "The nominated pair is selected; data may have used the best valid pair before.")
    case .consentRequested:
      Explanation(
        "Every few seconds each side asks the other whether it still wants to hear from it.",
        "A Binding request on the selected pair, every 4 to 6 s and never repeated; without an answer for 30 s nothing may be sent."
      )
    case .consentConfirmed:
      Explanation(
        "The other side answers: go on.",
        "An authenticated response extends consent by 30 s and gives currentRoundTripTime.")
    case .consentExpired:
      Explanation(
        "The other side has not confirmed for 30 seconds that it still wants to hear from us, so nothing is sent any more.",
        "Consent freshness: checks every 4 to 6 s, expiry 30 s after the last success.")
    case .relayFailed:
      Explanation(
        "A TURN server was asked for an address that it would relay, and there is none.",
        "An Allocate request was refused or never answered, or the allocation ended; the other candidates go on.")
    case .networkChanged:
      Explanation(
        "The device is in another network now; its old addresses are gone, and with them the way of the call.",
        "The host candidates' sockets are lost and others take their place; only an ICE restart tells the peer.")
    case .iceRestarted:
      Explanation(
        "A new way is looked for, while the old one stays in use.",
        "New ufrag and password make a new generation; DTLS and SRTP go on unchanged.")
    case .iceNew: Explanation("The search has not begun.", "ICE connection state new.")
    case .iceChecking:
      Explanation(
        "The search for a way begins: all pairs of addresses are tried, the best first.",
        "ICE connection state checking: credentials and at least one pair are there.")
    case .iceConnected:
      Explanation(
        "At least one way works.",
        "ICE connection state connected: a valid pair exists; DTLS may start before nomination.")
    case .iceCompleted:
      Explanation(
        "The way is chosen and no other is looked for.",
        "ICE connection state completed: nominated, gathering complete and end-of-candidates heard.")
    case .iceDisconnected:
      Explanation(
        "The way seems to be broken; it may come back.",
        "Consent checks go unanswered; the state returns to connected when one is answered.")
    case .iceFailed:
      Explanation(
        "No way works. The call cannot go on without a new attempt.",
        "All pairs failed, or consent expired; only an ICE restart leads out of this state.")
    default: preconditionFailure("it has another phase")
    }
  }

  private var mediaExplanation: Explanation {
    switch self {
    case .flightSent:
      Explanation(
        "A step of the handshake that agrees on secret keys.",
        "DTLS sends flights of messages; certificates are self-signed and count by their fingerprint only.")
    case .flightRepeated:
      Explanation(
        "No answer came in time, so the same messages are sent again.",
        "The timer is twice the round trip that ICE measured, at least 50 ms, as libwebrtc has it (RFC 6347 §4.2.4.1 "
          + "recommends 1 s), and doubles with each repetition.")
    case .fingerprintVerified:
      Explanation(
        "The certificate is the one that the description announced: this is the right partner.",
        "The hash of the certificate equals a=fingerprint; trust is as good as the signaling channel.")
    case .dtlsConnected:
      Explanation(
        "The secret channel stands.",
        "Both Finished messages were verified; use_srtp has chosen the protection profile.")
    case .dtlsFailed:
      Explanation(
        "The handshake failed: no keys, no call.",
        "An alert, a fingerprint that is not the announced one, or no answer.")
    case .keysExported:
      Explanation(
        "The keys for sound and pictures are taken from the handshake; nobody on the way knows them.",
        "The exporter EXTRACTOR-dtls_srtp gives two master keys and salts, one for each direction.")
    case .connected:
      Explanation(
        "The connection stands: sound and pictures may flow.",
        "connectionState connected: ICE and DTLS are.")
    case .firstRTPSent:
      Explanation(
        "The first piece of sound or picture leaves.",
        "An RTP packet with its own SSRC, encrypted as SRTP; its header stays readable.")
    case .firstRTPReceived:
      Explanation(
        "The first piece of the other side's sound or picture is here.",
        "SRTP authentication passed; the SSRC was announced, so that the packet finds its transceiver.")
    case .firstRTCPSent:
      Explanation(
        "A first message about the media goes to the other side: a report, or the wish for a key frame.",
        "RTCP, encrypted as SRTCP: feedback (PLI, NACK) at once, sender and receiver reports about once a second.")
    case .firstRTCPReceived:
      Explanation(
        "The other side tells what it needs, or what arrives of our media.",
        "Feedback asks for packets or key frames; report blocks carry loss and jitter, LSR and DLSR the round trip.")
    case .firstFrameDecoded:
      Explanation(
        "The first picture of the other side can be seen.",
        "All packets of a key frame arrived and were assembled; the jitter buffer released it to the decoder.")
    case .sctpEstablished:
      Explanation(
        "Inside the secret channel a second one stands, for anything but sound and pictures.",
        "SCTP's handshake (INIT, INIT ACK, COOKIE ECHO, COOKIE ACK) is over; both ends began it, and the two met.")
    case .dataChannelOpen:
      Explanation(
        "A data channel can be written to: chat, files, the moves of a game.",
        "Who opens it says so with DATA_CHANNEL_OPEN and may send at once; the other end answers DATA_CHANNEL_ACK.")
    case .firstDataSent:
      Explanation(
        "The first message on a data channel leaves.",
        "A DATA chunk of SCTP, encrypted as application data of DTLS; its PPID says whether it is text or bytes.")
    case .firstDataReceived:
      Explanation(
        "The first message of the other side is here.",
        "All fragments of a message arrived, and on an ordered channel all messages before it.")
    case .muted:
      Explanation(
        "The microphone is off: silence is sent, so that the connection stays as it is.",
        "track.enabled = false sends digital silence; Opus makes three bytes of it.")
    case .onHold:
      Explanation(
        "The call is put on hold by a new offer.",
        "Directions become inactive with the next offer and answer; transport and SSRCs stay.")
    default: preconditionFailure("it has another phase")
    }
  }
}
