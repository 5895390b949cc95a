// Session descriptions: every line with its meaning, and what has changed since the one before.

import { element } from "rtcsim/dom.js";
import * as source from "rtcsim/source.js";
import { state } from "rtcsim/state.js";

const slots = [
  ["pendingLocal", "pending local"], ["pendingRemote", "pending remote"], ["currentLocal", "current local"],
  ["currentRemote", "current remote"],
];

/** What was chosen last for each end. */
const chosen = [null, null];
let showsChanges = false;

export async function descriptions(connection, { history, end, index }) {
  const filled = slots.filter(([name]) => connection[name]);
  if (filled.length === 0) return element("p", { class: "empty" }, "No description yet.");
  const box = element("div", {});
  const draw = async () => {
    const slot = filled.find(([name]) => name === chosen[index]) ?? filled[0];
    box.replaceChildren(...(await drawn(connection, slot, filled, history, end, index, draw)));
  };
  await draw();
  return box;
}

async function drawn(connection, slot, filled, history, end, index, redraw) {
  const description = connection[slot[0]];
  const lines = (await source.text(history, description.text)).lines;
  const before = showsChanges ? await previous(history, end.node, slot[0], description) : null;
  const meaning = element("p", { class: "meaning", "aria-live": "polite" }, "Point at a line, or move to it, to see what it means.");
  const explain = (line) => { meaning.textContent = line.meaning || "A line without a meaning of its own here."; };
  const shown = before ? compare(before, lines) : lines.map((line) => ({ line, mark: " " }));
  return [
    element("div", { class: "choices" },
      filled.map(([name, title]) => element("button", {
        type: "button", "aria-pressed": name === slot[0], onclick: () => { chosen[index] = name; redraw(); },
      }, `${title} ${connection[name].type}`)),
      element("label", {},
        element("input", { type: "checkbox", checked: showsChanges, onchange: (event) => { showsChanges = event.target.checked; redraw(); } }),
        " changes")),
    meaning,
    showsChanges && !before ? element("p", { class: "empty" }, "There is no earlier one of the same kind.") : null,
    element("ol", { class: "sdp" }, shown.map(({ line, mark }) => element("li", {
      tabindex: 0, title: line.meaning, class: mark === "+" ? "added" : mark === "−" ? "removed" : null,
      onmouseenter: () => explain(line), onfocus: () => explain(line), onclick: () => explain(line),
    }, before ? element("span", { class: "mark" }, mark) : null, line.text))),
  ].filter(Boolean);
}

/** The lines of the last other description of the same end, side and type. */
async function previous(history, node, slot, description) {
  const side = slot.endsWith("Local") ? "local" : "remote";
  const earlier = history.descriptions.filter((one) =>
    one.node === node && one.side === side && one.type === description.type && one.moment <= state.position
    && one.text !== description.text);
  return earlier.length > 0 ? (await source.text(history, earlier.at(-1).text)).lines : null;
}

/** The longest common lines stay; the rest was taken away or added. */
function compare(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = old[i].text === now[j].text
        ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i].text === now[j].text) {
      lines.push({ line: now[j], mark: " " });
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= now.length || lengths[i + 1][j] >= lengths[i][j + 1])) {
      lines.push({ line: old[i], mark: "−" });
      i += 1;
    } else {
      lines.push({ line: now[j], mark: "+" });
      j += 1;
    }
  }
  return lines;
}
