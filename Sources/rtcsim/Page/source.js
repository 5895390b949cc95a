// Where calls come from: the server, or the file that the page was exported to.

/** The calls of an exported file, the original first; `null` where there is a server. */
const embedded = (() => {
  const node = document.getElementById("embedded");
  return node ? JSON.parse(node.textContent) : null;
})();

/** Whether there is no server to ask. */
export const isExported = embedded !== null;

const cache = new Map();
const mostKept = 600;

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Is rtcsim serve still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The server answers ${response.status}.`);
  return answer;
}

/** What belongs to a call and never changes is asked for once. */
async function kept(path) {
  if (!cache.has(path)) {
    if (cache.size >= mostKept) cache.delete(cache.keys().next().value);
    const answer = ask(path);
    cache.set(path, answer);
    answer.catch(() => cache.delete(path));
  }
  return cache.get(path);
}

export async function scenarios() {
  if (embedded) {
    const { scenario, summary, seed } = embedded[0].history;
    return { scenarios: [{ name: scenario, summary }], chosen: scenario, seed };
  }
  return ask("/api/scenarios");
}

/** Runs a call, or finds it among those that the server still has. */
export async function history(wanted) {
  return ask("/api/histories", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted),
  });
}

/** The calls of an exported file. */
export const exported = (embedded ?? []).map((call) => call.history);

const part = (kind) => async (history, number) => embedded
  ? embedded.find((call) => call.history.id === history.id)[kind][number]
  : kept(`/api/histories/${history.id}/${kind}/${number}`);

export const moment = part("moments");
export const message = part("messages");
export const text = part("texts");
