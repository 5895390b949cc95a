// This module keeps all that is shown in the address, so that a link leads to a moment and the browser's buttons work.

import { call, listen, state } from "rtcsim/store.js";

const separator = "*";
let timer = null;

/** The address of what is shown. */
export function write() {
  const history = call();
  if (!history) return "";
  const words = new URLSearchParams({ scenario: history.scenario, seed: history.seed });
  for (const { moment, action, target, argument } of history.whatIf ?? []) {
    words.append("what-if", [moment, action, target ?? "", argument ?? ""].join(separator));
  }
  words.set("moment", state.position);
  words.set("panel", state.panel);
  if (state.isEngineer) words.set("depth", "engineer");
  return `#${words}`;
}

const wholeNumber = (text) => (/^\d{1,15}$/.test(text ?? "") ? Number(text) : null);

/** What an address asks for; null where it says nothing. */
export function read(hash = location.hash) {
  const words = new URLSearchParams(hash.slice(1));
  const whatIf = words.getAll("what-if").map((one) => {
    const [moment, action, target, ...argument] = one.split(separator);
    return { moment: wholeNumber(moment) ?? 0, action, target: target || null, argument: argument.join(separator) || null };
  });
  return {
    scenario: words.get("scenario"), seed: wholeNumber(words.get("seed")), whatIf, moment: wholeNumber(words.get("moment")),
    panel: words.get("panel"), isEngineer: words.get("depth") === "engineer",
  };
}

/** Whether a call is the one that an address asks for. */
export function isOf(history, wanted) {
  const key = (whatIf) => JSON.stringify((whatIf ?? []).map(({ moment, action, target, argument }) =>
    [moment, action, target ?? null, argument ?? null]));
  return history.scenario === wanted.scenario && history.seed === wanted.seed && key(history.whatIf) === key(wanted.whatIf);
}

/** Steps replace the address after a short while; jumps and other calls add to the browser's history. */
export function start(open) {
  listen((what, how) => {
    clearTimeout(timer);
    if (how === "jump") record("pushState");
    else timer = setTimeout(() => record("replaceState"), 200);
  });
  addEventListener("popstate", () => {
    clearTimeout(timer);
    if (location.hash !== write()) open(read());
  });
}

function record(method) {
  const address = write();
  if (address && address !== location.hash) window.history[method](null, "", address);
}
