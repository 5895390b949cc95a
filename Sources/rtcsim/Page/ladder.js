// The ladder: lanes, moments as dots, messages as arrows. Drawn once for each call; steps only move classes.

import { $, element, shape } from "rtcsim/dom.js";
import { call, go, listen, state } from "rtcsim/state.js";
import * as decode from "rtcsim/decode.js";

const rowHeight = 24;
const timeWidth = 58;
const protocols = ["signaling", "stun", "turn", "dtls", "rtp", "rtcp"];

let rows = [];
let shownRow = -1;
let width = 0;

export function start() {
  listen((what) => {
    if (what === "call") draw();
    if (what === "call" || what === "position") mark();
  });
  new ResizeObserver(() => {
    if (!call() || Math.abs($("ladder").clientWidth - width) < 8) return;
    draw();
    mark();
  }).observe($("ladder"));
  $("legend").append(...protocols.map((name) => element("span", { class: `key ${name}` }, name.toUpperCase().replace("SIGNALING", "Signaling"))));
}

/** Moments and messages in the order of time; a message that a moment announces stands in its row. */
function arrange(history) {
  const announced = new Set();
  const entries = history.moments.map((moment) => {
    const message = moment.message === null ? null : history.messages[moment.message];
    const sends = message && message.moment === moment.number && message.from === moment.lane;
    if (sends) announced.add(message.number);
    return { time: moment.timeMs, order: 1, moment, message: sends ? message : null };
  });
  for (const message of history.messages) {
    if (!announced.has(message.number)) entries.push({ time: message.sentMs, order: 0, moment: null, message });
  }
  return entries.sort((one, other) =>
    one.time - other.time || (one.moment && other.moment ? one.moment.number - other.moment.number : one.order - other.order));
}

function draw() {
  const history = call();
  width = $("ladder").clientWidth;
  const lanes = history.lanes;
  const step = (width - timeWidth) / lanes.length;
  const places = new Map(lanes.map((lane, index) => [lane.name, timeWidth + step * (index + 0.5)]));
  const entries = arrange(history);
  const height = entries.length * rowHeight + 40;
  const drawing = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  for (const x of places.values()) drawing.append(shape("line", { class: "lane", x1: x, x2: x, y1: 0, y2: height }));
  rows = [];
  let time = null;
  entries.forEach((entry, index) => {
    const label = entry.time === time ? "" : entry.time.toFixed(entry.time < 10000 ? 1 : 0);
    time = entry.time;
    drawing.append(row(entry, index, places, label));
  });
  $("ladder").replaceChildren(drawing);
  $("lanes").replaceChildren(...lanes.map((lane) => element("span", {
    class: lane.kind, style: `left:${places.get(lane.name)}px;max-width:${step - 4}px`, title: lane.name,
  }, step < 70 ? short(lane.name) : lane.name)));
  shownRow = -1;
}

/** A lane's name where there is little room. */
const short = (name) => name.replace("client-", "c").replace("signaling", "sig").replace("/", " ");

function row(entry, index, places, timeLabel) {
  const y = index * rowHeight + 22;
  const { moment, message } = entry;
  const group = shape("g", {
    class: `row future ${moment ? `phase-${moment.phase}` : "between"}`, "data-moment": moment?.number,
  });
  group.append(shape("rect", { class: "back", x: 0, y: y - 15, width, height: rowHeight }));
  group.append(shape("text", { class: "time", x: timeWidth - 8, y: y + 4 }, timeLabel));
  if (message) group.append(arrow(message, y, places));
  if (moment) {
    const x = places.get(moment.lane) ?? timeWidth;
    group.append(shape("circle", { class: "dot", cx: x, cy: y, r: 4 }));
    if (!message) group.append(caption(moment.title, x, y));
    group.addEventListener("click", () => go(moment.number));
  }
  rows.push({ group, moment: moment?.number ?? null });
  return group;
}

function arrow(message, y, places) {
  const stops = [message.from, ...message.hops.map((hop) => hop.lane), message.to];
  const begin = places.get(message.from) ?? timeWidth;
  const end = places.get(message.to) ?? timeWidth;
  const slope = 6;
  const direction = end >= begin ? 1 : -1;
  const group = shape("g", {
    class: `message ${message.protocol}${message.dropped ? " dropped" : ""}`, "data-message": message.number,
    onclick: (event) => {
      event.stopPropagation();
      decode.open(message.number);
    },
  }, shape("title", {}, `${message.title}, ${message.size} bytes${message.dropped ? `: ${message.dropped.reason}` : ""}`));
  // A wide invisible line is easier to hit.
  for (const name of ["hit", "line"]) {
    group.append(shape("line", { class: name, x1: begin, y1: y, x2: end, y2: y + slope }));
  }
  for (const lane of stops.slice(1, -1)) {
    const x = places.get(lane) ?? begin;
    const share = end === begin ? 0 : (x - begin) / (end - begin);
    group.append(shape("circle", { class: "hop", cx: x, cy: y + slope * share, r: 2.5 }));
  }
  if (message.dropped) {
    group.append(shape("path", {
      class: "cross", d: `M${end - 5} ${y + slope - 5}l10 10m0 -10l-10 10`,
    }));
  } else {
    group.append(shape("path", {
      class: "head", d: `M${end} ${y + slope}l${-8 * direction} -5v8z`,
    }));
  }
  const middle = (begin + end) / 2;
  const room = Math.max(60, Math.abs(end - begin));
  const most = Math.floor(room / 6.2);
  const text = message.title.length > most ? `${message.title.slice(0, most - 1)}…` : message.title;
  group.append(shape("text", { class: "label", x: middle, y: y - 3 }, text));
  return group;
}

/** A moment's title beside its dot, on the side where there is room. */
function caption(text, x, y) {
  const isRight = x > width / 2;
  const room = Math.floor((isRight ? x - timeWidth : width - x) / 6.4) - 2;
  const shown = text.length > room ? `${text.slice(0, Math.max(3, room - 1))}…` : text;
  return shape("text", { class: `caption ${isRight ? "left" : "right"}`, x: isRight ? x - 9 : x + 9, y: y + 4 }, shown);
}

/** Lights the present moment and dims what is to come. */
function mark() {
  const index = rows.findIndex((row) => row.moment === state.position);
  if (index < 0) return;
  const [from, to] = shownRow < 0 ? [0, rows.length - 1] : [Math.min(shownRow, index), Math.max(shownRow, index)];
  for (let place = from; place <= to; place += 1) {
    rows[place].group.classList.toggle("future", place > index);
    rows[place].group.classList.toggle("current", place === index);
  }
  shownRow = index;
  const box = $("ladder");
  const y = index * rowHeight;
  if (y < box.scrollTop + 60 || y > box.scrollTop + box.clientHeight - 90) {
    const isQuick = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top: Math.max(0, y - box.clientHeight * 0.4), behavior: isQuick ? "auto" : "smooth" });
  }
}
