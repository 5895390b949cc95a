// The changed call beside the original.

import { element, ms, table } from "rtcsim/dom.js";
import { go, state, show } from "rtcsim/state.js";

export function difference(history) {
  const { fork, difference: found, outcome } = history;
  if (!found) return element("p", { class: "empty" }, "This is the original.");
  const jump = (number, isOriginal) => number === null ? "–" : element("button", {
    type: "button", class: "plain", onclick: () => {
      const original = state.calls.findIndex((one) => one.id === fork.of);
      if (isOriginal && original >= 0) show(original, number);
      else go(number);
    },
  }, String(number));
  const later = (row) => row.originalMs === null || row.forkMs === null ? ""
    : `${row.forkMs >= row.originalMs ? "+" : "−"}${ms(Math.abs(row.forkMs - row.originalMs))}`;
  return element("section", { id: "difference" },
    element("p", {}, found.sentence),
    outcome.sentences.map((sentence) => element("p", { class: outcome.isConnected ? "good" : "bad" }, sentence)),
    table(["Node", "What happened", "Original ms", "Changed ms", "Later by", "Moments"], found.rows.map((row) => [
      row.lane, element("span", { title: row.detail }, row.title), ms(row.originalMs), ms(row.forkMs), later(row),
      element("span", {}, jump(row.original, true), " | ", jump(row.fork, false)),
    ])));
}
