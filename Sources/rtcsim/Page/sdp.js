// This module shows the session descriptions of an end, each line with its meaning, and what changed since the one before.

import { element, empty, replaceChildren } from "rtcsim/dom.js";
import { compare } from "rtcsim/differ.js";
import * as source from "rtcsim/source.js";
import { state } from "rtcsim/store.js";

const slots = [
  ["pendingLocal", "pending local"], ["currentLocal", "current local"],
  ["pendingRemote", "pending remote"], ["currentRemote", "current remote"],
];

/** What was chosen last for each end, and the ends that show differences. */
const chosen = new Map();
const differing = new Set();

/** The panel stays as it is while an end's descriptions are the same. */
export const relevant = (end) => [end.node, end.connections.map((connection) => [connection.peer, ...slots.map(([name]) => connection[name])])];

export async function descriptions(connection, { history, end }) {
  const filled = slots.filter(([name]) => connection[name]);
  if (filled.length === 0) return empty("No session description yet.");
  const box = element("div", { class: "descriptions" });
  const redraw = async () => replaceChildren(box, await draw({ connection, history, node: end.node, filled, redraw }));
  await redraw();
  return box;
}

async function draw({ connection, history, node, filled, redraw }) {
  const [name] = filled.find(([slot]) => slot === chosen.get(node)) ?? filled[0];
  const description = connection[name];
  const { lines } = await source.text(history, description.text);
  const showsDifference = differing.has(node);
  const before = showsDifference ? await previous(history, node, name, description) : null;
  return [
    element("div", { class: "choices" },
      element("select", {
        "aria-label": `Description of ${node}`, "data-keep": `sdp-${node}`, onchange: (event) => {
          chosen.set(node, event.target.value);
          redraw();
        },
      }, filled.map(([slot, title]) => element("option", { value: slot, selected: slot === name }, `${title} ${connection[slot].type}`))),
      element("button", {
        type: "button", "aria-pressed": showsDifference, "data-keep": `difference-${node}`, title: "Difference to the previous description of this side and kind",
        onclick: () => {
          if (!differing.delete(node)) differing.add(node);
          redraw();
        },
      }, "Difference")),
    !showsDifference ? null : element("p", { class: "soft small" }, before ? `Compared with the ${before.type} that this side had before.`
      : "This side had no description before."),
    ...explained(before ? compare(before.lines, lines) : lines),
  ].filter(Boolean);
}

/** Lines as a list in which arrow keys move, and the meaning of the one pointed at, focused or tapped. */
export function explained(lines) {
  const hint = "Point at a line, tap it or move to it with ↑ ↓ to see what it means.";
  const meaning = element("p", { class: "meaning", "aria-live": "polite" }, hint);
  const list = element("ul", { class: "sdp", "aria-label": "Session description" }, lines.map((line, index) => {
    const kind = { "+": "added", "−": "removed" }[line.mark] ?? "";
    const section = line.text.startsWith("m=") ? "section" : "";
    return element("li", { tabindex: index === 0 ? 0 : -1, class: `${kind} ${section}`.trim() || null },
      line.mark ? element("span", { class: "mark", "aria-label": kind || null }, line.mark) : null,
      element("span", {}, line.text));
  }));
  const items = [...list.children];
  const explain = (index) => {
    items.forEach((item, place) => {
      item.classList.toggle("explained", place === index);
      item.tabIndex = place === index ? 0 : -1;
    });
    meaning.textContent = lines[index].meaning || "This line has no meaning of its own here.";
  };
  const find = (event) => items.indexOf(event.target.closest("li"));
  for (const kind of ["mouseover", "focusin", "click"]) {
    list.addEventListener(kind, (event) => {
      const index = find(event);
      if (index >= 0) explain(index);
    });
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    items[find(event) + step]?.focus();
  });
  return [list, meaning];
}

/** What the same side had before: the last one of the same type, or else the last one. */
async function previous(history, node, slot, { type, text }) {
  const side = slot.endsWith("Local") ? "Local" : "Remote";
  const held = async (number) => {
    const { ends } = await source.momentDetail(history, number);
    const connections = ends.find((end) => end.node === node)?.connections ?? [];
    return connections.flatMap((one) => [one[`pending${side}`], one[`current${side}`]]).filter(Boolean);
  };
  const read = async (one) => ({ type: one.type, lines: (await source.text(history, one.text)).lines });
  let [sought, last, nearest] = [text, state.position, null];
  for (;;) {
    const first = await firstMoment(last, async (number) => (await held(number)).some((one) => one.text === sought));
    const before = first === 0 ? undefined : (await held(first - 1))[0];
    if (before?.type === type) return read(before);
    if (!before) return nearest && read(nearest);
    [sought, last, nearest] = [before.text, first - 1, nearest ?? before];
  }
}

/** The first moment at which something holds that holds from then on until `last`; few snapshots are asked for. */
async function firstMoment(last, holds) {
  let [low, high] = [0, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
