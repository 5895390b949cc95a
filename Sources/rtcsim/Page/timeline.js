// This module moves through the moments: a slider, steps, and playing at a chosen speed.

import { $, element, ms } from "rtcsim/dom.js";
import { go, lastPosition, listen, call, moment, state } from "rtcsim/store.js";
import { phases } from "rtcsim/text.js";

let timer = null;

export function start() {
  listen((what) => {
    if (what === "call") {
      stop();
      $("slider").max = lastPosition();
      measure();
    }
    if (what === "call" || what === "moment") show();
  });
  new ResizeObserver(measure).observe($("phases"));
  $("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  $("first").addEventListener("click", () => go(0, "jump"));
  $("back").addEventListener("click", () => go(state.position - 1));
  $("next").addEventListener("click", () => go(state.position + 1));
  $("last").addEventListener("click", () => go(lastPosition(), "jump"));
  $("play").addEventListener("click", toggle);
  $("speed").addEventListener("change", () => {
    if (timer === null) return;
    stop();
    play();
  });
}

export const toggle = () => (timer === null ? play() : stop());

/** The speed is in moments a second; at the end it begins again. */
function play() {
  if (lastPosition() === 0) return;
  if (state.position === lastPosition()) go(0);
  timer = setInterval(() => {
    go(state.position + 1);
    if (state.position === lastPosition()) stop();
  }, 1000 / Number($("speed").value));
  showPlaying(true);
}

function stop() {
  clearInterval(timer);
  timer = null;
  showPlaying(false);
}

function showPlaying(isPlaying) {
  $("play").textContent = isPlaying ? "Pause" : "Play";
  $("play").setAttribute("aria-pressed", isPlaying);
}

function show() {
  const now = moment();
  $("slider").value = state.position;
  $("slider").setAttribute("aria-valuetext", now ? `${now.number}, ${ms(now.timeMs)} ms, ${now.title}` : "no moments");
  for (const id of ["first", "back"]) $(id).classList.toggle("idle", state.position === 0);
  for (const id of ["last", "next"]) $(id).classList.toggle("idle", state.position === lastPosition());
}

/** The phases of the call above the slider, named where there is room. */
function measure() {
  const spans = [];
  for (const { phase } of call()?.moments ?? []) {
    const last = spans.at(-1);
    if (last?.phase === phase) last.count += 1;
    else spans.push({ phase, count: 1 });
  }
  const width = $("phases").clientWidth / (lastPosition() + 1);
  $("phases").replaceChildren(...spans.map(({ phase, count }) => {
    const name = phases[phase] ?? phase;
    return element("span", { class: `phase-${phase}`, style: `flex:${count} ${count} 0`, title: name },
      count * width > name.length * 8 + 8 ? name : null);
  }));
}
