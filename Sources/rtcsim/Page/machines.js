// This module holds the drawings of the state machines: where each state stands, and which transitions there are.

const [columnWidth, columnStep, rowStep] = [88, 106, 37];

/** A box in a grid of three columns. */
const at = (column, row) => ({ x: column * columnStep + columnWidth / 2, y: row * rowStep + 13, width: columnWidth });

/** Signaling states of RFC 9429 §3.2; `closed` stands apart, because close() leads there from every state. */
const signaling = {
  title: "Signaling", field: "signalingState", height: 136,
  places: {
    stable: { x: 150, y: 13, width: 88 }, "have-local-offer": { x: 68, y: 76, width: 136 },
    "have-remote-offer": { x: 232, y: 76, width: 136 }, "have-remote-pranswer": { x: 68, y: 122, width: 136 },
    "have-local-pranswer": { x: 232, y: 122, width: 136 }, closed: { x: 271, y: 13, width: 58 },
  },
  ways: [
    ["stable", "have-local-offer"], ["have-local-offer", "stable"], ["stable", "have-remote-offer"],
    ["have-remote-offer", "stable"], ["have-local-offer", "have-remote-pranswer"], ["have-remote-offer", "have-local-pranswer"],
  ],
  bends: [
    { from: "have-remote-pranswer", to: "stable", path: "M136 118C147 112 145 80 146 34", head: [146, 27, -88] },
    { from: "have-local-pranswer", to: "stable", path: "M164 118C153 112 155 80 154 34", head: [154, 27, -92] },
  ],
  labels: [
    { x: 86, y: 38, anchor: "end", text: "local offer ↓" }, { x: 86, y: 50, anchor: "end", text: "remote answer ↑" },
    { x: 214, y: 38, anchor: "start", text: "↓ remote offer" }, { x: 214, y: 50, anchor: "start", text: "↑ local answer" },
  ],
};

export const machines = [
  signaling,
  {
    title: "ICE gathering", field: "iceGatheringState", height: 27,
    places: { new: at(0, 0), gathering: at(1, 0), complete: at(2, 0) },
    ways: [["new", "gathering"], ["gathering", "complete"], ["complete", "gathering"]],
  },
  {
    title: "ICE connection", field: "iceConnectionState", height: 101,
    places: {
      new: at(0, 0), checking: at(1, 0), connected: at(2, 0), failed: at(0, 1), disconnected: at(1, 1), completed: at(2, 1),
      closed: at(2, 2),
    },
    ways: [
      ["new", "checking"], ["checking", "connected"], ["connected", "completed"], ["checking", "failed"],
      ["connected", "disconnected"], ["disconnected", "connected"], ["completed", "disconnected"],
      ["disconnected", "completed"], ["disconnected", "failed"], ["completed", "closed"],
    ],
  },
  {
    title: "DTLS", field: "dtlsState", height: 64,
    places: { new: at(0, 0), connecting: at(1, 0), connected: at(2, 0), failed: at(1, 1), closed: at(2, 1) },
    ways: [["new", "connecting"], ["connecting", "connected"], ["connecting", "failed"], ["connected", "closed"]],
  },
  {
    title: "Connection", field: "connectionState", height: 64,
    places: { new: at(0, 0), connecting: at(1, 0), connected: at(2, 0), failed: at(0, 1), disconnected: at(1, 1), closed: at(2, 1) },
    ways: [
      ["new", "connecting"], ["connecting", "connected"], ["connecting", "failed"], ["connected", "disconnected"],
      ["disconnected", "connected"], ["disconnected", "failed"], ["connected", "closed"],
    ],
  },
];
