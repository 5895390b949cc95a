// This module shows the transceivers and data channels of an end and what they have sent and received, one column for each.

import { element, empty, facts, mono, ms, table } from "rtcsim/dom.js";

export const media = ({ transceivers, outbound, inbound, sctp, dataChannels }) => [
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
  ...(dataChannels?.length || sctp ? data(sctp, dataChannels) : []),
];

const data = (sctp, channels) => [
  element("h4", {}, "Data"),
  sctp ? facts([["SCTP", sctp.state], ["largest message, bytes", sctp.maxMessageSize], ["streams", sctp.maxChannels]])
    : empty("Data channels are not agreed on yet."),
  columns("Data channels", channels, (one) => one.label, [
    ["state", (one) => one.state], ["id", (one) => one.id], ["order", (one) => (one.isOrdered ? "ordered" : "unordered")],
    ["sent again", repetition], ["bytes buffered", (one) => one.bufferedAmount],
    ["messages sent", (one) => one.messagesSent], ["bytes sent", (one) => one.bytesSent],
    ["messages received", (one) => one.messagesReceived], ["bytes received", (one) => one.bytesReceived],
  ]),
];

const repetition = ({ maxRetransmits, maxPacketLifeTimeMs }) => (Number.isInteger(maxRetransmits) ? `at most ${maxRetransmits}×`
  : Number.isFinite(maxPacketLifeTimeMs) ? `for ${ms(maxPacketLifeTimeMs)} ms` : "until it arrives");

const number = (ssrc) => (ssrc ? mono(ssrc) : null);

function columns(caption, streams, title, rows) {
  if (!streams?.length) return empty(/^(Sent|Received)$/.test(caption) ? `Nothing ${caption.toLowerCase()} yet.` : `No ${caption.toLowerCase()}${caption === "Transceivers" ? " yet" : ""}.`);
  return table(caption, ["", ...streams.map((one) => element("span", { title: one.ssrc ? `SSRC ${one.ssrc}` : null }, title(one)))],
    rows.map(([name, value]) => [name, ...streams.map(value)]));
}
