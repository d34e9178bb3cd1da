// The list view, which is also what is printed: a table for each day.

import { _ } from "../language.js";
import { icon, make, safeColour } from "./dom.js";
import { badge, name } from "./look.js";
import { hour, longDay, today } from "./zone.js";

const HEADS = [_("Time"), _("Patient"), _("Visit"), _("Doctor"), _("Room"), _("Status")];

export function draw(place, visits, days, open) {
  const byDay = Map.groupBy ? Map.groupBy(visits, (v) => v.start.slice(0, 10)) : grouped(visits);
  const parts = [...byDay].filter(([day]) => day < days[1]).map(([day, rows]) => section(day, rows, open));
  place.replaceChildren(...(parts.length ? parts : [nothing()]));
}

function grouped(visits) {
  const found = new Map();
  for (const visit of visits) {
    const day = visit.start.slice(0, 10);
    found.set(day, [...(found.get(day) ?? []), visit]);
  }
  return found;
}

function section(day, rows, open) {
  const id = `day-${day}`;
  const head = make("h2", { className: "list-day", id }, longDay(day));
  if (day === today()) head.append(make("span", { className: "badge tone-info" }, _("Today")));
  head.append(make("span", { className: "count" }, String(rows.length)));
  const heads = HEADS.map((word) => make("th", { scope: "col" }, word));
  const table = make(
    "table",
    { className: "list-table", attributes: { "aria-labelledby": id } },
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...rows.map((visit) => row(visit, open))),
  );
  return make("section", {}, head, table);
}

function row(visit, open) {
  const button = make("button", { className: "list-open", type: "button", on: { click: () => open(visit, button) } }, name(visit));
  const colour = make("span", { className: "type-dot" });
  colour.style.setProperty("--visit", safeColour(visit.colour));
  const cells = [
    make("td", { className: "list-time num" }, `${hour(visit.start)}–${hour(visit.end)}`),
    make("td", { className: "list-who" }, button, visit.dob ? make("span", { className: "list-born" }, _("born %(day)s", { day: visit.dob })) : null),
    make("td", { className: "list-type" }, visit.type ? colour : null, visit.type ?? ""),
    make("td", { className: "list-doctor" }, visit.doctor ?? ""),
    make("td", { className: "list-room" }, visit.room ?? ""),
    make("td", { className: "list-status" }, badge(visit)),
  ];
  return make("tr", { data: { visit: visit.id } }, ...cells);
}

function nothing() {
  return make(
    "div",
    { className: "empty" },
    make("span", { className: "tile-icon" }, icon("fa-calendar-day")),
    make("p", {}, _("No visit in these days. Book one with “New visit”, or look at other days.")),
  );
}
