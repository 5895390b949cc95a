// This module gets calls and their details from the server, or from the file that the page was exported to.

const node = document.getElementById("embedded");
const content = node ? JSON.parse(node.textContent) : null;

/** Whether there is no server to ask. */
export const isExported = content !== null;

/** The calls of an exported file with their details, the original first; the original may come without details. */
const exported = !content ? [] : Array.isArray(content) ? content
  : [content.original ? { history: content.original } : null, content].filter(Boolean);

export const exportedHistories = exported.map((one) => one.history);

const mostKept = 800;
const kept = new Map();

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Is rtcsim serve still running?");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error ?? `The server answers with status ${response.status}.`);
  if (answer === null) throw new Error("The server's answer is not JSON.");
  return answer;
}

/** Asks once for what never changes; what failed may be asked for again. */
function askOnce(path) {
  if (!kept.has(path)) {
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value);
    const answer = ask(path);
    kept.set(path, answer);
    answer.catch(() => kept.delete(path));
  }
  return kept.get(path);
}

export async function scenarios() {
  if (!isExported) return ask("/api/scenarios");
  const { scenario, summary, seed } = exportedHistories[0];
  return { scenarios: [{ name: scenario, summary }], chosen: scenario, seed };
}

/** Runs a call with its what-ifs, or finds it among those that the server still has. */
export const history = (wanted) => ask("/api/histories", {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted),
});

async function part(kind, history, number) {
  if (!isExported) return askOnce(`/api/histories/${encodeURIComponent(history.id)}/${kind}/${number}`);
  const found = exported.find((one) => one.history.id === history.id)?.[kind]?.[number];
  if (!found) throw new Error("The exported file does not hold this detail of the call.");
  return found;
}

export const momentDetail = (history, number) => part("moments", history, number);
export const messageDetail = (history, number) => part("messages", history, number);
export const text = (history, number) => part("texts", history, number);
