// Facts of one end: candidates and pairs, keys, streams.

import { element, ms, table } from "rtcsim/dom.js";

const mono = (text) => element("span", { class: "mono" }, text);

export function connectivity(connection) {
  const candidates = (list) => table(["Kind", "Address", "Related"], list.map((one) => [
    one.kind, mono(one.address), one.relatedAddress ? mono(one.relatedAddress) : "",
  ]));
  return [
    element("p", { class: "facts" }, `${connection.iceConnectionState}, ${connection.iceRole}, gathering ${connection.iceGatheringState}`),
    element("h4", {}, "Pairs"),
    connection.pairs.length === 0 ? element("p", { class: "empty" }, "No pairs yet.")
      : table(["Pair: local, remote", "State"], connection.pairs.map((pair) => [
        element("span", { title: `${pair.id}, priority ${pair.priority}` }, mono(pair.local), element("br"), mono(pair.remote)),
        element("span", {},
          element("span", { class: `badge ${pair.isSelected ? "selected" : pair.state}` },
            pair.isSelected ? "selected" : pair.isNominated ? "nominated" : pair.state),
          element("br"), element("small", {}, `checks ${pair.requestsSent} sent, ${pair.requestsReceived} heard`),
          pair.roundTripTimeMs === undefined || pair.roundTripTimeMs === null ? null
            : element("small", {}, element("br"), `round trip ${ms(pair.roundTripTimeMs)} ms`)),
      ])),
    element("h4", {}, "Own candidates"), candidates(connection.localCandidates),
    element("h4", {}, "Remote candidates"), candidates(connection.remoteCandidates),
  ];
}

export function security(connection) {
  const { dtls, srtp } = connection;
  const facts = [
    ["DTLS", connection.dtlsState], ["Role", dtls.role ?? "not known yet"],
    ["Last flight sent", dtls.lastFlightSent ?? "–"], ["Last flight received", dtls.lastFlightReceived ?? "–"],
    ["Flights repeated", dtls.flightsRepeated], ["Own fingerprint", mono(dtls.localFingerprint)],
    ["Announced by the other", dtls.remoteFingerprint ? mono(dtls.remoteFingerprint) : "–"],
    ["Cipher suite", dtls.cipherSuite ?? "–"], ["SRTP profile", srtp?.profile ?? "no keys yet"],
    ["Key to send, hashed", srtp ? mono(srtp.sendKey) : "–"], ["Key to receive, hashed", srtp ? mono(srtp.receiveKey) : "–"],
  ];
  return element("dl", { class: "pairs" }, facts.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

export function media(connection) {
  return [
    element("h4", {}, "Transceivers"),
    table(["mid", "Kind", "Wants", "Negotiated"], connection.transceivers.map((one) => [
      one.mid ?? "–", one.isMuted ? `${one.kind}, muted` : one.kind, one.direction, one.currentDirection ?? "–",
    ])),
    element("h4", {}, "Sent"),
    table(["Kind", "Packets", "Bytes", "Frames", "RTT ms"], connection.outbound.map((one) => [
      one.kind, one.packetsSent, one.bytesSent, one.framesSent, ms(one.roundTripTimeMs),
    ])),
    element("h4", {}, "Received"),
    table(["Kind", "Packets", "Lost", "Jitter ms", "Decoded"], connection.inbound.map((one) => [
      one.kind, one.packetsReceived, one.packetsLost, one.jitterMs.toFixed(2), one.framesDecoded,
    ])),
  ];
}
