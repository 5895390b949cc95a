// This module shows newcomers what to do, until they have hidden it.

import { $ } from "rtcsim/dom.js";

const key = "rtcsim-hint-hidden";

/** A browser may forbid to remember; then the hint comes again. */
function remember(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

export function start() {
  $("hint").hidden = remember((storage) => storage.getItem(key)) !== null;
  $("hint-close").addEventListener("click", () => {
    $("hint").hidden = true;
    remember((storage) => storage.setItem(key, "yes"));
  });
}
