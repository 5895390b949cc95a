// This module holds the page's own explanations: what the panels show, and what each state means.

export const protocols = {
  signaling: "Signaling", stun: "STUN", turn: "TURN", tcp: "TCP", dtls: "DTLS", rtp: "RTP", rtcp: "RTCP",
};

export const phases = {
  start: "Start", signaling: "Signaling", ice: "ICE", dtls: "DTLS", media: "Media", end: "End", fault: "Fault",
};

/** Shown above a panel to somebody who sees it for the first time. */
export const introductions = {
  states: "Each end keeps several state machines. The filled box is the present state; a line shows a transition that is possible.",
  sdp: "A session description says what an end can send and receive, and how it can be reached. One end offers, the other answers.",
  pairs: "ICE collects addresses at which an end may be reached (candidates) and tries them in pairs until packets pass both ways.",
  keys: "DTLS proves that the other end owns the certificate named in its description. SRTP then encrypts the media with keys taken from DTLS.",
  media: "Transceivers send and receive one kind of media each. The counters grow as RTP packets leave and arrive.",
  charts: "The whole call over time. The vertical line is the present moment.",
};

export const meanings = {
  signalingState: {
    stable: "No offer is open.", "have-local-offer": "This end has offered and waits for the answer.",
    "have-remote-offer": "The other end has offered; this end is to answer.",
    "have-local-pranswer": "This end has given a provisional answer.",
    "have-remote-pranswer": "The other end has given a provisional answer.", closed: "The connection is closed.",
  },
  iceConnectionState: {
    new: "No check has been made.", checking: "Pairs of candidates are being tried.",
    connected: "A pair works; others may still be tried.", completed: "One pair is selected, and the search is over.",
    disconnected: "Checks go unanswered; the path may recover.", failed: "No pair works.", closed: "ICE has ended.",
  },
  iceGatheringState: {
    new: "No candidates have been sought.", gathering: "Candidates are being sought.",
    complete: "All candidates of this end are known.",
  },
  dtlsState: {
    new: "The handshake has not begun.", connecting: "The handshake is under way.",
    connected: "The handshake is done, and the certificate is verified.", closed: "DTLS was closed.",
    failed: "The handshake failed.",
  },
  connectionState: {
    new: "Neither ICE nor DTLS has begun.", connecting: "ICE or DTLS is under way.",
    connected: "ICE and DTLS both stand: media can flow.", disconnected: "The path is lost for now.",
    failed: "ICE or DTLS failed.", closed: "The connection is closed.",
  },
};

export const candidateKinds = {
  host: "the address of the network interface itself",
  srflx: "server reflexive: how a STUN server sees this end from outside the NAT",
  prflx: "peer reflexive: learnt from a check that came from a new address",
  relay: "an address at the TURN server, which forwards what arrives there",
};

export const keys = [
  ["→  ←", "next moment, previous moment"], ["Home  End", "first moment, last moment"], ["Space", "play or pause"],
  ["/", "until: go to the next moment with a word"], ["d", "decode the message of this moment"],
  ["[  ]", "previous and next message, while one is decoded"], ["w", "what if: change something at this moment"],
  ["t", "explanations for the first time, or for an engineer"],
  ["1 – 8", "States, SDP, ICE, Security, Media, Charts, What if, Compare"], ["0", "the ladder"],
  ["↑  ↓", "lines of a description, fields of a message"], ["Esc", "close what is open"], ["?", "this list"],
];
