// Makes elements. Data only ever becomes text, never markup.

export const $ = (id) => document.getElementById(id);

/** An element with attributes and children; names that begin with "on" are listeners; `null` is left out, and `false` save of ARIA. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for drawings. */
export function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    const isState = name.startsWith("aria-");
    if (value === null || value === undefined || (value === false && !isState)) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true && !isState ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** A table with a head; cells are texts or elements. */
export function table(head, rows, attributes = {}) {
  const cells = (name, row) => row.map((cell) => element(name, {}, cell ?? "–"));
  return element("div", { class: "scroll" }, element("table", attributes,
    element("thead", {}, element("tr", {}, cells("th", head))),
    element("tbody", {}, rows.map((row) => element("tr", {}, cells("td", row))))));
}

/** Milliseconds as they are shown. */
export const ms = (value) => (value === null || value === undefined ? "–" : value.toFixed(1));
