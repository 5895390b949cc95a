// Everything can be done without a mouse.

import { $, element } from "rtcsim/dom.js";
import { call, go, moment, setDepth, state } from "rtcsim/state.js";
import * as decode from "rtcsim/decode.js";
import * as panels from "rtcsim/panels.js";
import * as timeline from "rtcsim/timeline.js";

const keys = [
  ["→ ←", "next moment, back"], ["Home End", "first and last moment"], ["Space", "play or pause"],
  ["/", "go until a word"], ["d", "decode this moment's message"], ["w", "what if: change something here"],
  ["t", "texts for the first time, or for an engineer"], ["1 … 9", "panels"], ["Esc", "close"], ["?", "this list"],
];

export function start() {
  document.addEventListener("keydown", press);
  $("help").addEventListener("click", help);
  $("keys").append(
    element("h2", {}, "Keys"),
    element("dl", {}, keys.map(([key, meaning]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, meaning)])),
    element("button", { type: "button", onclick: () => $("keys").close() }, "Close"));
}

const help = () => $("keys").showModal();

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return escape(event);
  const isTyping = event.target.matches("input:not([type=range]), select, textarea") || $("keys").open;
  if (isTyping || !call()) return;
  const isOnButton = event.target.matches("button, a, [role=tab], summary");
  if (isOnButton && (event.key === " " || event.key === "Enter")) return;
  const action = {
    ArrowRight: () => go(state.position + 1), ArrowLeft: () => go(state.position - 1), Home: () => go(0),
    End: () => go(call().moments.length - 1), " ": timeline.toggle, "/": () => $("search").focus(),
    d: () => decode.open(moment().message), w: () => panels.select("whatif", true), t: () => setDepth(!state.isEngineer),
    "?": help,
  }[event.key] ?? panels.shortcut(event.key);
  if (!action) return;
  event.preventDefault();
  action();
}

function escape(event) {
  if (event.target === $("search")) $("search").blur();
  decode.close();
}
