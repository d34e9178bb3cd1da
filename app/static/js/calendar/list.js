// The list view, which is also what is printed: a table for each day.

import { _, _n } from "../language.js";
import { icon, make, safeColour } from "./dom.js";
import { badge, name } from "./look.js";
import { hour, longDay, now, today } from "./zone.js";

const OVER = new Set(["fulfilled", "noshow", "cancelled"]);
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
  const earlier = day === today() ? rows.filter((visit) => OVER.has(visit.status) && visit.end <= now()) : [];
  const rest = rows.filter((visit) => !earlier.includes(visit));
  const folded = earlier.length > 0 && table(id, earlier, open);
  if (folded) folded.hidden = !unfolded;
  return make("section", {}, head, folded && fold(earlier.length), folded, rest.length > 0 && table(id, rest, open));
}

function table(id, rows, open) {
  const heads = HEADS.map((word) => make("th", { scope: "col" }, word));
  return make(
    "table",
    { className: "list-table", attributes: { "aria-labelledby": id } },
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...rows.map((visit) => row(visit, open))),
  );
}

// what is over today stands folded above what is not, so that the list opens at now
let unfolded = false;

function fold(count) {
  const words = () => (unfolded ? _("Hide what is over") : _n("%(num)s earlier visit", "%(num)s earlier visits", count));
  const mark = () => icon(unfolded ? "fa-chevron-down" : "fa-chevron-right");
  const button = make("button", { className: "list-earlier", type: "button" }, mark(), words());
  button.setAttribute("aria-expanded", String(unfolded));
  button.addEventListener("click", () => {
    unfolded = !unfolded;
    button.setAttribute("aria-expanded", String(unfolded));
    button.replaceChildren(mark(), words());
    button.nextElementSibling.hidden = !unfolded;
  });
  return button;
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
