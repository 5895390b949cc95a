// The time line below: a slider over moments, steps, and playing.

import { $, element } from "rtcsim/dom.js";
import { call, go, listen, state } from "rtcsim/state.js";

/** Moments a second at speed 1. */
const pace = 1.5;
let timer = null;

export function start() {
  listen((what) => {
    if (what === "call") measure();
    if (what === "call" || what === "position") {
      $("slider").value = state.position;
      const now = call().moments[state.position];
      $("slider").setAttribute("aria-valuetext", `${now.number}, ${now.timeMs.toFixed(1)} ms, ${now.title}`);
    }
  });
  $("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  $("first").addEventListener("click", () => go(0));
  $("back").addEventListener("click", () => go(state.position - 1));
  $("next").addEventListener("click", () => go(state.position + 1));
  $("last").addEventListener("click", () => go(call().moments.length - 1));
  $("play").addEventListener("click", toggle);
  $("speed").addEventListener("change", () => { if (timer) { stop(); toggle(); } });
}

export function toggle() {
  if (timer) return stop();
  const last = () => call().moments.length - 1;
  if (state.position === last()) go(0);
  timer = setInterval(() => {
    if (state.position >= last()) stop();
    else go(state.position + 1);
  }, 1000 / (pace * Number($("speed").value)));
  $("play").textContent = "Pause";
  $("play").setAttribute("aria-pressed", "true");
  return undefined;
}

function stop() {
  clearInterval(timer);
  timer = null;
  $("play").textContent = "Play";
  $("play").setAttribute("aria-pressed", "false");
}

/** The phases of the call above the slider. */
function measure() {
  const { moments } = call();
  $("slider").max = moments.length - 1;
  const spans = [];
  moments.forEach((moment) => {
    const last = spans.at(-1);
    if (last?.phase === moment.phase) last.count += 1;
    else spans.push({ phase: moment.phase, count: 1 });
  });
  $("phases").replaceChildren(...spans.map((span) =>
    element("span", { class: `phase-${span.phase}`, style: `flex:${span.count}`, title: span.phase })));
}
