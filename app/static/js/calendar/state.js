// Which part of the calendar is shown: its address, its days, its title.

import { longDay, plusDays, today, weekday, words } from "./zone.js";

export const VIEWS = ["day", "week", "month", "list"];
const FILTERS = ["doctor", "room", "type"];

/** The state that an address means; `page` fills in what it leaves out. */
export function fromAddress(page) {
  const asked = new URLSearchParams(location.search);
  const view = asked.get("view");
  const state = {
    view: VIEWS.includes(view) ? view : page.view,
    date: /^\d{4}-\d\d-\d\d$/.test(asked.get("date") ?? "") ? asked.get("date") : page.date,
    by: asked.get("by") === "room" ? "room" : "doctor",
  };
  for (const name of FILTERS) state[name] = asked.get(name) ?? "";
  return state;
}

export function toAddress(state) {
  const said = new URLSearchParams({ view: state.view, date: state.date });
  if (state.by === "room") said.set("by", "room");
  for (const name of FILTERS) if (state[name]) said.set(name, state[name]);
  return `?${said}`;
}

export const isNarrowed = (state) => FILTERS.some((name) => state[name]);

const monday = (day) => plusDays(day, -weekday(day));
const first = (day) => `${day.slice(0, 8)}01`;
const nextMonth = (day) => first(plusDays(first(day), 32));

/** First day and first day after, of what is fetched. */
export function span(state) {
  const { view, date } = state;
  if (view === "day") return [date, plusDays(date, 1)];
  if (view === "list") return [date, plusDays(date, 7)];
  if (view === "week") return [monday(date), plusDays(monday(date), 7)];
  return [monday(first(date)), plusDays(monday(plusDays(nextMonth(date), -1)), 7)];
}

/** The date one page earlier or later. */
export function stepped(state, by) {
  const { view, date } = state;
  if (view === "day") return plusDays(date, by);
  if (view === "month") return by > 0 ? nextMonth(date) : first(plusDays(first(date), -1));
  return plusDays(date, 7 * by);
}

export function title(state) {
  const [start, end] = span(state);
  if (state.view === "day") return longDay(state.date);
  if (state.view === "month") return words(state.date, { month: "long", year: "numeric" });
  const last = plusDays(end, -1);
  const same = start.slice(0, 7) === last.slice(0, 7);
  const from = words(start, same ? { day: "numeric" } : { day: "numeric", month: "short" });
  return `${from} – ${words(last, { day: "numeric", month: "short", year: "numeric" })}`;
}

export const shows = (state, day) => span(state)[0] <= day && day < span(state)[1];
export const isToday = (state) => shows(state, today());
