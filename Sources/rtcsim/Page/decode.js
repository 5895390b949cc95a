// A message from the outside to the last byte.

import { $, element } from "rtcsim/dom.js";
import * as source from "rtcsim/source.js";
import { call } from "rtcsim/state.js";
import { fail } from "rtcsim/page.js";

let returnTo = null;

export function start() {}

export async function open(number) {
  if (number === null || number === undefined) return;
  const history = call();
  try {
    const detail = await source.message(history, number);
    const lines = detail.text === null ? null : (await source.text(history, detail.text)).lines;
    if ($("decode").hidden) returnTo = document.activeElement;
    draw(history.messages[number], detail, lines);
    $("decode").hidden = false;
    $("decode-close").focus();
  } catch (error) {
    fail(error);
  }
}

export function close() {
  if ($("decode").hidden) return;
  $("decode").hidden = true;
  returnTo?.focus?.();
}

function draw(message, detail, lines) {
  const dump = detail.bytes ? hexDump(detail.bytes) : null;
  const light = (field, isOn) => {
    if (!dump || field.offset === null) return;
    for (let place = field.offset; place < field.offset + field.length; place += 1) {
      dump.cells[place]?.classList.toggle("lit", isOn);
    }
  };
  const fields = element("table", { class: "fields" },
    element("thead", {}, element("tr", {}, ["Offset", "Field", "Value", "Meaning"].map((name) => element("th", {}, name)))),
    element("tbody", {}, detail.fields.map((field) => element("tr", {
      tabindex: 0, onmouseenter: () => light(field, true), onmouseleave: () => light(field, false),
      onfocus: () => light(field, true), onblur: () => light(field, false),
    }, element("td", {}, field.offset ?? ""), element("td", {}, field.name), element("td", { class: "mono" }, field.value),
    element("td", {}, field.meaning)))));
  $("decode").replaceChildren(
    element("header", {},
      element("h2", {}, detail.title),
      element("button", { id: "decode-close", type: "button", onclick: close, "aria-label": "Close" }, "✕")),
    element("p", { class: "facts" }, `Message ${message.number}, ${message.size} bytes, ${message.protocol}`),
    element("ol", { class: "path" }, detail.path.map((stop) => element("li", {},
      element("b", {}, stop.lane), ` ${stop.ms.toFixed(3)} ms`,
      stop.source ? element("span", { class: "mono" }, ` ${stop.source} → ${stop.destination}`) : null))),
    message.dropped ? element("p", { class: "bad" }, `Dropped at ${message.dropped.lane}: ${message.dropped.reason}.`) : "",
    lines ? element("ol", { class: "sdp" }, lines.map((line) => element("li", { title: line.meaning }, line.text,
      element("small", {}, ` ${line.meaning}`)))) : "",
    detail.fields.length > 0 ? element("div", { class: "scroll" }, fields) : "",
    dump ? dump.box : "");
}

/** Sixteen bytes a row, each a cell of its own. */
function hexDump(digits) {
  const cells = [];
  const rows = [];
  for (let begin = 0; begin < digits.length; begin += 32) {
    const row = element("div", {}, element("i", {}, (begin / 2).toString(16).padStart(4, "0")));
    for (let place = begin; place < Math.min(begin + 32, digits.length); place += 2) {
      const cell = element("span", {}, digits.slice(place, place + 2));
      cells.push(cell);
      row.append(" ", cell);
    }
    rows.push(row);
  }
  return { cells, box: element("div", { class: "hex", "aria-label": "Bytes" }, rows) };
}
