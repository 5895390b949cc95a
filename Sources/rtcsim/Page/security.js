// This module shows what DTLS and SRTP have come to at an end.

import { element, empty, facts, mono } from "rtcsim/dom.js";

export function security({ dtls, dtlsState, srtp }) {
  return [
    element("h4", {}, "DTLS"),
    facts([
      ["state", dtlsState], ["role", role(dtls?.role)], ["last flight sent", dtls?.lastFlightSent],
      ["last flight received", dtls?.lastFlightReceived], ["flights repeated", dtls?.flightsRepeated],
      ["cipher suite", dtls?.cipherSuite && mono(dtls.cipherSuite)],
      ["own certificate", dtls?.localFingerprint && mono(dtls.localFingerprint)],
      ["other's certificate", dtls?.remoteFingerprint && mono(dtls.remoteFingerprint)],
    ]),
    element("h4", {}, "SRTP"),
    srtp ? facts([["profile", mono(srtp.profile)], ["key for sending", mono(srtp.sendKey)], ["key for receiving", mono(srtp.receiveKey)]])
      : empty("No keys yet: they come from the finished DTLS handshake."),
  ];
}

const role = (name) => ({ client: "client, begins the handshake", server: "server, waits for the ClientHello" }[name] ?? null);
