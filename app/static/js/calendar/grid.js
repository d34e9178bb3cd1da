// The calendar library, set up: views, columns, what a visit looks like, what a drag does.

import { _, locale } from "../language.js";
import { make } from "./dom.js";
import { content, sum } from "./look.js";
import { offset } from "./zone.js";

const LIBRARY = { day: "resourceTimeGridDay", week: "timeGridWeek", month: "dayGridMonth" };
const EVERYONE = "dayGridWeek"; // side by side, the visits of all doctors would be slivers

const library = (state) => (state.view === "week" && !state.doctor && !state.room ? EVERYONE : (LIBRARY[state.view] ?? LIBRARY.day));

const clock = (date) => `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;

/** @param {{state: () => object, open, dropped, stretched, empty, day}} told */
export function createGrid(place, told) {
  const grid = EventCalendar.create(place, {
    view: library(told.state()),
    date: told.state().date,
    timeZone: offset(),
    locale,
    firstDay: 1,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    slotDuration: "00:15",
    snapDuration: "00:05",
    slotLabelInterval: "01:00",
    slotHeight: 26,
    slotLabelFormat: clock,
    nowIndicator: true,
    slotEventOverlap: false,
    editable: true,
    eventResizableFromStart: false,
    eventLongPressDelay: 400,
    dayHeaderFormat: { weekday: "short", day: "numeric" },
    highlightedDates: [],
    pointer: false,
    events: [],
    resources: [],
    views: {
      dayGridMonth: { dayHeaderFormat: { weekday: "short" } },
      [EVERYONE]: { dayCellContent: "", eventDurationEditable: false },
    },
    resourceLabelContent: ({ resource }) => ({ domNodes: [label(resource)] }),
    eventContent: ({ event, view }) => inside(event, view),
    eventDidMount: ({ event, el }) => mounted(event, el),
    eventClick: ({ event: { extendedProps }, el }) => (extendedProps.day ? told.day(extendedProps.day) : told.open(extendedProps.visit, el)),
    eventDrop: (info) => told.dropped(info.oldEvent.extendedProps.visit, info),
    eventResize: (info) => told.stretched(info.oldEvent.extendedProps.visit, info),
    dateClick: ({ dateStr, resource }) => told.empty(dateStr.slice(0, 16), resource?.id),
  });
  return grid;
}

export function showView(grid, state) {
  if (grid.getOption("view") !== library(state)) grid.setOption("view", library(state));
  grid.setOption("date", state.date);
}

function label({ title, extendedProps: { detail, count } }) {
  const visits = make("span", { className: "col-count", title: _("visits") }, String(count ?? 0), make("span", { className: "sr-only" }, ` ${_("visits")}`));
  return make(
    "span",
    { className: "col-label" },
    make("span", { className: "col-name" }, title, visits),
    make("span", { className: "col-detail" }, detail || " "),
  );
}

function inside(event, view) {
  const { visit, count } = event.extendedProps;
  if (count) return { domNodes: sum(event.extendedProps) };
  if (!visit || event.display === "background") return { domNodes: [] };
  if (event.display === "preview" || event.display === "pointer") {
    return { domNodes: [make("span", { className: "ev-head" }, `${clock(event.start)}–${clock(event.end)}`)] };
  }
  return { domNodes: content(visit, view.type.startsWith("dayGrid")) };
}

function mounted(event, el) {
  const { visit } = event.extendedProps;
  if (!visit || el.classList.contains("ec-bg-event")) return;
  el.dataset.visit = visit.id;
}

/** The library says "table" without rows, and "button" of an article; here every part is what it
 *  says it is. */
export function tidy(place) {
  place.querySelector(".ec")?.setAttribute("role", "presentation");
  for (const part of place.querySelectorAll("[role=cell], [role=columnheader], [role=row], [role=rowheader], [role=rowgroup]")) {
    for (const name of ["role", "aria-colindex", "aria-colspan", "aria-rowindex"]) part.removeAttribute(name);
  }
  for (const visit of place.querySelectorAll(".ec-event[tabindex]")) {
    visit.removeAttribute("role");
    visit.removeAttribute("tabindex");
  }
  for (const time of place.querySelectorAll("time[aria-label]")) time.removeAttribute("aria-label");
}
