// The address of a moment: everything that is needed to come to it again.

import { call, state } from "rtcsim/state.js";

export function read() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const number = (name) => {
    const value = Number.parseInt(fields.get(name) ?? "", 10);
    return Number.isSafeInteger(value) && value >= 0 ? value : null;
  };
  const whatIf = fields.getAll("whatif").map((text) => {
    const [moment, action, target, argument] = text.split(":");
    return { moment: Number.parseInt(moment, 10) || 0, action, target: target || null, argument: argument || null };
  });
  const isEngineer = fields.get("depth") === "engineer";
  return { scenario: fields.get("scenario"), seed: number("seed"), moment: number("moment"), whatIf, isEngineer };
}

export function write() {
  const history = call();
  if (!history) return "";
  const fields = new URLSearchParams({ scenario: history.scenario, seed: history.seed });
  for (const change of history.whatIf) {
    fields.append("whatif", [change.moment, change.action, change.target ?? "", change.argument ?? ""].join(":"));
  }
  fields.set("moment", state.position);
  if (state.isEngineer) fields.set("depth", "engineer");
  return `#${fields}`;
}

/** Keeps the address bar at the moment; a new call is a new entry of the browser's history. */
export function follow(isNewCall) {
  const address = write();
  if (!address || address === location.hash) return;
  if (isNewCall && location.hash) window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
}
