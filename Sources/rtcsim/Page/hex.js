// This module shows bytes as a hex dump in which ranges can be lit.

import { element } from "rtcsim/dom.js";

/** `digits` are two for each byte; `point` is told the offset of the byte that is pointed at. */
export function hexDump(digits, bytesInRow, point) {
  const cells = [];
  const rows = [];
  for (let begin = 0; begin < digits.length / 2; begin += bytesInRow) {
    const row = element("div", { class: "hex-row" }, element("i", {}, begin.toString(16).padStart(4, "0")));
    let letters = "";
    for (let offset = begin; offset < Math.min(begin + bytesInRow, digits.length / 2); offset += 1) {
      const pair = digits.slice(offset * 2, offset * 2 + 2);
      const code = parseInt(pair, 16);
      letters += code > 32 && code < 127 ? String.fromCharCode(code) : "·";
      const cell = element("span", { "data-offset": offset }, pair);
      cells.push(cell);
      row.append(" ", cell);
    }
    row.append(" ", element("em", { "aria-hidden": "true" }, letters));
    rows.push(row);
  }
  const box = element("div", { class: "hex", role: "group", "aria-label": "Bytes", tabindex: 0 }, rows);
  box.addEventListener("mouseover", (event) => {
    const { offset } = event.target.dataset;
    if (offset !== undefined) point(Number(offset));
  });
  /** Lights a range, and takes the light from all else. */
  const light = (offset, length) => cells.forEach((cell, place) =>
    cell.classList.toggle("lit", offset !== null && offset !== undefined && place >= offset && place < offset + (length ?? 0)));
  return { box, light };
}
