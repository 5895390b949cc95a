// This module shows one panel at a time; some are drawn for both ends at each moment, others once for a call.

import { $, element, empty, replaceChildren } from "rtcsim/dom.js";
import * as source from "rtcsim/source.js";
import { call, listen, moment, setPanel, state } from "rtcsim/store.js";
import { introductions } from "rtcsim/text.js";
import { states } from "rtcsim/states.js";
import { descriptions, relevant } from "rtcsim/sdp.js";
import { connectivity } from "rtcsim/pairs.js";
import { security } from "rtcsim/security.js";
import { media } from "rtcsim/media.js";
import { charts } from "rtcsim/charts.js";
import { whatIf } from "rtcsim/whatif.js";
import { comparison } from "rtcsim/compare.js";

/** `ends` draws one connection of one end; `whole` draws a call. `relevant` tells what of an end the panel depends on. */
const panels = [
  { name: "ladder", title: "Ladder", key: "0" },
  { name: "states", title: "States", key: "1", ends: states },
  { name: "sdp", title: "SDP", key: "2", ends: descriptions, relevant },
  { name: "pairs", title: "ICE", key: "3", ends: connectivity },
  { name: "keys", title: "Security", key: "4", ends: security },
  { name: "media", title: "Media", key: "5", ends: media },
  { name: "charts", title: "Charts", key: "6", whole: charts },
  { name: "whatif", title: "What if", key: "7", whole: whatIf, id: "what-if" },
  { name: "difference", title: "Compare", key: "8", whole: comparison, id: "difference" },
];

const isOffered = ({ name }) => (name === "whatif" ? !source.isExported : name === "difference" ? Boolean(call()?.fork) : true);

/** Where the ladder is a panel like the others. */
const isNarrow = matchMedia("(max-width: 899px)");

let shownEnd = null;

export function start() {
  $("tabs").append(...panels.map(({ name, title, key }) => element("button", {
    type: "button", role: "tab", id: `tab-${name}`, hidden: true, "aria-controls": `panel-${name}`, title: `${title} (${key})`, onclick: () => select(name),
  }, title)));
  $("panels").append(...panels.map(({ name }) => element("section", {
    class: "panel", id: `panel-${name}`, role: "tabpanel", "aria-labelledby": `tab-${name}`, tabindex: -1, hidden: true,
  })));
  isNarrow.addEventListener("change", refresh);
  listen(refresh);
}

/** Shows a panel; with `takesFocus` its first control is ready to be used. */
export function select(name, takesFocus = false) {
  const panel = panels.find((one) => one.name === name);
  if (!panel || !isOffered(panel)) return;
  if (name !== "ladder" || isNarrow.matches) setPanel(name);
  $(`tab-${name}`).scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!takesFocus) return;
  const box = name === "ladder" ? $("ladder") : $(`panel-${name}`);
  (box.querySelector("button:not([hidden])") ?? box).focus();
}

/** What a number key does. */
export function shortcut(key) {
  const panel = panels.find((one) => one.key === key);
  return panel && isOffered(panel) ? () => select(panel.name, panel.name === "ladder") : null;
}

async function refresh() {
  if (!call()) return;
  const isShowable = (one) => isOffered(one) && (one.name !== "ladder" || isNarrow.matches);
  const chosen = panels.find((one) => one.name === state.panel && isShowable(one)) ?? panels[1];
  document.body.dataset.view = chosen.name === "ladder" ? "ladder" : "panel";
  for (const panel of panels) {
    const [tab, box] = [$(`tab-${panel.name}`), $(`panel-${panel.name}`)];
    tab.hidden = !isOffered(panel);
    tab.setAttribute("aria-selected", panel === chosen);
    box.hidden = panel !== chosen;
  }
  try {
    if (chosen.whole) showWhole(chosen);
    if (chosen.ends) await showEnds(chosen);
  } catch (error) {
    const box = $(`panel-${chosen.name}`);
    delete box.dataset.picture;
    box.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message));
  }
}

function showWhole({ name, whole, id }) {
  const section = whole(call());
  if (id) section.id = id;
  const box = $(`panel-${name}`);
  if (box.firstElementChild !== section) box.replaceChildren(section);
}

async function showEnds(panel) {
  const [history, position, now] = [call(), state.position, moment()];
  if (!now) return $(`panel-${panel.name}`).replaceChildren(empty("There is no moment to show."));
  const isStill = () => call() === history && state.position === position && !$(`panel-${panel.name}`).hidden;
  const [detail, before] = await Promise.all([
    source.momentDetail(history, position),
    position > 0 ? source.momentDetail(history, position - 1) : null,
  ]);
  if (!isStill()) return undefined;
  if (!detail.ends.some((end) => end.node === shownEnd)) shownEnd = detail.ends[0]?.node ?? null;
  const box = $(`panel-${panel.name}`);
  const picture = JSON.stringify([history.id, state.isEngineer, shownEnd,
    detail.ends.map((end) => (panel.relevant ? panel.relevant(end) : [end, before]))]);
  if (box.dataset.picture === picture) return undefined;
  const columns = await Promise.all(detail.ends.map(async (end, index) =>
    column(end, await bodies(panel, { history, end, index, before: before?.ends[index] }))));
  if (!isStill()) return undefined;
  box.dataset.picture = picture;
  const introduction = state.isEngineer ? null : element("p", { class: "introduction" }, introductions[panel.name]);
  replaceChildren(box, [introduction, endChoice(detail.ends), element("div", { class: "ends" }, columns)]);
  return undefined;
}

const bodies = (panel, context) => Promise.all(context.end.connections.map((connection, place) =>
  panel.ends(connection, { ...context, before: context.before?.connections[place] })));

function column(end, connections) {
  const facts = [end.camera === "not asked" ? "camera not asked for" : `camera ${end.camera}`, end.inRoom ? "in the room" : "not in the room"];
  return element("section", { class: `end${end.node === shownEnd ? " shown" : ""}`, "data-node": end.node, "aria-label": end.node },
    element("h3", {}, end.node, " ", element("small", {}, facts.join(", "))),
    connections.length > 0 ? connections : empty("No RTCPeerConnection yet."));
}

/** Where there is room for one end only, the one to show. */
function endChoice(ends) {
  return element("div", { class: "end-choice", role: "group", "aria-label": "End" }, ends.map(({ node }) => element("button", {
    type: "button", "aria-pressed": node === shownEnd, "data-keep": `end-${node}`, onclick: () => {
      shownEnd = node;
      refresh();
    },
  }, node)));
}
