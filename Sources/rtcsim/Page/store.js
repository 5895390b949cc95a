// This module knows what is shown: the calls, the one in view, the moment, the depth and the panel; views listen to it.

const listeners = [];

export const state = {
  /** The original call first, then its what-ifs. */
  calls: [],
  shown: 0,
  position: 0,
  isEngineer: false,
  panel: "states",
};

export const call = () => state.calls[state.shown] ?? null;
export const moment = () => call()?.moments[state.position] ?? null;
export const lastPosition = () => Math.max(0, (call()?.moments.length ?? 0) - 1);

/** A listener is told one of "call", "moment", "depth" and "panel", and how: "step" or "jump". */
export const listen = (listener) => listeners.push(listener);

const tell = (what, how = "step") => {
  for (const listener of listeners) listener(what, how);
};

const within = (position) => Math.max(0, Math.min(lastPosition(), position));

/** Goes to a moment; a jump is one that the browser's back button should undo. */
export function go(position, how = "step") {
  const next = within(position);
  if (!call() || next === state.position) return;
  state.position = next;
  tell("moment", how);
}

/** Shows one of the calls, at the same moment number where nothing else is said. */
export function show(index, position = state.position, how = "jump") {
  if (!state.calls[index]) return;
  state.shown = index;
  state.position = within(position);
  tell("call", how);
}

export function replaceCalls(calls, shown, position, how) {
  state.calls = calls;
  show(shown, position, how);
}

/** Adds a call unless it is there already, and shows it. */
export function add(history, position) {
  let index = indexOf(history.id);
  if (index < 0) index = state.calls.push(history) - 1;
  show(index, position);
}

export const indexOf = (id) => state.calls.findIndex((one) => one.id === id);

export function setDepth(isEngineer) {
  if (state.isEngineer === isEngineer) return;
  state.isEngineer = isEngineer;
  tell("depth");
}

export function setPanel(name) {
  if (state.panel === name) return;
  state.panel = name;
  tell("panel");
}
