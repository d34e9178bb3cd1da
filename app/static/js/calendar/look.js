// How a visit looks in the grid: time, name, and a sign with a word for how far it is.

import { _, _n, _p } from "../language.js";
import { icon, make, safeColour } from "./dom.js";
import { hour, minutesBetween, plusMinutes } from "./zone.js";

/** Sign and word of each status; the same as on the badges of the grid's lists. */
export const STATUS = {
  proposed: ["fa-calendar-plus", _("Proposed"), "plain"],
  pending: ["fa-hourglass-half", _("Pending"), "warn"],
  booked: ["fa-calendar-check", _("Booked"), "info"],
  arrived: ["fa-person-walking", _("Arrived"), "violet"],
  "checked-in": ["fa-clipboard-check", _("Checked in"), "violet"],
  "in-room": ["fa-door-open", _("In room"), "violet"],
  fulfilled: ["fa-circle-check", _("Done"), "good"],
  noshow: ["fa-user-slash", _("No-show"), "bad"],
  cancelled: ["fa-ban", _("Cancelled"), "bad"],
  "entered-in-error": ["fa-eraser", _("Entered in error"), "bad"],
};

export const MOVABLE = ["proposed", "pending", "booked"];

export const status = (visit) => STATUS[visit.status] ?? ["fa-circle", visit.status ?? _("Status hidden"), "plain"];
export const name = (visit) => visit.patient ?? _p("time", "Taken");

/** How many visits have each status: `[sign, word, count]`, in the order of a visit's life. */
export function tally(visits) {
  const counted = Object.entries(STATUS).map(([key, [sign, word]]) => [sign, word, visits.filter((visit) => visit.status === key).length]);
  return counted.filter(([, , count]) => count);
}

export function badge(visit) {
  const [sign, word, tone] = status(visit);
  return make("span", { className: `badge tone-${tone}` }, icon(sign), word);
}

/** The inside of a visit in a grid: a button that says all of the visit, and shows what fits. */
export function content(visit, compact) {
  const [sign, word] = status(visit);
  const [from, to] = [hour(visit.start), hour(visit.end)];
  const minutes = minutesBetween(visit.start, visit.end);
  const split = visit.start.slice(0, 10) !== visit.end.slice(0, 10); // what is seen of it may be a sliver
  const short = compact || split || minutes < 25;
  const mark = icon(sign);
  mark.title = word;
  const head = [mark, make("b", { className: "ev-name" }, name(visit))];
  let lines = [];
  let unseen = [_("to %(time)s", { time: to }), word, visit.type, visit.doctor, visit.room];
  if (short) head.unshift(make("span", { className: "ev-time" }, from));
  else if (minutes < 40) [lines, unseen] = [[`${from}–${to} · ${word}`], [visit.type, visit.doctor, visit.room]];
  else [lines, unseen] = [[`${from}–${to}`, join(word, visit.type), visit.room], [visit.doctor]];
  const button = make(
    "button",
    { className: "ev-button", type: "button", on: { keydown: pressed } },
    make("span", { className: "ev-head" }, ...spaced(head)),
    ...lines.filter(Boolean).flatMap((line) => [" ", make("span", { className: "ev-detail" }, line)]),
    make("span", { className: "sr-only" }, ` ${unseen.filter(Boolean).join(", ")}`),
  );
  return [button];
}

/** The inside of a day in a month: the number of its visits, and below it that of each status. */
export function sum({ says, count, tally }) {
  const parts = tally.map(([sign, word, number]) =>
    make("span", { className: "ev-part", title: word }, icon(sign), make("span", { className: "sr-only" }, ` ${word}: `), String(number), " "),
  );
  const button = make(
    "button",
    { className: "ev-button", type: "button" },
    make("span", { className: "sr-only" }, `${says}: `),
    make("b", { className: "ev-total" }, _n("%(num)s visit", "%(num)s visits", count)),
    make("b", { className: "ev-bare", ariaHidden: "true" }, String(count)),
    " ",
    make("span", { className: "ev-parts" }, ...parts),
  );
  return [button];
}

const join = (...words) => words.filter(Boolean).join(" · ");
const spaced = (parts) => parts.flatMap((part) => [part, " "]);

/** The library would take the same key once more for the box around the button. */
function pressed(event) {
  if (event.key === "Enter" || event.key === " ") event.stopPropagation();
}

/** A visit of five minutes is drawn as one of fifteen, so that it can be read and hit. */
function drawnEnd(visit) {
  const least = plusMinutes(visit.start, 15);
  return visit.end > least ? visit.end : least;
}

/** What the library is given for a visit. */
export function event(visit, by) {
  const column = by === "room" ? (visit.room_id ?? "none") : visit.doctor_id;
  const editable = visit.may_change && MOVABLE.includes(visit.status);
  return {
    id: visit.id,
    start: visit.start,
    end: drawnEnd(visit),
    allDay: false,
    title: name(visit),
    resourceIds: [String(column)],
    editable,
    startEditable: editable,
    durationEditable: editable,
    classNames: ["ev", `ev-${visit.status}`],
    styles: [`--visit:${safeColour(visit.colour)}`],
    extendedProps: { visit },
  };
}
