// From the server's rows to what is drawn: visits, columns, times off duty, hours of the day.

import { _ } from "../language.js";
import { unpacked } from "./api.js";
import { event, tally } from "./look.js";
import { longDay, plusDays } from "./zone.js";

const FIXED = { editable: false, startEditable: false, durationEditable: false };
const NOBODY = { id: "none", title: _("No room yet"), extendedProps: { detail: "" } };

export function address(page, state, [start, end]) {
  const said = new URLSearchParams({ start, end, by: state.by });
  for (const name of ["doctor", "room", "type"]) if (state[name]) said.set(name, state[name]);
  return `${page.urls.events}?${said}`;
}

export const read = (body) => ({ visits: unpacked(body.visits), duty: unpacked(body.duty) });

/** The columns of the day: who is on duty or has a visit; all, where that is nobody. */
export function columns(page, state, { visits, duty }) {
  const rooms = state.by === "room";
  const all = rooms ? page.rooms : page.doctors;
  const key = rooms ? "room_id" : "doctor_id";
  const count = (id) => visits.filter((visit) => visit[key] === id).length;
  const busy = new Set([...visits.map((visit) => visit[key]), ...(rooms ? [] : duty.map((shift) => shift.doctor_id))]);
  const chosen = Number(state[rooms ? "room" : "doctor"]);
  let shown = chosen ? all.filter((one) => one.id === chosen) : rooms ? all : all.filter((one) => busy.has(one.id));
  if (!shown.length) shown = all;
  const known = new Set(all.map((one) => one.id));
  const gone = visits.filter((visit) => visit[key] !== null && !known.has(visit[key]));
  const strangers = new Map(gone.map((visit) => [visit[key], { id: visit[key], name: (rooms ? visit.room : visit.doctor) ?? "–", detail: "" }]));
  const made = [...shown, ...strangers.values()].map((one) => ({
    id: String(one.id),
    title: one.name,
    extendedProps: { detail: one.detail, count: count(one.id) },
  }));
  if (rooms && visits.some((visit) => visit.room_id === null)) made.push({ ...NOBODY, extendedProps: { detail: "", count: count(null) } });
  return made;
}

/** The events of the library: the visits, and behind them the times off duty. */
export function events(state, data, days, resources) {
  if (state.view === "month") return counts(data.visits);
  const made = data.visits.map((visit) => event(visit, state.by));
  if (!data.duty.length || state.by === "room") return made;
  if (state.view === "day") {
    for (const { id } of resources) made.push(...offDuty(data.duty, Number(id), days, [id]));
  } else if (state.doctor) made.push(...offDuty(data.duty, Number(state.doctor), days, []));
  return made;
}

/** One for each day of a month, where names would not fit: how many visits, and how far they are. */
function counts(visits) {
  const found = new Map();
  for (const visit of visits) {
    const day = visit.start.slice(0, 10);
    if (!found.has(day)) found.set(day, []);
    found.get(day).push(visit);
  }
  return [...found].map(([day, those]) => ({
    id: `count-${day}`,
    start: day,
    end: day,
    allDay: true,
    ...FIXED,
    classNames: ["ev-count"],
    extendedProps: { day, count: those.length, says: longDay(day), tally: tally(those) },
  }));
}

function offDuty(duty, doctor, [start, end], resourceIds) {
  const shifts = duty.filter((shift) => shift.doctor_id === doctor).sort((a, b) => (a.start < b.start ? -1 : 1));
  const gaps = [];
  let free = `${start}T00:00`;
  for (const shift of shifts) {
    if (shift.start > free) gaps.push([free, shift.start]);
    if (shift.end > free) free = shift.end;
  }
  const last = `${end}T00:00`;
  if (free < last) gaps.push([free, last]);
  return gaps.flatMap(([from, to]) => byDay(from, to)).map(([from, to], at) => ({
    id: `off-${doctor}-${from}-${at}`,
    start: from,
    end: to,
    display: "background",
    resourceIds,
    ...FIXED,
    classNames: ["ev-off"],
  }));
}

function byDay(from, to) {
  const pieces = [];
  while (from < to) {
    const midnight = `${plusDays(from.slice(0, 10), 1)}T00:00`;
    const until = midnight < to ? midnight : to;
    pieces.push([from, until]);
    from = until;
  }
  return pieces;
}

/** First and last hour of the day that the grid shows, e.g. ["07:00", "19:00"]. */
export function hours({ visits, duty }) {
  let [first, last] = [8, 18];
  for (const { start, end } of [...visits, ...duty]) {
    const over = start.slice(0, 10) !== end.slice(0, 10);
    first = Math.min(first, over && end.slice(11) !== "00:00" ? 0 : Number(start.slice(11, 13)));
    last = Math.max(last, over ? 24 : Math.ceil(Number(end.slice(11, 13)) + Number(end.slice(14, 16)) / 60));
  }
  const two = (value) => String(value).padStart(2, "0");
  return [`${two(first)}:00`, `${two(Math.min(last, 24))}:00`];
}
