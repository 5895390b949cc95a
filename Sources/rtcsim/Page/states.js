// State machines, with the present state lit.

import { element, shape } from "rtcsim/dom.js";

/** Names with column and row; arrows between them. */
const machines = [
  {
    title: "Signaling", field: "signalingState",
    places: {
      stable: [1, 0], "have-local-offer": [0, 1], "have-remote-offer": [2, 1], "have-remote-pranswer": [0, 2],
      "have-local-pranswer": [2, 2], closed: [1, 2],
    },
    ways: [
      ["stable", "have-local-offer"], ["have-local-offer", "stable"], ["stable", "have-remote-offer"],
      ["have-local-offer", "have-remote-pranswer"], ["have-remote-offer", "have-local-pranswer"], ["stable", "closed"],
    ],
  },
  {
    title: "ICE", field: "iceConnectionState",
    places: {
      new: [0, 0], checking: [1, 0], connected: [2, 0], failed: [0, 1], disconnected: [1, 1], completed: [2, 1],
      closed: [1, 2],
    },
    ways: [
      ["new", "checking"], ["checking", "connected"], ["connected", "completed"], ["checking", "failed"],
      ["completed", "disconnected"], ["disconnected", "failed"], ["disconnected", "closed"],
    ],
  },
  { title: "Gathering", field: "iceGatheringState", places: { new: [0, 0], gathering: [1, 0], complete: [2, 0] },
    ways: [["new", "gathering"], ["gathering", "complete"]] },
  {
    title: "DTLS", field: "dtlsState",
    places: { new: [0, 0], connecting: [1, 0], connected: [2, 0], failed: [1, 1], closed: [2, 1] },
    ways: [["new", "connecting"], ["connecting", "connected"], ["connecting", "failed"], ["connected", "closed"]],
  },
  {
    title: "Connection", field: "connectionState",
    places: { new: [0, 0], connecting: [1, 0], connected: [2, 0], failed: [0, 1], closed: [1, 1], disconnected: [2, 1] },
    ways: [["new", "connecting"], ["connecting", "connected"], ["connected", "disconnected"], ["disconnected", "closed"],
      ["connecting", "failed"]],
  },
];

const [boxWidth, boxHeight, columnStep, rowStep] = [92, 22, 104, 36];

export function states(connection) {
  return machines.map((machine) => {
    const now = connection[machine.field];
    const rows = Math.max(...Object.values(machine.places).map((place) => place[1])) + 1;
    const [width, height] = [2 * columnStep + boxWidth + 2, (rows - 1) * rowStep + boxHeight + 2];
    return element("figure", { class: "machine" },
      element("figcaption", {}, machine.title, element("b", {}, now)),
      shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${machine.title}: ${now}` },
        machine.ways.map(([from, to]) => way(machine.places[from], machine.places[to])),
        Object.entries(machine.places).map(([name, place]) => box(name, place, name === now))));
  });
}

const centre = ([column, row]) => [column * columnStep + boxWidth / 2 + 1, row * rowStep + boxHeight / 2 + 1];

function way(from, to) {
  const [x1, y1] = centre(from);
  const [x2, y2] = centre(to);
  return shape("line", { class: "way", x1, y1, x2, y2 });
}

function box(name, place, isLit) {
  const [x, y] = centre(place);
  return shape("g", { class: isLit ? "state lit" : "state" },
    shape("rect", { x: x - boxWidth / 2, y: y - boxHeight / 2, width: boxWidth, height: boxHeight, rx: 5 }),
    shape("text", { x, y: y + 3.5, "font-size": name.length > 16 ? 8 : 9.5 }, name));
}
