// This module offers the changes that can be tried at the present moment.

import { element } from "rtcsim/dom.js";
import { moment } from "rtcsim/store.js";

let drawn = { id: null, section: null, place: null, targets: [] };
let attempt = () => {};

/** `change` runs the call again with a what-if. */
export function start(change) {
  attempt = change;
}

/** The changes of a call; only the moment in the first sentence and the suggested targets follow the steps. */
export function whatIf(history) {
  if (drawn.id !== history.id) draw(history);
  const now = moment();
  drawn.place.textContent = now ? `moment ${now.number}, “${now.title}” at ${now.lane}` : "the beginning";
  for (const select of drawn.targets) {
    const near = [...select.options].find((option) => isNear(option.value, now));
    if (near && !select.dataset.isChosen) near.selected = true;
  }
  return drawn.section;
}

/** A link or client that the moment is about. */
const isNear = (target, now) => {
  const client = now?.lane.split("/")[0];
  return target === client || target === `${client}.up`;
};

function draw(history) {
  const place = element("b", {});
  drawn = { id: history.id, place, targets: [], section: null };
  drawn.section = element("section", {},
    element("p", { class: "introduction" }, "The call is run again with the same seed and one change at ", place,
      ". All before it stays the same; the new call opens beside the original."),
    element("div", { class: "actions" }, history.actions.map(row)));
}

function row({ name, summary, targets, argument }) {
  const target = targets.length === 0 ? null : element("select", {
    "aria-label": `${name}: where`, onchange: (event) => { event.target.dataset.isChosen = "yes"; },
  }, targets.map((one) => element("option", {}, one)));
  if (target) drawn.targets.push(target);
  const value = !argument ? null : argument.choices
    ? element("select", { "aria-label": `${name}: ${argument.name}` },
      argument.choices.map((one) => element("option", { selected: one === argument.default }, one)))
    : element("input", { value: argument.default, size: 6, "aria-label": `${name}: ${argument.name}`, autocomplete: "off" });
  const run = () => attempt({ action: name, target: target?.value ?? null, argument: value?.value.trim() ?? null });
  value?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && value.matches("input")) run();
  });
  return element("div", { class: "action" },
    element("button", { type: "button", "data-action": name, onclick: run }, name),
    element("span", { class: "summary" }, `${summary[0].toUpperCase()}${summary.slice(1)}.`),
    element("span", { class: "choices" }, target, value));
}

