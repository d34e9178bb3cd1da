// Recurring visits: the rule that the panel asks for, which visits a change reaches, and what to
// do about those that cannot be had.

import { _ } from "../language.js";
import { post } from "./api.js";
import { byId, icon, make, rightAgain, wrongHere } from "./dom.js";
import { hour, shortDay, wallOf, weekday } from "./zone.js";

const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** The rule (RFC 5545) of a choice in the panel, from a first time on the wall. */
export function ruleOf(choice, wall, count) {
  const day = Number(wall.slice(8, 10));
  const nth = day > 28 ? -1 : Math.ceil(day / 7); // a fifth Tuesday is the last one
  const rule = choice === "weekday" ? `FREQ=MONTHLY;BYDAY=${nth}${DAYS[weekday(wall.slice(0, 10))]}` : choice;
  return `${rule};COUNT=${count}`;
}

/** What the radio buttons of a dialog say; `one` for a visit that stands alone. */
export const scopeIn = (fieldset) => (fieldset.hidden ? "one" : fieldset.querySelector("input:checked").value);

export function askScope(fieldset, visit) {
  fieldset.hidden = !visit?.series_id;
  fieldset.querySelector("input").checked = true;
}

/** Sends a step of a series; where some visits cannot be had it asks what to do with the others. */
export async function sendSeries(url, body) {
  for (;;) {
    const answer = await post(url, body);
    if (answer.ok || answer.body.code !== "series_conflict") return answer;
    const choice = await asked(answer.body, body);
    if (!choice) return answer;
    body = { ...body, ...choice };
  }
}

export const cancelSeries = (visit, scope, more) =>
  post(`/api/v1/series/${visit.series_id}/cancel`, { appointment_id: visit.id, version: visit.version, scope, ...more });

function asked({ message, missed }, sent) {
  const dialog = byId("missed");
  const soft = missed.some((one) => one.soft) && !sent.override_reason;
  byId("missed-text").textContent = message;
  byId("missed-list").replaceChildren(...missed.map(item));
  byId("missed-why").hidden = byId("missed-insist").hidden = !soft;
  byId("missed-reason").value = "";
  rightAgain(byId("missed-reason"));
  byId("missed-skip").hidden = Boolean(sent.skip);
  return new Promise((resolve) => {
    let choice = null;
    const take = (value) => {
      choice = value;
      dialog.close();
    };
    byId("missed-skip").onclick = () => take({ skip: true });
    byId("missed-insist").onclick = () => {
      const reason = byId("missed-reason").value.trim();
      if (reason) take({ override_reason: reason });
      else wrongHere(byId("missed-reason"), _("Write in a few words why it is right here."));
    };
    dialog.addEventListener("close", () => resolve(choice), { once: true });
    dialog.showModal();
  });
}

function item({ start, message, alternatives }) {
  const wall = wallOf(start);
  const free = alternatives.map((slot) => {
    const at = wallOf(slot.start);
    return at.slice(0, 10) === wall.slice(0, 10) ? hour(at) : `${shortDay(at)} ${hour(at)}`;
  });
  return make(
    "li",
    {},
    icon("fa-circle-xmark"),
    make("span", {}, make("strong", {}, `${shortDay(wall)}, ${hour(wall)}. `), message, free.length ? make("span", { className: "muted" }, ` ${_("Free: %(times)s.", { times: free.join(", ") })}`) : null),
  );
}
