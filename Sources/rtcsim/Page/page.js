// The page: loads calls, connects the controls, and passes on what changes.

import { $, element } from "rtcsim/dom.js";
import * as source from "rtcsim/source.js";
import { add, call, find, go, listen, setDepth, show, state } from "rtcsim/state.js";
import * as link from "rtcsim/link.js";
import * as ladder from "rtcsim/ladder.js";
import * as card from "rtcsim/card.js";
import * as timeline from "rtcsim/timeline.js";
import * as panels from "rtcsim/panels.js";
import * as decode from "rtcsim/decode.js";
import * as keyboard from "rtcsim/keyboard.js";

export function fail(error) {
  $("error").textContent = error.message ?? String(error);
  $("error").hidden = false;
}

/** Runs something that may fail; the reason is shown, and nothing else happens. */
export async function attempt(work) {
  document.body.classList.add("busy");
  try {
    await work();
    $("error").hidden = true;
  } catch (error) {
    fail(error);
  } finally {
    document.body.classList.remove("busy");
  }
}

/** Shows a call from the beginning of the page's life, with the changes of its address. */
async function open(wanted, position) {
  const { scenario, seed, whatIf } = wanted;
  const histories = source.exported.slice();
  if (!source.isExported) {
    for (let count = 0; count <= whatIf.length; count += 1) {
      histories.push(await source.history({ scenario, seed, whatIf: whatIf.slice(0, count) }));
    }
  }
  state.calls = [];
  for (const history of histories) add(history, position);
}

/** Tries a change at the present moment. */
export const change = (whatIf) => attempt(async () => {
  const history = call();
  const wanted = {
    scenario: history.scenario, seed: history.seed,
    whatIf: [...history.whatIf.filter((before) => before.moment <= whatIf.moment), whatIf],
  };
  const fork = await source.history(wanted);
  add(fork, Math.min(whatIf.moment + 1, fork.moments.length - 1));
  panels.select("difference");
});

function showTabs() {
  $("histories").replaceChildren(...state.calls.map((history, index) => {
    const changes = history.whatIf.map((one) => one.action).join(" + ");
    return element("button", {
      type: "button", "aria-pressed": index === state.shown, title: history.fork?.sentence ?? history.summary,
      onclick: () => show(index),
    }, changes || "Original");
  }));
}

function showCall() {
  const history = call();
  document.title = `rtcsim: ${history.scenario}`;
  $("scenario").value = history.scenario;
  $("seed").value = history.seed;
  $("outcome").replaceChildren(
    element("strong", {}, history.outcome.isConnected ? "Connected. " : "Not connected. "),
    history.outcome.sentences.join(" "));
  $("outcome").title = [...history.outcome.sentences, ...history.notes].join("\n");
  showTabs();
}

listen((what) => {
  if (what === "call") showCall();
  if (what === "depth") {
    $("depth").textContent = state.isEngineer ? "Engineer" : "First time";
    $("depth").setAttribute("aria-pressed", state.isEngineer);
  }
  if (what !== "panel") link.follow(what === "call");
});

function connect(chosen) {
  $("scenario").addEventListener("change", (event) =>
    attempt(() => open({ scenario: event.target.value, seed: null, whatIf: [] }, 0)));
  $("seed").addEventListener("change", (event) => {
    const seed = Number(event.target.value);
    if (!Number.isSafeInteger(seed) || seed < 0) return fail(new Error("The seed is a whole number, 0 or more."));
    return attempt(() => open({ scenario: $("scenario").value, seed, whatIf: [] }, state.position));
  });
  $("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const found = find(event.target.value);
    event.target.setAttribute("aria-invalid", found < 0);
    if (found >= 0) go(found);
  });
  $("depth").addEventListener("click", () => setDepth(!state.isEngineer));
  $("copy-link").addEventListener("click", async () => {
    const address = location.href.split("#")[0] + link.write();
    try {
      await navigator.clipboard.writeText(address);
      $("copy-link").textContent = "Copied";
    } catch {
      prompt("The address of this moment", address);
    }
    setTimeout(() => { $("copy-link").textContent = "Copy link"; }, 1500);
  });
  $("hint-close").addEventListener("click", () => { $("hint").hidden = true; });
  window.addEventListener("hashchange", () => {
    const { scenario, seed, whatIf, moment } = link.read();
    if (location.hash !== link.write()) attempt(() => open({ scenario: scenario ?? chosen, seed, whatIf }, moment ?? 0));
  });
  window.addEventListener("popstate", () => window.dispatchEvent(new Event("hashchange")));
}

async function start() {
  const { scenarios, chosen, seed } = await source.scenarios();
  $("scenario").replaceChildren(...scenarios.map(({ name, summary }) =>
    element("option", { value: name, title: summary }, name)));
  if (source.isExported) {
    $("scenario").disabled = true;
    $("seed").disabled = true;
  }
  for (const part of [card, ladder, timeline, panels, decode, keyboard]) part.start();
  connect(chosen);
  const wanted = link.read();
  setDepth(wanted.isEngineer);
  await open({
    scenario: wanted.scenario ?? chosen, seed: wanted.seed ?? (wanted.scenario ? null : seed), whatIf: wanted.whatIf,
  }, wanted.moment ?? 0);
}

attempt(start);
