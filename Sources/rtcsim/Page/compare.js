// This module shows a changed call beside the one that it was changed from.

import { element, empty, ms, table } from "rtcsim/dom.js";
import { go, indexOf, show, state } from "rtcsim/store.js";

let drawn = { id: null, section: null };

export function comparison(history) {
  if (drawn.id !== history.id) drawn = { id: history.id, section: draw(history) };
  return drawn.section;
}

function draw({ fork, difference, outcome }) {
  if (!fork || !difference) return element("section", {}, empty("This is the original call; there is nothing to compare it with."));
  const original = state.calls[indexOf(fork.of)] ?? null;
  return element("section", {},
    element("p", { class: "lead" }, fork.sentence), element("p", {}, difference.sentence),
    element("div", { class: "outcomes" },
      original ? ending("Original", original.outcome) : null, ending("With the change", outcome)),
    difference.rows.length === 0 ? empty("No moment differs.") : table("Moments that differ", ["Node", "Moment", "Original ms", "Changed ms", "Difference"],
      difference.rows.map((row) => ({
        class: row.originalMs === null ? "added" : row.forkMs === null ? "removed" : null,
        cells: [row.lane, what(row), time(row.originalMs, row.original, () => show(indexOf(fork.of), row.original)),
          time(row.forkMs, row.fork, () => go(row.fork, "jump")), delta(row)],
      }))));
}

const ending = (title, { isConnected, sentences }) => element("div", { class: isConnected ? "good" : "bad" },
  element("h4", {}, `${title}: ${isConnected ? "connected" : "not connected"}`), sentences.map((one) => element("p", {}, one)));

const what = ({ title, detail }) => element("span", {}, title, detail ? element("small", { class: "soft" }, ` ${detail}`) : null);

/** A time that leads to its moment. */
const time = (value, number, open) => (number === null || number === undefined || value === null ? null
  : element("button", { type: "button", class: "plain", title: `Go to moment ${number}`, onclick: open }, ms(value)));

function delta({ originalMs, forkMs }) {
  if (originalMs === null) return "+ new";
  if (forkMs === null) return "− gone";
  const later = forkMs - originalMs;
  return later === 0 ? "0" : `${later > 0 ? "+" : "−"}${ms(Math.abs(later))}`;
}
