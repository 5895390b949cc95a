// This module tells in words what happens at the present moment.

import { $, ms } from "rtcsim/dom.js";
import { call, lastPosition, listen, moment, state } from "rtcsim/store.js";

/** `decode` opens a message. */
export function start(decode) {
  listen((what) => {
    if (what !== "panel") show();
    if (what === "call" || what === "moment") announce();
  });
  $("moment-message").addEventListener("click", () => decode(moment().message));
}

function show() {
  const now = moment();
  const message = now ? call().messages[now.message ?? -1] : null;
  $("moment-number").textContent = now ? `${now.number} / ${lastPosition()}` : "";
  $("moment-time").textContent = now ? `${ms(now.timeMs, 3)} ms` : "";
  $("moment-lane").textContent = !now ? "" : now.to ? `${now.lane} → ${now.to}` : now.lane;
  $("moment-title").textContent = now?.title ?? "This call has no moments";
  $("moment-detail").textContent = now?.detail ?? "";
  $("moment-text").textContent = !now ? "Nothing happened in it. Choose another scenario or seed."
    : state.isEngineer ? now.engineer : now.first;
  $("moment-rfc").hidden = !now?.url;
  if (now?.url) $("moment-rfc").href = now.url;
  $("moment-rfc").textContent = now?.rfc ?? "";
  $("moment-rfc-text").textContent = now && !now.url ? now.rfc ?? "" : "";
  $("moment-message").hidden = !message;
  $("moment-message").textContent = message ? `Decode ${message.title}` : "";
}

function announce() {
  const now = moment();
  $("live").textContent = now ? `${now.number}, ${now.lane}: ${now.title}` : "";
}
