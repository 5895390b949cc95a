// This module draws the state machines of an end with the present state filled and the transition just made lit.

import { element, shape } from "rtcsim/dom.js";
import { machines } from "rtcsim/machines.js";
import { state } from "rtcsim/store.js";
import { meanings } from "rtcsim/text.js";

const boxHeight = 24;

export const states = (connection, { before }) => machines.map((machine) => {
  const now = connection[machine.field];
  const was = before?.[machine.field] ?? now;
  const change = was === now ? "" : `, just changed from ${was}`;
  return element("figure", { class: "machine" },
    element("figcaption", {}, element("span", {}, machine.title), change ? element("small", {}, `${was} → `) : null, element("b", {}, now)),
    shape("svg", { viewBox: `-1 0 302 ${machine.height}`, role: "img", "aria-label": `${machine.title}: ${now}${change}` },
      machine.ways.map(([from, to]) => way(machine, from, to, was === from && now === to && was !== now)),
      (machine.bends ?? []).map((bend) => drawWay(bend.path, bend.head, was === bend.from && now === bend.to)),
      (machine.labels ?? []).map(({ x, y, anchor, text }) => shape("text", { class: "label", x, y, "text-anchor": anchor }, text)),
      Object.entries(machine.places).map(([name, place]) => box(name, place, name === now))),
    state.isEngineer ? null : element("p", {}, meanings[machine.field]?.[now] ?? ""));
});

const box = (name, { x, y, width }, isLit) => shape("g", { class: isLit ? "state lit" : "state" },
  shape("rect", { x: x - width / 2, y: y - boxHeight / 2, width, height: boxHeight, rx: 4 }),
  shape("text", { x, y: y + 3.6 }, name));

/** A straight arrow between the edges of two boxes; where both directions exist, each keeps to its side. */
function way(machine, from, to, isLit) {
  const [start, end] = [machine.places[from], machine.places[to]];
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const length = Math.hypot(dx, dy);
  const isDouble = machine.ways.some(([one, other]) => one === to && other === from);
  const [shiftX, shiftY] = isDouble ? [(-dy / length) * 4, (dx / length) * 4] : [0, 0];
  const share = ({ width }) => Math.min(dx ? (width / 2 + 1) / Math.abs(dx) : 9, dy ? (boxHeight / 2 + 1) / Math.abs(dy) : 9);
  const [x1, y1] = [start.x + dx * share(start) + shiftX, start.y + dy * share(start) + shiftY];
  const [x2, y2] = [end.x - dx * share(end) + shiftX, end.y - dy * share(end) + shiftY];
  return drawWay(`M${x1} ${y1}L${x2} ${y2}`, [x2, y2, (Math.atan2(dy, dx) * 180) / Math.PI], isLit);
}

const drawWay = (path, [x, y, angle], isLit) => shape("g", { class: isLit ? "way lit" : "way" },
  shape("path", { class: "line", d: path }),
  shape("path", { class: "head", d: "M0 0l-6 -3v6z", transform: `translate(${x} ${y}) rotate(${angle})` }));
