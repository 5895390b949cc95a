// What happens at this moment, in words.

import { $ } from "rtcsim/dom.js";
import { call, listen, moment, state } from "rtcsim/state.js";
import * as decode from "rtcsim/decode.js";

export function start() {
  listen((what) => { if (what !== "panel") show(); });
  $("moment-message").addEventListener("click", () => decode.open(moment().message));
}

function show() {
  const now = moment();
  if (!now) return;
  $("moment-number").textContent = `${now.number} / ${call().moments.length - 1}`;
  $("moment-time").textContent = `${now.timeMs.toFixed(3)} ms`;
  $("moment-lane").textContent = now.to ? `${now.lane} → ${now.to}` : now.lane;
  $("moment-title").textContent = now.title;
  $("moment-title").dataset.phase = now.phase;
  $("moment-detail").textContent = now.detail;
  $("moment-text").textContent = state.isEngineer ? now.engineer : now.first;
  $("moment-rfc").textContent = now.rfc;
  $("moment-rfc").hidden = !now.rfc;
  if (now.url) $("moment-rfc").href = now.url;
  else $("moment-rfc").removeAttribute("href");
  const message = now.message === null ? null : call().messages[now.message];
  $("moment-message").hidden = message === null;
  $("moment-message").textContent = message ? `Message ${message.number}: ${message.title}` : "";
  $("live").textContent = `${now.number}, ${now.lane}: ${now.title}`;
}
