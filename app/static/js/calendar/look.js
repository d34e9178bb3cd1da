// How a visit looks in the grid: time, name, and a sign with a word for how far it is.

import { icon, make, safeColour } from "./dom.js";
import { hour, minutesBetween } from "./zone.js";

/** Sign and word of each status; the same as on the badges of the grid's lists. */
export const STATUS = {
  proposed: ["fa-calendar-plus", "Proposed", "plain"],
  pending: ["fa-hourglass-half", "Pending", "warn"],
  booked: ["fa-calendar-check", "Booked", "info"],
  arrived: ["fa-person-walking", "Arrived", "violet"],
  "checked-in": ["fa-clipboard-check", "Checked in", "violet"],
  "in-room": ["fa-door-open", "In room", "violet"],
  fulfilled: ["fa-circle-check", "Done", "good"],
  noshow: ["fa-user-slash", "No-show", "bad"],
  cancelled: ["fa-ban", "Cancelled", "bad"],
  "entered-in-error": ["fa-eraser", "Entered in error", "bad"],
};

export const MOVABLE = ["proposed", "pending", "booked"];

export const status = (visit) => STATUS[visit.status] ?? ["fa-circle", visit.status ?? "Status hidden", "plain"];
export const name = (visit) => visit.patient ?? "Taken";

export function badge(visit) {
  const [sign, word, tone] = status(visit);
  return make("span", { className: `badge tone-${tone}` }, icon(sign), word);
}

/** All of a visit in one sentence, for those who listen. */
export function sentence(visit) {
  const parts = [`${hour(visit.start)} to ${hour(visit.end)}`, name(visit), visit.type, visit.doctor, visit.room, status(visit)[1]];
  return parts.filter(Boolean).join(", ");
}

/** The inside of a visit in a grid. */
export function content(visit, compact) {
  const [sign, word] = status(visit);
  const minutes = minutesBetween(visit.start, visit.end);
  const mark = icon(sign);
  mark.title = word;
  const head = make("span", { className: "ev-head" }, mark, make("b", { className: "ev-name" }, name(visit)));
  if (compact || minutes < 25) {
    head.prepend(make("span", { className: "ev-time" }, hour(visit.start)));
    return [head];
  }
  const times = `${hour(visit.start)}–${hour(visit.end)}`;
  const lines = minutes < 40 ? [`${times} · ${word}`] : [times, [word, visit.type].filter(Boolean).join(" · "), visit.room];
  return [head, ...lines.filter(Boolean).map((line) => make("span", { className: "ev-detail" }, line))];
}

/** What the library is given for a visit. */
export function event(visit, by) {
  const column = by === "room" ? (visit.room_id ?? "none") : visit.doctor_id;
  const editable = visit.may_change && MOVABLE.includes(visit.status);
  return {
    id: visit.id,
    start: visit.start,
    end: visit.end,
    allDay: false,
    title: name(visit),
    resourceIds: [String(column)],
    editable,
    startEditable: editable,
    durationEditable: editable,
    classNames: ["ev", `ev-${visit.status}`, minutesBetween(visit.start, visit.end) < 15 ? "ev-tiny" : "ev-full"],
    styles: [`--visit:${safeColour(visit.colour)}`],
    extendedProps: { visit },
  };
}
