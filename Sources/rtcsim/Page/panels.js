// The panels beside the ladder, one at a time, each with both ends.

import { $, element } from "rtcsim/dom.js";
import * as source from "rtcsim/source.js";
import { call, listen, setPanel, state } from "rtcsim/state.js";
import { fail } from "rtcsim/page.js";
import { states } from "rtcsim/states.js";
import { descriptions } from "rtcsim/sdp.js";
import { connectivity, media, security } from "rtcsim/ends.js";
import { whatIf } from "rtcsim/whatif.js";
import { difference } from "rtcsim/difference.js";
import { charts } from "rtcsim/charts.js";
import { about } from "rtcsim/about.js";

/** `both` panels are drawn for each end at each moment; the others once for the whole page. */
const panels = [
  { name: "states", title: "States", both: states }, { name: "sdp", title: "SDP", both: descriptions },
  { name: "pairs", title: "ICE", both: connectivity }, { name: "keys", title: "Keys", both: security },
  { name: "media", title: "Media", both: media }, { name: "charts", title: "Charts", whole: charts },
  { name: "about", title: "Call", whole: about }, { name: "whatif", title: "What if", whole: whatIf },
  { name: "difference", title: "Difference", whole: difference },
];

let request = 0;

export function start() {
  $("tabs").append(...panels.map((panel, index) => element("button", {
    type: "button", role: "tab", id: `tab-${panel.name}`, "aria-selected": "false", title: `Key ${index + 1}`,
    onclick: () => setPanel(panel.name),
  }, panel.title)));
  listen((what) => { if (what !== "depth") show(); });
}

/** Shows a panel; `focuses` moves the keyboard's focus into it. */
export function select(name, focuses = false) {
  setPanel(name);
  if (focuses) $("panel").querySelector("button, select, input")?.focus();
}

export const shortcut = (key) => {
  const panel = panels[Number(key) - 1];
  return panel && (() => select(panel.name));
};

async function show() {
  const history = call();
  if (!history) return;
  for (const panel of panels) {
    const tab = $(`tab-${panel.name}`);
    tab.setAttribute("aria-selected", panel.name === state.panel);
    if (panel.name === state.panel && tab.parentNode.scrollWidth > tab.parentNode.clientWidth) {
      tab.parentNode.scrollTo({ left: tab.offsetLeft - 60 });
    }
    if (panel.name === "difference") tab.hidden = !history.difference;
    if (panel.name === "whatif") tab.hidden = source.isExported;
  }
  const panel = panels.find((one) => one.name === state.panel && !$(`tab-${one.name}`).hidden) ?? panels[0];
  $("panel").dataset.panel = panel.name;
  if (panel.whole) return $("panel").replaceChildren(...[panel.whole(history)].flat());
  // Only the answer to the last question is shown.
  const mine = ++request;
  try {
    const detail = await source.moment(history, state.position);
    const ends = await Promise.all(detail.ends.map((end, index) => draw(panel, history, end, index)));
    if (mine === request) $("panel").replaceChildren(element("div", { class: "ends" }, ends));
  } catch (error) {
    fail(error);
  }
  return undefined;
}

async function draw(panel, history, end, index) {
  const connection = end.connections.at(-1);
  const content = connection
    ? await panel.both(connection, { history, end, index })
    : element("p", { class: "empty" }, "No RTCPeerConnection yet.");
  return element("section", { class: "end" },
    element("h3", {}, end.node, element("small", {}, ` camera ${end.camera}${end.inRoom ? ", in the room" : ""}`)), content);
}
