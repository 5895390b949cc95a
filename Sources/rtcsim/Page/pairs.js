// This module shows the candidates of an end and the pairs that ICE makes of them.

import { element, empty, facts, mono, ms } from "rtcsim/dom.js";
import { state } from "rtcsim/store.js";
import { candidateKinds } from "rtcsim/text.js";

export const connectivity = (connection) => [
  facts([["ICE role", connection.iceRole], ["gathering", connection.iceGatheringState], ["connection", connection.iceConnectionState]]),
  element("h4", {}, "Pairs"), pairs(connection.pairs ?? []),
  element("h4", {}, "Local candidates"), candidates(connection.localCandidates ?? [], "local"),
  element("h4", {}, "Remote candidates"), candidates(connection.remoteCandidates ?? [], "remote"),
  kinds([...(connection.localCandidates ?? []), ...(connection.remoteCandidates ?? [])]),
].filter(Boolean);

function pairs(list) {
  if (list.length === 0) return empty("No pairs yet.");
  return element("ul", { class: "pairs" }, list.map((pair) => element("li", { class: pair.isSelected ? "selected" : null },
    element("p", { class: "pair" },
      element("b", {}, pair.id), element("span", { class: `chip ${pair.state}` }, pair.state),
      pair.isNominated ? element("span", { class: "chip" }, "nominated") : null,
      pair.isSelected ? element("span", { class: "chip chosen" }, "selected") : null),
    element("p", { class: "mono" }, pair.local), element("p", { class: "mono" }, element("span", { class: "soft" }, "↔ "), pair.remote),
    element("p", { class: "soft small" }, counts(pair)))));
}

function counts(pair) {
  const media = `packets ${pair.packetsSent} sent, ${pair.packetsReceived} received`;
  const checks = `checks ${pair.requestsSent} sent, ${pair.responsesReceived} answered; ${pair.requestsReceived} received, ${pair.responsesSent} answered`;
  const roundTrip = Number.isFinite(pair.roundTripTimeMs) ? `round trip ${ms(pair.roundTripTimeMs)} ms` : null;
  return [roundTrip, checks, media, state.isEngineer ? `priority ${pair.priority}` : null].filter(Boolean).join("; ");
}

function candidates(list, side) {
  if (list.length === 0) return empty(`No ${side} candidates yet.`);
  const more = ({ relatedAddress, priority, foundation }) =>
    [relatedAddress && `related to ${relatedAddress}`, `priority ${priority}`, `foundation ${foundation}`].filter(Boolean).join(", ");
  return element("ul", { class: "candidates" }, list.map((one) => element("li", {},
    element("span", { class: "kind" }, one.kind), mono(one.address),
    state.isEngineer ? element("small", { class: "soft" }, more(one)) : null)));
}

/** What the kinds in view mean, for the first time. */
function kinds(list) {
  const shown = Object.keys(candidateKinds).filter((kind) => list.some((one) => one.kind === kind));
  if (state.isEngineer || shown.length === 0) return null;
  return element("dl", { class: "glossary" }, shown.map((kind) => [element("dt", {}, kind), element("dd", {}, candidateKinds[kind])]));
}
