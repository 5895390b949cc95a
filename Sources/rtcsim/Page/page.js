// This module is the page: it loads calls, connects the controls in the header, and starts all other parts.

import { $, element } from "rtcsim/dom.js";
import * as card from "rtcsim/card.js";
import * as charts from "rtcsim/charts.js";
import * as decode from "rtcsim/decode.js";
import * as hint from "rtcsim/hint.js";
import * as keyboard from "rtcsim/keyboard.js";
import * as ladder from "rtcsim/ladder.js";
import * as link from "rtcsim/link.js";
import * as panels from "rtcsim/panels.js";
import * as search from "rtcsim/search.js";
import * as source from "rtcsim/source.js";
import { add, call, listen, replaceCalls, setDepth, setPanel, show, state } from "rtcsim/store.js";
import * as timeline from "rtcsim/timeline.js";
import * as whatif from "rtcsim/whatif.js";

let standard = { scenario: null, seed: 1 };
let latest = 0;

/** Tells what went wrong; what is shown stays. */
function fail(error) {
  if (!call()) $("moment-title").textContent = "No call is loaded";
  $("error").textContent = error.message ?? String(error);
  $("error").hidden = false;
}

/** Does something that may fail; `isLatest` tells whether nothing else was begun meanwhile. */
async function attempt(work) {
  latest += 1;
  const mine = latest;
  document.body.classList.add("loading");
  try {
    await work(() => mine === latest);
    $("error").hidden = true;
  } catch (error) {
    fail(error);
  } finally {
    if (mine === latest) document.body.classList.remove("loading");
  }
}

/**
 * Shows the call of an address, from the original on through all its what-ifs; afresh, all other what-ifs are closed.
 *
 * An exported file shows its last call where the address says nothing.
 */
const open = (wanted, how = "step", isAfresh = false) => attempt(async (isLatest) => {
  const { scenario, seed, whatIf } = { ...wanted, scenario: wanted.scenario ?? standard.scenario, seed: wanted.seed ?? standard.seed };
  const find = (calls) => calls.findIndex((history) => link.isOf(history, { scenario, seed, whatIf }));
  const known = isAfresh ? -1 : find(state.calls);
  const histories = source.isExported ? source.exportedHistories.slice() : [];
  if (known < 0 && !source.isExported) {
    for (let count = 0; count <= whatIf.length; count += 1) {
      histories.push(await source.history({ scenario, seed, whatIf: whatIf.slice(0, count) }));
    }
  }
  if (!isLatest()) return;
  setDepth(wanted.isEngineer ?? state.isEngineer);
  if (wanted.panel) setPanel(wanted.panel);
  if (known >= 0) show(known, wanted.moment ?? 0, how);
  else {
    const asked = source.isExported && !wanted.scenario ? -1 : find(histories);
    replaceCalls(histories, asked < 0 ? histories.length - 1 : asked, wanted.moment ?? 0, how);
  }
});

/** Tries a change at the present moment; changes after it are left out. */
const change = (whatIf) => attempt(async (isLatest) => {
  const { scenario, seed, whatIf: before } = call();
  const position = state.position;
  const kept = (before ?? []).filter((one) => one.moment <= position);
  const fork = await source.history({ scenario, seed, whatIf: [...kept, { moment: position, ...whatIf }] });
  if (!isLatest()) return;
  add(fork, fork.difference?.firstFork ?? position);
  panels.select("difference");
});

const nameOf = (whatIf) => [whatIf.action, whatIf.target].filter(Boolean).join(" ");

function showCall() {
  const history = call();
  document.title = `rtcsim: ${history.scenario}`;
  $("scenario").value = history.scenario;
  $("seed").value = history.seed;
  $("histories").replaceChildren(...state.calls.map((one, index) => element("button", {
    type: "button", "aria-pressed": index === state.shown, title: one.fork?.sentence ?? one.summary, onclick: () => show(index),
  }, one.whatIf?.length ? element("span", {}, nameOf(one.whatIf.at(-1)), element("small", {}, ` at ${one.whatIf.at(-1).moment}`)) : "Original")));
  $("histories").hidden = state.calls.length < 2;
  $("outcome-bar").hidden = false;
  showOutcome(history);
}

function showOutcome({ outcome, notes, summary, isCut }) {
  $("outcome").className = outcome.isConnected ? "good" : "bad";
  $("outcome").replaceChildren(element("strong", {}, outcome.isConnected ? "Connected" : "Not connected"), " ", outcome.sentences.join(" "));
  const cut = isCut ? ["Some moments were left out, because the call has too many."] : [];
  $("notes").replaceChildren(
    element("h4", {}, "This call"), element("p", {}, `${summary[0].toUpperCase()}${summary.slice(1)}.`),
    element("h4", {}, "Outcome"), element("ul", {}, outcome.sentences.map((one) => element("li", {}, one))),
    element("h4", {}, "Where its times come from"), element("ul", {}, [...notes, ...cut].map((one) => element("li", {}, one))));
}

/** A button that opens and closes something. */
function disclose(button, reveal) {
  $(button).addEventListener("click", () => {
    const isOpen = $(button).getAttribute("aria-expanded") !== "true";
    $(button).setAttribute("aria-expanded", isOpen);
    reveal(isOpen);
  });
}

async function copyLink() {
  const address = location.href.split("#")[0] + link.write();
  try {
    await navigator.clipboard.writeText(address);
    $("copy-link").textContent = "Copied";
  } catch {
    prompt("The address of this moment", address);
  }
  setTimeout(() => { $("copy-link").textContent = "Copy link to this moment"; }, 1600);
}

function connect() {
  $("scenario").addEventListener("change", () => run());
  $("run-form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  $("depth").addEventListener("click", () => setDepth(!state.isEngineer));
  $("copy-link").addEventListener("click", copyLink);
  disclose("more", (isOpen) => document.body.classList.toggle("menu", isOpen));
  disclose("outcome-more", (isOpen) => { $("notes").hidden = !isOpen; });
  listen((what) => {
    if (what === "call") showCall();
    if (what === "depth") $("depth").setAttribute("aria-pressed", state.isEngineer);
  });
}

function run() {
  const seed = Number($("seed").value.trim() || NaN);
  if (!Number.isSafeInteger(seed) || seed < 0) return fail(new Error("The seed is a whole number, 0 or more."));
  return open({ scenario: $("scenario").value, seed, whatIf: [], moment: 0 }, "jump", true);
}

async function start() {
  const { scenarios, chosen, seed } = await source.scenarios();
  standard = { scenario: chosen, seed };
  $("scenario").replaceChildren(...scenarios.map(({ name, summary }) => element("option", { value: name, title: summary }, name)));
  $("scenario").value = chosen;
  $("seed").value = seed;
  for (const id of ["scenario-field", "run-form"]) $(id).hidden = source.isExported;
  $("exported").hidden = !source.isExported;
  connect();
  for (const part of [card, ladder]) part.start(decode.open);
  decode.start(fail);
  for (const part of [panels, timeline, search, keyboard, hint]) part.start();
  charts.start(() => show(state.shown));
  whatif.start(change);
  link.start(open);
  await open(link.read());
}

start().catch((error) => {
  document.body.classList.remove("loading");
  fail(error);
});
