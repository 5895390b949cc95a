// This module draws the ladder: lanes, moments as dots and messages as arrows; it draws once for a call, and a step only moves classes.

import { $, element, prefersStillness, shape } from "rtcsim/dom.js";
import { arrange, endLane } from "rtcsim/rows.js";
import { call, go, listen, state } from "rtcsim/store.js";
import { protocols } from "rtcsim/text.js";

const wide = { rowHeight: 25, pauseHeight: 20, arrivalHeight: 0, gutter: 42, left: 168, right: 168, radius: 6 };
const narrow = { rowHeight: 32, pauseHeight: 20, arrivalHeight: 12, gutter: 0, left: 44, right: 34, radius: 6 };

let drawn = null;

/** `decode` opens a message. */
export function start(decode) {
  listen((what) => {
    if (what === "call") draw();
    if (what === "call" || what === "moment") mark();
  });
  new ResizeObserver(() => {
    if (!call() || Math.abs($("ladder").clientWidth - (drawn?.width ?? 0)) < 4) return;
    draw();
    mark();
  }).observe($("ladder"));
  $("ladder").addEventListener("click", (event) => {
    const message = event.target.closest("[data-message]");
    const moment = event.target.closest("[data-moment]");
    if (message) decode(Number(message.dataset.message));
    else if (moment) go(Number(moment.dataset.moment), "jump");
  });
  $("legend").append(...Object.entries(protocols).map(([name, title]) => element("span", { class: `key ${name}` }, title)),
    element("span", { class: "key flying" }, "on its way"), element("span", { class: "key cross" }, "dropped"));
}

/** A lane's name where there is little room; a NAT stands beside its client. */
const shortName = (lane) => (lane.kind === "nat" ? "NAT" : ["stun", "turn"].includes(lane.kind) ? lane.name.toUpperCase() : lane.name);

function draw() {
  const history = call();
  const width = $("ladder").clientWidth;
  drawn = null;
  if (width === 0) return;
  const isNarrow = width < 560;
  const sizes = isNarrow ? narrow : wide;
  const first = sizes.gutter + sizes.left;
  const step = (width - first - sizes.right) / Math.max(1, history.lanes.length - 1);
  const places = new Map(history.lanes.map((lane, index) => [lane.name, first + step * index]));
  const at = (lane) => places.get(lane) ?? first;
  const { rows, arrows, height, rowOfMoment } = arrange(history, sizes);
  const arrowGroups = arrows.map((arrow) => drawArrow(arrow, at, sizes.radius));
  const rowGroups = rows.map((row, index) => drawRow(row, rows[index - 1], { at, width, sizes, isNarrow, history }));
  $("ladder").replaceChildren(shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: isNarrow ? "narrow" : "wide" },
    shape("rect", { class: "present", x: 0, y: -sizes.rowHeight, width, height: sizes.rowHeight }),
    history.lanes.map((lane) => shape("line", { class: `lane ${lane.kind}`, x1: at(lane.name), x2: at(lane.name), y1: 0, y2: height })),
    rows.filter((row) => row.moment).map((row) => shape("rect", {
      class: "back", x: 0, y: row.y - sizes.rowHeight / 2, width, height: sizes.rowHeight, "data-moment": row.moment.number,
    })), arrowGroups, rowGroups));
  $("lanes").classList.toggle("tight", step < 52);
  $("lanes").replaceChildren(...history.lanes.map((lane) =>
    element("span", { class: lane.kind, style: `left:${at(lane.name)}px`, title: lane.name }, shortName(lane))));
  drawn = { width, sizes, rows, arrows, arrowGroups, rowGroups, rowOfMoment, row: null };
}

/** The dot and words of a row; the words of both clients stand outside, so that arrows do not cross them. */
function drawRow(row, before, { at, width, sizes, isNarrow, history }) {
  const { moment, y } = row;
  const message = row.message ?? row.sent;
  const lane = moment?.lane ?? message.from;
  const x = at(lane);
  const isRight = history.lanes.findIndex((one) => one.name === lane) >= history.lanes.length / 2;
  const isOutside = !isNarrow && history.lanes.find((one) => one.name === lane)?.kind === "client";
  const goesLeft = isOutside ? !isRight : isRight;
  const group = shape("g", {
    class: `row ${moment ? `phase-${moment.phase}` : `only ${message.protocol}`}`,
    "data-moment": moment?.number, "data-message": moment ? null : message.number,
  });
  if (!before || before.time.toFixed(1) !== row.time.toFixed(1)) {
    group.append(shape("text", { class: "time", x: 38, y: y + 4 }, row.time.toFixed(row.time < 1000 ? 1 : 0)));
  }
  if (row.pause) group.append(shape("text", { class: "pause", x: 38, y: y - sizes.rowHeight / 2 - 5 }, `+${Math.round(row.pause)}`));
  if (moment) group.append(shape("circle", { class: row.isDrop ? "ring" : "dot", cx: x, cy: y, r: row.isDrop ? 9 : 4 }));
  const room = isOutside ? sizes.left - 10 : isNarrow ? (isRight ? x - 54 : width - x - 14) : 190;
  // Of a flight, what is in it says more than that it was sent.
  const title = !moment || row.sent?.protocol === "dtls" ? message.title : moment.title;
  const words = shape("text", {
    class: "words", "text-anchor": goesLeft ? "end" : "start", x: x + (goesLeft ? -10 : 10), y: y + (!isNarrow ? 4 : row.isArrival ? 15 : -6),
  }, cut(title, room));
  const rest = room - widthOf(title) - 6;
  if (moment && row.sent && rest > 40 && row.sent.title !== title) {
    words.append(shape("tspan", { class: `protocol ${row.sent.protocol}`, dx: 6 }, cut(row.sent.title, rest)));
  }
  group.append(words);
  return group;
}

const ruler = document.createElement("canvas").getContext("2d");

/** The width of words as they are drawn. */
function widthOf(text) {
  ruler.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

/** As much of a text as there is room for. */
function cut(text, room) {
  if (widthOf(text) <= room) return text;
  let most = text.length - 1;
  while (most > 3 && widthOf(`${text.slice(0, most)}…`) > room) most -= 1;
  return `${text.slice(0, most)}…`;
}

/** A line over all hops, each at its lane; a head where the message arrives, a cross where it is dropped. */
function drawArrow({ message, y1, y2, isArrival }, at, radius) {
  const end = endLane(message);
  const xs = [message.from, ...message.hops.map((hop) => hop.lane).filter((lane) => lane !== end), end].map(at);
  const points = alongLanes(xs, y1, y2);
  const [beforeX, beforeY] = points.at(-2);
  const direction = Math.atan2(points.at(-1)[1] - beforeY, points.at(-1)[0] - beforeX);
  const short = isArrival && !message.dropped ? radius : 0;
  const [x, y] = [points.at(-1)[0] - short * Math.cos(direction), points.at(-1)[1] - short * Math.sin(direction)];
  points[points.length - 1] = [x, y];
  const path = points.map(([px, py], index) => `${index === 0 ? "M" : "L"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
  const how = message.dropped ? `, dropped at ${message.dropped.lane}: ${message.dropped.reason}` : "";
  return shape("g", { class: `message ${message.protocol}${message.dropped ? " dropped" : ""}`, "data-message": message.number },
    shape("title", {}, `${message.title}, ${message.size} bytes, ${message.from} → ${message.to}${how}`),
    shape("path", { class: "hit", d: path }), shape("path", { class: "line", d: path }),
    new Set(xs).size > 1 ? points.slice(1, -1).map(([cx, cy]) => shape("circle", { class: "hop", cx, cy, r: 2.2 })) : [],
    message.dropped ? shape("path", { class: "cross", d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` })
      : shape("path", { class: "head", d: "M0 0l-8 -4v8z", transform: `translate(${x} ${y}) rotate(${(direction * 180) / Math.PI})` }));
}

/** Points of even slope at given lanes; what stays in its lane leaves it for a little and comes back. */
function alongLanes(xs, y1, y2) {
  const lengths = xs.map((x, index) => (index === 0 ? 0 : Math.abs(x - xs[index - 1])));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  if (whole === 0) return [[xs[0], y1], [xs[0] + 18, (y1 + y2) / 2], [xs[0], y2]];
  let gone = 0;
  return xs.map((x, index) => {
    gone += lengths[index];
    return [x, y1 + ((y2 - y1) * gone) / whole];
  });
}

/** Lights the present moment and dims the future; only what changes is touched. */
function mark() {
  const history = call();
  if (!drawn || !history.moments.length) return;
  const row = drawn.rowOfMoment.get(state.position);
  const [from, to] = drawn.row === null ? [0, drawn.rows.length - 1] : [Math.min(drawn.row, row), Math.max(drawn.row, row)];
  for (let index = from; index <= to; index += 1) {
    drawn.rowGroups[index].classList.toggle("future", index > row);
    drawn.rowGroups[index].classList.toggle("now", index === row);
  }
  drawn.row = row;
  const lit = history.moments[state.position].message;
  drawn.arrows.forEach((arrow, index) => {
    const { classList } = drawn.arrowGroups[index];
    classList.toggle("future", arrow.from > row);
    classList.toggle("flying", arrow.from <= row && arrow.to > row);
    classList.toggle("lit", arrow.message.number === lit);
  });
  const { y, isArrival } = drawn.rows[row];
  const shift = drawn.sizes === wide ? 0 : isArrival ? 6 : -5;
  $("ladder").querySelector(".present").setAttribute("y", y - drawn.sizes.rowHeight / 2 + shift);
  reveal(y);
}

function reveal(y) {
  const box = $("ladder");
  if (y > box.scrollTop + 60 && y < box.scrollTop + box.clientHeight - 110) return;
  const far = Math.abs(y - box.scrollTop - box.clientHeight / 2) > box.clientHeight * 1.5;
  box.scrollTo({ top: Math.max(0, y - box.clientHeight * 0.4), behavior: far || prefersStillness() ? "auto" : "smooth" });
}
