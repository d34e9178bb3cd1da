// Before a patient is told of a change: who gets what, and whether they shall.

import { _ } from "../language.js";
import { get } from "./api.js";
import { byId } from "./dom.js";
import { name } from "./look.js";
import { hour, longDay, now, wallOf } from "./zone.js";

/** Writes into `place` who is told, by which way. */
export async function sayWhoIsTold(visit, event, place) {
  place.textContent = "";
  try {
    const answer = await get(`/api/v1/appointment/${visit.id}/told`);
    place.textContent = answer.body.result[event];
  } catch (error) {
    place.textContent = error.message;
  }
}

/** Asks whether to tell of a move; true, false, or null where the visit shall stay. A visit that no
 *  patient expects, and a change that they do not see, ask nothing. */
export function askToTell(visit, changes) {
  const start = changes.appointment_datetime ? wallOf(changes.appointment_datetime) : visit.start;
  const seen = start !== visit.start || (changes.doctor_id ?? visit.doctor_id) !== visit.doctor_id;
  if (visit.status !== "booked" || !seen || visit.start <= now()) return Promise.resolve(true);
  const dialog = byId("telling");
  byId("telling-text").textContent = _("%(name)s is moved to %(when)s.", { name: name(visit), when: `${longDay(start)}, ${hour(start)}` });
  sayWhoIsTold(visit, "moved", byId("telling-told"));
  dialog.returnValue = "";
  return new Promise((resolve) => {
    const answers = { tell: true, quiet: false };
    dialog.addEventListener("close", () => resolve(answers[dialog.returnValue] ?? null), { once: true });
    dialog.showModal();
  });
}
