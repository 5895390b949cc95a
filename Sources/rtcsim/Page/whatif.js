// What if: changes that can be tried at this moment.

import { element } from "rtcsim/dom.js";
import { change } from "rtcsim/page.js";
import { moment, state } from "rtcsim/state.js";

export function whatIf(history) {
  const now = moment();
  return element("section", { id: "what-if" },
    element("p", {}, `The call is run again from its seed, and changed at moment ${now.number}, ${now.title} of ${now.lane}.`),
    history.actions.map((action) => row(action, now)));
}

function row(action, now) {
  const target = action.targets.length === 0 ? null : element("select", { "aria-label": `Target of ${action.name}` },
    action.targets.map((name) => element("option", { value: name, selected: isNear(name, now) }, name)));
  const argument = action.argument && (action.argument.choices
    ? element("select", { "aria-label": action.argument.name }, action.argument.choices.map((name) => element("option", {}, name)))
    : element("input", { value: action.argument.default, size: 6, "aria-label": action.argument.name }));
  return element("div", { class: "action" },
    element("button", {
      type: "button", "data-action": action.name,
      onclick: () => change({
        moment: state.position, action: action.name, target: target?.value ?? null, argument: argument?.value ?? null,
      }),
    }, action.name),
    element("span", { class: "summary" }, action.summary), target, argument);
}

/** The link or client that the moment is about. */
const isNear = (name, now) => name === `${now.lane.split("/")[0]}.up` || name === now.lane.split("/")[0];
