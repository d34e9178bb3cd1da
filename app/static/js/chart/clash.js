// Two people wrote in one draft: both texts, and a decision.

import { _ } from "../language.js";

const LABELS = { notes: _("Notes"), diagnosis: _("Diagnosis"), treatment: _("Treatment") };

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function row(name, yours, theirs) {
  const mine = element("td", { className: "mine", textContent: yours || _("(empty)") });
  const kept = element("td", { textContent: theirs || _("(empty)") });
  mine.dataset.label = _("Yours");
  kept.dataset.label = _("Kept meanwhile");
  return element("tr", {}, element("th", { scope: "row", textContent: LABELS[name] }), mine, kept);
}

function table(yours, current) {
  const heads = [_("Part"), _("Yours"), _("Kept meanwhile")].map((textContent) => element("th", { scope: "col", textContent }));
  const differing = Object.keys(LABELS).filter((name) => (yours[name] ?? "") !== (current[name] ?? ""));
  return element(
    "table",
    { className: "conflict" },
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...differing.map((name) => row(name, yours[name], current[name]))),
  );
}

/** Shows both texts in `place`; `mine` and `theirs` are called with the person's decision. */
export function showClash(place, { message, yours, current, signed }, { mine, theirs }) {
  const heading = element("h2", { textContent: _("Both texts"), tabIndex: -1 });
  const button = (text, primary, then) => {
    const made = element("button", { type: "button", className: `btn${primary ? " btn-primary" : ""}`, textContent: text });
    made.addEventListener("click", () => {
      place.replaceChildren();
      then();
    });
    return made;
  };
  const actions = element("div", { className: "form-bar" });
  if (!signed) actions.append(button(_("Keep mine"), true, mine));
  actions.append(button(signed ? _("Forget my text") : _("Take the other"), false, theirs));
  const card = element(
    "section",
    { className: "card conflict-card", role: "alert" },
    element("div", { className: "card-head" }, heading),
    element("p", { className: "card-note", textContent: message }),
    table(yours, current),
    actions,
  );
  place.replaceChildren(card);
  card.scrollIntoView({ block: "nearest" });
  heading.focus({ preventScroll: true });
}
