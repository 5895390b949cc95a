// This module shows one message: its way through the network, its fields, and its bytes.

import { $, element, empty, mono, ms } from "rtcsim/dom.js";
import { hexDump } from "rtcsim/hex.js";
import { explained } from "rtcsim/sdp.js";
import * as source from "rtcsim/source.js";
import { call, listen } from "rtcsim/store.js";
import { protocols } from "rtcsim/text.js";

let fail = () => {};
let returnTo = null;
let shown = null;

/** `showError` tells what went wrong. */
export function start(showError) {
  fail = showError;
  listen((what) => { if (what === "call") close(); });
}

export async function open(number) {
  const history = call();
  const message = history?.messages[number ?? -1];
  if (!message) {
    $("live").textContent = "This moment has no message.";
    return;
  }
  try {
    const detail = await source.messageDetail(history, number);
    const hasText = detail.text !== null && detail.text !== undefined;
    const lines = hasText ? (await source.text(history, detail.text)).lines : null;
    if (call() !== history) return;
    if ($("decode").hidden) returnTo = document.activeElement;
    shown = number;
    draw(message, detail, lines);
    $("decode").hidden = false;
    $("decode").scrollTop = 0;
    $("decode-close").focus();
  } catch (error) {
    fail(error);
  }
}

export const isOpen = () => !$("decode").hidden;

/** The message before or after the one in view. */
export const openNext = (step) => {
  if (isOpen() && call().messages[shown + step]) open(shown + step);
};

export function close() {
  if (!isOpen()) return;
  $("decode").hidden = true;
  returnTo?.focus?.({ preventScroll: true });
}

function draw(message, detail, lines) {
  const { fields, bytes } = detail;
  let items = [];
  const dump = bytes ? hexDump(bytes, innerWidth < 560 ? 8 : 16, (offset) => {
    const index = fields.findLastIndex((field) => isRange(field) && field.offset <= offset && offset < field.offset + field.length);
    if (index >= 0) light(index);
  }) : null;
  const light = (index) => {
    items.forEach((item, place) => {
      item.classList.toggle("lit", place === index);
      item.tabIndex = place === index ? 0 : -1;
    });
    dump?.light(fields[index].offset, fields[index].length);
  };
  const list = fields.length > 0 ? fieldTable(fields, light) : null;
  items = [...(list?.querySelectorAll("tbody tr") ?? [])];
  $("decode").replaceChildren(...[
    heading(message, detail), path(message, detail.path),
    lines ? element("div", { class: "decode-text" }, explained(lines)) : null,
    list ?? (lines ? null : empty("This message has no fields that can be decoded.")), dump?.box,
  ].filter(Boolean));
}

const isRange = (field) => Number.isInteger(field.offset) && Number.isInteger(field.length);

function heading(message, detail) {
  const neighbour = (label, step, isThere) => element("button", {
    type: "button", "aria-label": label, title: label, disabled: !isThere, onclick: () => openNext(step),
  }, step < 0 ? "‹" : "›");
  return element("header", { class: message.protocol },
    element("div", {},
      element("p", { class: "meta" }, `${protocols[message.protocol] ?? message.protocol}, message ${message.number} of ${call().messages.length - 1}, ${message.size} bytes`),
      element("h2", { id: "decode-title" }, detail.title)),
    element("div", { class: "buttons" },
      neighbour("Previous message", -1, message.number > 0),
      neighbour("Next message", 1, message.number + 1 < call().messages.length),
      element("button", { id: "decode-close", type: "button", onclick: close, "aria-label": "Close" }, "✕")));
}

/** Where the message was and when; an address that a NAT has exchanged is marked. */
function path(message, stops) {
  let before = null;
  const rows = stops.map((stop) => {
    const address = (name) => (!stop[name] ? null
      : before?.[name] && before[name] !== stop[name] ? element("mark", { title: "translated here" }, stop[name]) : mono(stop[name]));
    const row = element("li", {},
      element("b", {}, stop.lane), element("span", { class: "number" }, `${ms(stop.ms, 3)} ms`),
      stop.source || stop.destination ? element("span", { class: "addresses" }, address("source"), " → ", address("destination")) : null);
    before = stop;
    return row;
  });
  if (message.dropped) {
    rows.push(element("li", { class: "dropped" }, element("b", {}, `✕ ${message.dropped.lane}`),
      element("span", { class: "number" }, `${ms(message.dropped.ms, 3)} ms`), element("span", {}, `dropped: ${message.dropped.reason}`)));
  }
  return element("ol", { class: "path", "aria-label": "Path" }, rows);
}

function fieldTable(fields, light) {
  const rows = fields.map((field, index) => element("tr", { tabindex: index === 0 ? 0 : -1 },
    element("td", { class: "number" }, isRange(field) ? field.offset : ""), element("th", { scope: "row" }, field.name),
    element("td", { class: "mono" }, field.value), element("td", {}, field.meaning)));
  const body = element("tbody", {}, rows);
  const find = (event) => rows.indexOf(event.target.closest("tr"));
  for (const kind of ["mouseover", "focusin", "click"]) body.addEventListener(kind, (event) => light(find(event)));
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    rows[find(event) + step]?.focus();
  });
  return element("div", { class: "scroll" }, element("table", { class: "fields" },
    element("thead", {}, element("tr", {}, ["Offset", "Field", "Value", "Meaning"].map((head) => element("th", { scope: "col" }, head)))),
    body));
}
