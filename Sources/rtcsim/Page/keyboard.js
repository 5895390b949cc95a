// This module makes everything work without a mouse.

import { $, element } from "rtcsim/dom.js";
import * as decode from "rtcsim/decode.js";
import * as panels from "rtcsim/panels.js";
import { call, go, lastPosition, moment, setDepth, state } from "rtcsim/store.js";
import { keys } from "rtcsim/text.js";
import * as timeline from "rtcsim/timeline.js";

const actions = {
  ArrowRight: () => go(state.position + 1), ArrowLeft: () => go(state.position - 1),
  Home: () => go(0, "jump"), End: () => go(lastPosition(), "jump"), " ": timeline.toggle,
  "/": openSearch, d: () => decode.open(moment()?.message), "[": () => decode.openNext(-1), "]": () => decode.openNext(1),
  w: () => panels.select("whatif", true), t: () => setDepth(!state.isEngineer), "?": showKeys,
};

export function start() {
  document.addEventListener("keydown", press);
  $("help").addEventListener("click", showKeys);
  $("keys").append(
    element("h2", { id: "keys-title" }, "Keys"),
    element("dl", {}, keys.map(([names, meaning]) => [
      element("dt", {}, names.split("  ").map((name) => element("kbd", {}, name))), element("dd", {}, meaning),
    ])),
    element("button", { type: "button", onclick: () => $("keys").close() }, "Close"));
}

/** Where there is little room, the search is among the further controls. */
function openSearch() {
  if (!$("search").offsetParent) $("more").click();
  $("search").focus();
}

function showKeys() {
  if (!$("keys").open) $("keys").showModal();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || $("keys").open) return;
  if (event.key === "Escape") return escape(event);
  if (!call() || event.target.closest("input:not([type=range]), select, textarea")) return;
  const isPressable = event.target.closest("button, a, summary");
  if (isPressable && (event.key === " " || event.key === "Enter")) return;
  const action = actions[event.key] ?? panels.shortcut(event.key);
  if (!action) return;
  event.preventDefault();
  action();
}

/** Leaves a field, or closes the message. */
function escape(event) {
  if (event.target.closest("input, select")) event.target.blur();
  else decode.close();
}
