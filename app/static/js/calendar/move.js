// Moving and stretching: what was dragged is sent, and put back where the server says no.

import { _ } from "../language.js";
import { post } from "./api.js";
import { name } from "./look.js";
import { insist } from "./refusal.js";
import { askToTell } from "./telling.js";
import { toast } from "./toast.js";
import { hour, instantOf, plusDays, plusMinutes, shortDay, wallOf } from "./zone.js";

export const url = (visit, act) => `/api/v1/appointment/${visit.id}/${act}`;

/** A wall time later by a duration of the library. */
function later(wall, { years, months, days, seconds }) {
  if (years || months) throw new RangeError("A drag moves by days and seconds.");
  return plusMinutes(`${plusDays(wall.slice(0, 10), days)}T${wall.slice(11)}`, seconds / 60);
}

/** The changes that a drop in the grid means, or null for a time that the clock skips. */
export function dropped(visit, info, by) {
  const changes = {};
  const start = later(visit.start, info.delta);
  if (start !== visit.start) {
    changes.appointment_datetime = instantOf(start);
    if (!changes.appointment_datetime) return null;
  }
  if (info.newResource) {
    const id = info.newResource.id === "none" ? null : Number(info.newResource.id);
    changes[by === "room" ? "room_id" : "doctor_id"] = id;
  }
  return changes;
}

export function stretched(visit, info) {
  const by = (info.endDelta ?? info.delta).seconds / 60 + (info.endDelta ?? info.delta).days * 1440;
  return { minutes_duration: visit.minutes + by };
}

/** Sends a move; answers true where the visit went somewhere, perhaps to an offered time. */
export async function move(visit, changes, { doctors, refresh, back = false, refused = () => {} }) {
  const tell = back ? await askToTell(visit, changes) : true;
  if (tell === null) {
    refused();
    return false;
  }
  const body = { doctor_id: visit.doctor_id, ...changes, version: visit.version, tell };
  const send = async (sent) => {
    const said = await post(url(visit, "move"), sent);
    if (!said.ok) refused();
    return said;
  };
  const answer = await insist(send, body, doctors);
  await refresh();
  if (!answer.ok) return false;
  if (back) toast(said(visit, answer.body.result), "good", { label: _("Undo"), act: () => undo(visit, answer.body.result, { doctors, refresh }) });
  else toast(_("%(name)s is back at %(time)s.", { name: name(visit), time: hour(visit.start) }));
  return true;
}

function undo(visit, result, { doctors, refresh }) {
  const before = {
    appointment_datetime: visit.at,
    minutes_duration: visit.minutes,
    doctor_id: visit.doctor_id,
    room_id: visit.room_id,
  };
  return move({ ...visit, version: result?.version ?? visit.version + 1 }, before, { doctors, refresh });
}

function said(visit, result) {
  const start = result?.appointment_datetime ? wallOf(result.appointment_datetime) : null;
  if (!start) return _("%(name)s was moved.", { name: name(visit) });
  return `${name(visit)}: ${shortDay(start)}, ${hour(start)}${result.minutes_duration ? `, ${result.minutes_duration} min` : ""}.`;
}
