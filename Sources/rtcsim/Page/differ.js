// This module compares two descriptions line by line.

/** Lines with a mark: " " for what stayed, "−" for what was removed and "+" for what was added. */
export function compare(old, now) {
  const lengths = commonLengths(old, now);
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i].text === now[j].text) {
      lines.push({ ...now[j], mark: " " });
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= now.length || lengths[i + 1][j] >= lengths[i][j + 1])) {
      lines.push({ ...old[i], mark: "−" });
      i += 1;
    } else {
      lines.push({ ...now[j], mark: "+" });
      j += 1;
    }
  }
  return lines;
}

/** How many lines the rests from each place on have in common, in order. */
function commonLengths(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = old[i].text === now[j].text ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}
