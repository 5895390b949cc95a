// The call as a whole: what it is, who takes how long, how it ended, and by what it can be recognized.

import { element } from "rtcsim/dom.js";

export function about(history) {
  const paragraph = (text) => element("p", {}, text);
  return element("section", { class: "about" },
    element("h3", {}, history.scenario), paragraph(history.summary),
    element("h4", {}, "Which delays are whose"), history.notes.map(paragraph),
    element("h4", {}, "How it ended"), history.outcome.sentences.map(paragraph),
    history.isCut ? paragraph("The call was longer than what is kept; its end is not shown.") : null,
    element("h4", {}, "By what it can be recognized"),
    element("p", { class: "mono" }, `seed ${history.seed}, trace ${history.traceHash}`),
    paragraph(`${history.moments.length} moments, ${history.messages.length} messages in ${(history.durationMs / 1000).toFixed(1)} s of virtual time. `
      + "Of each RTP stream the first three packets are kept."));
}
