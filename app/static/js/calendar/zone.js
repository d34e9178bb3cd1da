// Wall-clock times of the clinic, whatever the browser's own zone. A wall time is text such as
// "2026-05-31T14:30"; an instant is ISO 8601 in UTC. Sums are made on the text, never on a Date
// of the browser's zone.

import { locale } from "../language.js";

let zone = "UTC";
let parts;

export function useZone(name) {
  zone = name;
  parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
}

const number = (wall) => Date.parse(`${wall.length > 10 ? wall : `${wall}T00:00`}Z`);
const text = (value) => new Date(value).toISOString().slice(0, 16);

/** The clinic's wall time of an instant. */
export function wallOf(instant) {
  const at = Object.fromEntries(parts.formatToParts(new Date(instant)).map((p) => [p.type, p.value]));
  return `${at.year}-${at.month}-${at.day}T${at.hour}:${at.minute}`;
}

/** The instant of a wall time, the first of two where the clock is set back; null for a time
 *  that the clock skips. */
export function instantOf(wall) {
  const as_utc = number(wall);
  const tries = [-86400000, 86400000].map((by) => as_utc - (number(wallOf(as_utc + by)) - (as_utc + by)));
  const found = [...new Set(tries)].sort((a, b) => a - b).find((value) => wallOf(value) === wall);
  return found === undefined ? null : new Date(found).toISOString().replace(".000Z", "Z");
}

export const now = () => wallOf(Date.now());
export const today = () => now().slice(0, 10);
export const plusMinutes = (wall, minutes) => text(number(wall) + minutes * 60000);
export const plusDays = (day, days) => text(number(day) + days * 86400000).slice(0, 10);
export const minutesBetween = (from, to) => (number(to) - number(from)) / 60000;
export const weekday = (day) => (new Date(number(day)).getUTCDay() + 6) % 7; // Monday is 0

/** The clinic's present distance from UTC, as the calendar library wants it: "+02:00". */
export function offset() {
  const minutes = Math.round((number(now()) - Date.now()) / 60000);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const two = (value) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(hours)}:${two(rest)}`;
}

const formats = new Map();

/** A wall time or a date in words, by options of Intl.DateTimeFormat. */
export function words(wall, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }));
  return formats.get(key).format(number(wall));
}

export const longDay = (wall) => words(wall, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const shortDay = (wall) => words(wall, { weekday: "short", day: "numeric", month: "short" });
export const hour = (wall) => wall.slice(11, 16);
