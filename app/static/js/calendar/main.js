// The calendar page: its address, its data, its keys; the parts do the rest.

import { _, _n } from "../language.js";
import { get } from "./api.js";
import { Booking } from "./book.js";
import { openCard } from "./card.js";
import { address, columns, events, hours, read } from "./data.js";
import { byId } from "./dom.js";
import { createGrid, showView, tidy } from "./grid.js";
import { startKeys } from "./keys.js";
import { draw } from "./list.js";
import { dropped, move, stretched } from "./move.js";
import { fromAddress, isNarrowed, isToday, span, stepped, title, toAddress } from "./state.js";
import { toast } from "./toast.js";
import { hour, now, plusMinutes, today, useZone } from "./zone.js";

const EVERY = 30000; // milliseconds between two looks at what others changed
const page = JSON.parse(byId("cal-settings").textContent);
useZone(page.zone);

let state = fromAddress(page);
if (!page.chosen && matchMedia("(max-width: 40rem)").matches) state.view = "list";
let data = null;
let asked = null;
let scrolled = "";

const tools = { page, refresh: () => load(true), reschedule: (visit) => booking.reschedule(visit), show: (date) => go({ date }) };
const booking = new Booking(tools);
const open = (visit, anchor) => openCard(visit, anchor, tools);
const grid = createGrid(byId("cal-grid"), {
  state: () => state,
  open,
  dropped: (visit, info) => send(visit, info, dropped(visit, info, state.by)),
  stretched: (visit, info) => send(visit, info, stretched(visit, info)),
  empty,
  day: (date) => go({ view: "day", date }),
});

const everyone = () => state.view === "week" && !state.doctor && !state.room;

function send(visit, info, changes) {
  if (!changes) {
    info.revert();
    return toast(_("The clock skips that time on that day; the visit stays where it was."), "bad");
  }
  if (!Object.keys(changes).length) return info.revert();
  return move(visit, changes, { doctors: page.doctors, refresh: tools.refresh, back: true, refused: redraw });
}

/** An empty place in the grid: book there, where one may. */
function empty(wall, column) {
  if (state.view === "month" || everyone()) return go({ view: "day", date: wall.slice(0, 10) });
  if (!page.may_book) return null;
  const key = column && column !== "none" ? Number(column) : "";
  const at = { wall, day: wall.slice(0, 10), doctor: Number(state.doctor) || "", room: Number(state.room) || "", type: state.type };
  if (state.view === "day") at[state.by] = key;
  return booking.book(at);
}

function go(changes, how = "pushState") {
  const own = changes.view === "week" && state.view !== "week" && page.mine && !isNarrowed(state);
  state = { ...state, ...changes, ...(own ? { doctor: String(page.mine) } : {}) };
  history[how](null, "", toAddress(state));
  show();
}

async function show() {
  frame();
  if (state.view !== "list") showView(grid, state);
  await load(false);
}

/** What stands around the grid follows the state. */
function frame() {
  byId("cal-title").textContent = title(state);
  document.title = `${title(state)} · ${document.title.split(" · ").pop()}`;
  byId("cal-date").value = state.date;
  byId("cal-by").hidden = state.view !== "day";
  byId("cal-grid").hidden = state.view === "list";
  byId("cal-list").hidden = state.view !== "list";
  byId("cal-clear").hidden = !isNarrowed(state);
  byId("cal-legend").hidden = state.view === "list";
  byId("legend-duty").hidden = !(state.view === "day" && state.by === "doctor") && !(state.view === "week" && state.doctor);
  document.querySelector("[data-today]").classList.toggle("is-on", isToday(state));
  byId("cal-strip").hidden = !everyone();
  for (const link of document.querySelectorAll("[data-view]")) {
    link.href = toAddress({ ...state, view: link.dataset.view });
    if (link.dataset.view === state.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const button of document.querySelectorAll("[data-by]")) button.ariaPressed = String(button.dataset.by === state.by);
  for (const name of ["doctor", "room", "type"]) byId(`filter-${name}`).value = state[name];
}

/** Fetches what is shown; `quiet` keeps the old picture until the new one is there. */
async function load(quiet) {
  asked?.abort();
  const mine = (asked = new AbortController());
  const url = address(page, state, span(state));
  byId("cal-frame").ariaBusy = "true";
  try {
    const { body, same } = await get(url, mine.signal);
    byId("cal-fault").hidden = true;
    if (!(same && quiet && data?.url === url)) {
      data = { url, ...read(body) };
      redraw();
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("cal-fault").hidden = false;
    byId("cal-fault").querySelector(".alert-text").textContent = error.message;
    byId("cal-frame").classList.add("is-drawn");
  }
  byId("cal-frame").ariaBusy = "false";
}

function redraw() {
  const days = span(state);
  const { visits } = data;
  byId("cal-count").textContent = _n("%(num)s visit", "%(num)s visits", visits.length);
  draw(byId("cal-list"), visits, days, open);
  if (state.view === "list") return;
  const focused = document.activeElement?.closest?.("[data-visit]")?.dataset.visit;
  const resources = state.view === "day" ? columns(page, state, data) : [];
  const [first, last] = hours(data);
  grid.setOption("slotMinTime", first);
  grid.setOption("slotMaxTime", last);
  byId("cal-grid").style.setProperty("--columns", String(resources.length || 7));
  grid.setOption("resources", resources);
  grid.setOption("events", events(state, data, days, resources));
  if (scrolled !== `${state.view}${state.date}`) {
    scrolled = `${state.view}${state.date}`;
    const from = isToday(state) ? plusMinutes(now(), -60) : (visits[0]?.start ?? `${state.date}T08:00`);
    grid.setOption("scrollTime", isToday(state) && from.slice(0, 10) < today() ? "00:00" : hour(from));
  }
  requestAnimationFrame(() => {
    byId("cal-frame").classList.add("is-drawn");
    tidy(byId("cal-grid"));
    if (focused) byId("cal-grid").querySelector(`[data-visit="${focused}"] button`)?.focus();
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-view]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    go({ view: link.dataset.view });
  }
  const button = event.target.closest("[data-step], [data-today], [data-by], [data-doctor]");
  if (button?.dataset.step) go({ date: stepped(state, Number(button.dataset.step)) });
  else if (button?.dataset.by) go({ by: button.dataset.by });
  else if (button?.dataset.doctor) go({ doctor: button.dataset.doctor });
  else if (button) go({ date: today() });
});

byId("cal-date").addEventListener("change", ({ target }) => target.value && go({ date: target.value }));
byId("cal-filters").addEventListener("submit", (event) => event.preventDefault());
byId("cal-filters").addEventListener("change", ({ target }) => target.name && go({ [target.name]: target.value }));
byId("cal-clear").addEventListener("click", () => go({ doctor: "", room: "", type: "" }));
byId("cal-print").addEventListener("click", () => print());
byId("cal-new")?.addEventListener("click", () => fresh());
byId("cal-fault").querySelector("button").addEventListener("click", () => load(false));

const fresh = () => booking.book({ day: state.date, doctor: Number(state.doctor) || "", room: Number(state.room) || "", type: state.type });

startKeys({ step: (by) => go({ date: stepped(state, by) }), today: () => go({ date: today() }), view: (view) => go({ view }), fresh: page.may_book && fresh });
addEventListener("popstate", () => {
  state = fromAddress(page);
  show();
});
const still = () => document.hidden || document.querySelector("dialog[open], .ec-dragging, .ec-resizing-y");
setInterval(() => still() || load(true), EVERY);
document.addEventListener("visibilitychange", () => still() || load(true));
new MutationObserver(() => tidy(byId("cal-grid"))).observe(byId("cal-grid"), { childList: true, subtree: true });

/** What the address asks for beside the days: a visit's card, or the panel for a patient. */
async function opening() {
  await show();
  if (page.booking && page.may_book) booking.book({ day: state.date, ...page.booking });
  const found = page.open && data?.visits.find((visit) => visit.id === page.open);
  if (!found) return;
  await new Promise((drawn) => setTimeout(drawn, 200)); // the grid has its events, and has scrolled
  const at = byId("cal-frame").querySelector(`:not([hidden]) [data-visit="${found.id}"]`) ?? byId("cal-title");
  at.scrollIntoView({ block: "center" });
  open(found, at);
}

history.replaceState(null, "", toAddress(state));
frame();
opening();
