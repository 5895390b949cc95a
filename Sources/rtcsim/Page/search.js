// This module goes until a moment with a word in its title or detail.

import { $ } from "rtcsim/dom.js";
import { call, go, listen, state } from "rtcsim/store.js";

export function start() {
  $("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    find($("search").value.trim());
  });
  listen((what, how) => { if (how === "step" || what === "call") tell("", true); });
}

function find(words) {
  if (!words || !call()) return;
  const sought = words.toLowerCase();
  const found = call().moments.findIndex((moment, index) =>
    index > state.position && `${moment.title} ${moment.detail}`.toLowerCase().includes(sought));
  if (found >= 0) go(found, "jump");
  tell(found >= 0 ? "" : `No later moment contains “${words}”.`, found >= 0);
}

function tell(sentence, isFound) {
  $("search-note").textContent = sentence;
  if (isFound) $("search").removeAttribute("aria-invalid");
  else $("search").setAttribute("aria-invalid", "true");
}
