// What is shown: the calls, the one in view and the moment in it. Whoever shows something listens for changes.

const listeners = [];

export const state = {
  /** The call as it is, and its changes. */
  calls: [],
  shown: 0,
  position: 0,
  isEngineer: false,
  panel: "states",
};

export const call = () => state.calls[state.shown] ?? null;
export const moment = () => call()?.moments[state.position] ?? null;

/** `change` is told what changed: "call", "position", "depth" or "panel". */
export const listen = (change) => listeners.push(change);

const tell = (what) => listeners.forEach((listener) => listener(what));

export function go(position) {
  const history = call();
  if (!history) return;
  const next = Math.max(0, Math.min(history.moments.length - 1, position));
  if (next === state.position) return;
  state.position = next;
  tell("position");
}

export function show(index, position = state.position) {
  state.shown = index;
  state.position = Math.max(0, Math.min((call()?.moments.length ?? 1) - 1, position));
  tell("call");
}

/** Adds a call and shows it. */
export function add(history, position) {
  const known = state.calls.findIndex((one) => one.id === history.id);
  if (known < 0) state.calls.push(history);
  show(known < 0 ? state.calls.length - 1 : known, position);
}

export function setDepth(isEngineer) {
  state.isEngineer = isEngineer;
  tell("depth");
}

export function setPanel(name) {
  state.panel = name;
  tell("panel");
}

/** The next moment whose title, detail or lane has a word. */
export function find(word) {
  const sought = word.trim().toLowerCase();
  if (!sought) return -1;
  return call().moments.findIndex((moment, index) =>
    index > state.position && `${moment.title} ${moment.detail} ${moment.lane}`.toLowerCase().includes(sought));
}
