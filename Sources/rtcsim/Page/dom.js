// This module makes elements; data from the server only ever becomes text, never markup.

export const $ = (id) => document.getElementById(id);

const svg = "http://www.w3.org/2000/svg";

/** An HTML element. Attributes whose names begin with "on" are listeners. */
export const element = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

/** An SVG element. */
export const shape = (name, attributes, ...children) => fill(document.createElementNS(svg, name), attributes, children);

/** What is null, undefined or false is left out, save that an ARIA state may be false. */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const isState = name.startsWith("aria-");
    if (value === null || value === undefined || (value === false && !isState)) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true && !isState ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Exchanges what is in a box; what had the focus and comes again under the same `data-keep` keeps it. */
export function replaceChildren(box, children) {
  const kept = box.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
  box.replaceChildren(...children.filter(Boolean));
  if (kept) box.querySelector(`[data-keep="${CSS.escape(kept)}"]`)?.focus({ preventScroll: true });
}

/** A table in a box that scrolls by itself. A row is a list of cells, or an object with `cells` and `class`. */
export function table(caption, heads, rows) {
  const cell = (value, index) => element(index === 0 ? "th" : "td", index === 0 ? { scope: "row" } : {}, value ?? "–");
  return element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
    element("table", {},
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.map((row) =>
        element("tr", { class: row.class }, (row.cells ?? row).map(cell))))));
}

/** A list of names and values; pairs without a value show a dash. */
export const facts = (pairs) => element("dl", { class: "facts" }, pairs.map(([name, value]) => [
  element("dt", {}, name), element("dd", {}, value === null || value === undefined || value === "" ? "–" : value),
]));

export const empty = (sentence) => element("p", { class: "empty" }, sentence);

export const mono = (text) => element("span", { class: "mono" }, text);

/** Milliseconds as they are shown, without a unit. */
export const ms = (value, digits = 1) => (value === null || value === undefined ? "–" : value.toFixed(digits));

export const prefersStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
