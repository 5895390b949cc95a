// This module shows the transceivers of an end and what they have sent and received, one column for each stream.

import { element, empty, mono, ms, table } from "rtcsim/dom.js";

export const media = ({ transceivers, outbound, inbound }) => [
  element("h4", {}, "Transceivers"),
  columns("Transceivers", transceivers, (one) => `${one.kind}, mid ${one.mid}`, [
    ["wanted", (one) => (one.isMuted ? `${one.direction}, muted` : one.direction)], ["agreed", (one) => one.currentDirection],
    ["SSRC sent", (one) => number(one.sendSSRC)], ["SSRC received", (one) => number(one.receiveSSRC)],
  ]),
  element("h4", {}, "Sent"),
  columns("Sent", outbound, (one) => one.kind, [
    ["packets", (one) => one.packetsSent], ["bytes", (one) => one.bytesSent], ["frames", (one) => one.framesSent],
    ["NACK received", (one) => one.nackCount], ["PLI received", (one) => one.pliCount], ["round trip, ms", (one) => ms(one.roundTripTimeMs)],
  ]),
  element("h4", {}, "Received"),
  columns("Received", inbound, (one) => one.kind, [
    ["packets", (one) => one.packetsReceived], ["bytes", (one) => one.bytesReceived], ["packets lost", (one) => one.packetsLost],
    ["jitter, ms", (one) => ms(one.jitterMs)], ["frames decoded", (one) => one.framesDecoded], ["freezes", (one) => one.freezeCount],
  ]),
];

const number = (ssrc) => (ssrc ? mono(ssrc) : null);

function columns(caption, streams, title, rows) {
  if (!streams?.length) return empty(caption === "Transceivers" ? "No transceivers yet." : `Nothing ${caption.toLowerCase()} yet.`);
  return table(caption, ["", ...streams.map((one) => element("span", { title: one.ssrc ? `SSRC ${one.ssrc}` : null }, title(one)))],
    rows.map(([name, value]) => [name, ...streams.map(value)]));
}
