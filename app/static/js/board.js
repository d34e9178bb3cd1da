// The board: who is expected, who waits since when, who is in which room. It looks for news every
// 15 seconds while it is seen; minutes count on by themselves.

import { _, _p } from "./language.js";
import { get, unpacked } from "./calendar/api.js";
import { setStatus } from "./calendar/card.js";
import { byId, icon, make, safeColour } from "./calendar/dom.js";
import { hour, useZone, wallOf } from "./calendar/zone.js";

const EVERY = 15000;
const LATE_FROM = 5; // minutes; less is the ordinary unevenness of a day
const MOST_LATE = 6; // doctors named above the board, the latest first
const FIRST = { expected: 8, fulfilled: 5 }; // how many cards of a long column show at first
const STEPS = {
  booked: [_("Confirm"), "fa-calendar-check"],
  arrived: [_("Arrived"), "fa-person-walking"],
  "checked-in": [_("Check in"), "fa-clipboard-check"],
  "in-room": [_("To the room"), "fa-door-open"],
  fulfilled: [_p("button", "Done"), "fa-circle-check"],
};

const SAYS = {
  overdue: (minutes) => _("overdue by %(minutes)s", { minutes }),
  waiting: (minutes) => _("waiting %(minutes)s", { minutes }),
};

const page = JSON.parse(byId("board-settings").textContent);
useZone(page.zone);

let rows = [];
let late = {};
let looked = 0;
let asked = null;
const opened = new Set();

const column = (row) => (["pending", "booked"].includes(row.status) ? "expected" : row.status);
const since = (instant) => Math.floor((Date.now() - Date.parse(instant)) / 60000);
const nextStep = (row) => Object.keys(STEPS).find((status) => (page.moves[row.status] ?? []).includes(status));

function minutes(count) {
  if (count < 60) return `${count} min`;
  return `${Math.floor(count / 60)} h ${String(count % 60).padStart(2, "0")} min`;
}

async function look(background = false) {
  asked?.abort();
  const mine = (asked = new AbortController());
  const doctor = byId("board-doctor").value;
  try {
    const { body, same } = await get(`${page.urls.rows}${doctor ? `?doctor=${doctor}` : ""}`, mine.signal, { background });
    looked = Date.now();
    byId("board-fault").hidden = true;
    if (!same || byId("board").ariaBusy === "true") {
      rows = unpacked(body);
      late = body.late;
      draw();
    }
    byId("board").ariaBusy = "false";
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("board-fault").hidden = false;
    byId("board-fault").querySelector(".alert-text").textContent = error.message;
  }
  tick();
}

function draw() {
  const focused = document.activeElement?.closest?.("[data-visit]")?.dataset.visit;
  for (const place of document.querySelectorAll(".board-column")) fill(place);
  drawLate();
  if (!focused) return;
  const card = document.querySelector(`[data-visit="${focused}"]`);
  (card?.querySelector("button, a") ?? card)?.focus();
}

function fill(place) {
  const { status } = place.dataset;
  const mine = rows.filter((row) => column(row) === status);
  if (status === "fulfilled") mine.reverse();
  const most = opened.has(status) ? Infinity : (FIRST[status] ?? Infinity);
  place.querySelector("[data-cards]").replaceChildren(...mine.slice(0, most).map(card));
  place.querySelector("[data-count]").textContent = String(mine.length);
  place.querySelector("[data-nobody]").hidden = mine.length > 0;
  const more = place.querySelector("[data-more]");
  more.hidden = mine.length <= (FIRST[status] ?? Infinity);
  more.textContent = opened.has(status) ? _("Show fewer") : _("%(count)s more", { count: mine.length - most });
  more.ariaExpanded = String(opened.has(status));
}

function card(row) {
  const made = make(
    "li",
    { className: "board-card", data: { visit: row.id } },
    make("div", { className: "card-top" }, who(row), make("span", { className: "card-time num" }, row.time)),
    make("p", { className: "card-line" }, [row.doctor, row.type].filter(Boolean).join(" · ")),
    make("p", { className: "card-line card-facts" }, waiting(row), expected(row), row.room ? make("span", {}, icon("fa-door-open"), row.room) : null),
  );
  made.style.setProperty("--visit", safeColour(row.colour));
  const step = nextStep(row);
  if (step) made.append(button(row, step));
  return made;
}

function who(row) {
  const name = row.patient ?? _("Patient");
  const link = row.patient && row.patient_id;
  return make(
    "h3",
    { className: "card-name" },
    link ? make("a", { href: page.urls.patient.replace(/0$/, row.patient_id) }, name) : name,
    row.dob ? make("span", { className: "card-born" }, row.dob) : null,
  );
}

function waiting(row) {
  if (row.status === "pending") return make("span", { className: "card-pending" }, icon("fa-hourglass-half"), _("not confirmed"));
  if (row.status === "booked" && since(row.at) > 0) {
    return make("span", { className: "is-long", data: { since: row.at, says: "overdue" } }, icon("fa-triangle-exclamation"), make("span", {}));
  }
  if (!row.arrived_at || !["arrived", "checked-in"].includes(row.status)) return null;
  return make("span", { data: { since: row.arrived_at, says: "waiting" } }, icon("fa-couch"), make("span", {}));
}

/** When a visit that is late by its doctor's day is likely to go in. */
function expected(row) {
  const by = row.goes_in ? (Date.parse(row.goes_in) - Date.parse(row.at)) / 60000 : 0;
  if (by < LATE_FROM) return null;
  return make("span", {}, icon("fa-clock"), _("goes in about %(time)s", { time: hour(wallOf(row.goes_in)) }));
}

function button(row, step) {
  const [word, sign] = STEPS[step];
  const act = async ({ currentTarget }) => {
    currentTarget.disabled = true;
    await setStatus(row, step, look);
    currentTarget.disabled = false;
  };
  const label = `${word}: ${row.patient ?? _("Patient")}, ${row.time}`;
  return make("button", { className: "btn btn-small card-step", type: "button", ariaLabel: label, on: { click: act } }, icon(sign), word);
}

function drawLate() {
  const names = new Map(rows.map((row) => [String(row.doctor_id), row.doctor]));
  const found = Object.entries(late)
    .filter(([key]) => names.get(key))
    .map(([key, by]) => ({ name: names.get(key), by }))
    .filter(({ by }) => by >= LATE_FROM)
    .sort((a, b) => b.by - a.by);
  const items = found.map(({ name, by }) =>
    make("li", { className: `badge tone-${by >= 20 ? "bad" : "warn"}` }, icon("fa-clock"), _("%(name)s: about %(minutes)s late", { name, minutes: minutes(by) })),
  );
  const more = items.splice(MOST_LATE).length;
  if (more) items.push(make("li", { className: "badge" }, _("and %(count)s more", { count: more })));
  if (!items.length) items.push(make("li", { className: "badge tone-good" }, icon("fa-circle-check"), _("Everyone is on time")));
  byId("board-late").replaceChildren(...items);
}

/** What changes as time goes by, without asking the server. */
function tick() {
  for (const place of document.querySelectorAll("#board [data-since]")) {
    const passed = Math.max(0, since(place.dataset.since));
    place.lastChild.textContent = SAYS[place.dataset.says](minutes(passed));
    if (place.dataset.says === "waiting") place.classList.toggle("is-long", passed >= 30);
  }
  const ago = looked ? Math.round((Date.now() - looked) / 1000) : null;
  byId("board-fresh").textContent = ago === null ? "" : ago < 25 ? _("Up to date") : _("Seen %(minutes)s ago", { minutes: minutes(Math.ceil(ago / 60)) });
}

byId("board").addEventListener("click", ({ target }) => {
  const more = target.closest("[data-more]");
  if (!more) return;
  const { status } = more.closest("[data-status]").dataset;
  if (!opened.delete(status)) opened.add(status);
  fill(more.closest("[data-status]"));
  tick();
});

byId("board-doctor").addEventListener("change", ({ target }) => {
  const doctor = target.value;
  history.replaceState(null, "", doctor ? `?doctor=${doctor}` : location.pathname);
  look();
});

setInterval(() => document.hidden || look(true), EVERY);
setInterval(() => {
  if (document.hidden) return;
  tick();
  drawLate();
}, 30000);
document.addEventListener("visibilitychange", () => document.hidden || look());
look();
