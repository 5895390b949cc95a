// Small words for the document.

export const find = (id) => document.getElementById(id);

export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Adds a line to a log, newest last, and forgets what is older than the last 200. */
export function append(list, line) {
  list.append(line);
  while (list.children.length > 200) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}
