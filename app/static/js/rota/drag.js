// Pointers on the rota: draw across a day to add, drag a shift to another cell, drag an end to
// stretch. A short press is a click. Fingers scroll; they tap to open the dialog.

import { _ } from "../language.js";
import { make } from "../calendar/dom.js";
import { newShift } from "./dialogs.js";

const STEP = 30; // minutes
const FAR = 5; // pixels before a press becomes a drag
const DAY = 24 * 60;

const two = (value) => String(value).padStart(2, "0");
export const clock = (minutes) => `${two(Math.floor((minutes % DAY) / 60))}:${two(minutes % 60)}`;
const minutesOf = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

function minuteAt(cell, x) {
  const box = cell.getBoundingClientRect();
  const share = Math.min(1, Math.max(0, (x - box.left) / box.width));
  return Math.round((share * DAY) / STEP) * STEP;
}

export function startDrag(tools) {
  const table = tools.place().querySelector(".rota");
  table.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const cell = event.target.closest(".rota-cell");
    if (!cell) return;
    const shift = event.target.closest("[data-shift]");
    const grip = event.target.closest("[data-grip]")?.dataset.grip;
    if (shift && grip) stretch(event, cell, shift, grip, tools);
    else if (shift) move(event, shift, tools);
    else draw(event, cell);
  });
}

/** Follows the pointer until it is let go; `moved` runs from the first real movement on. */
function follow(event, moved, done) {
  const start = { x: event.clientX, y: event.clientY };
  let dragging = false;
  const onMove = (now) => {
    dragging ||= Math.hypot(now.clientX - start.x, now.clientY - start.y) > FAR;
    if (!dragging) return;
    now.preventDefault();
    moved(now);
  };
  const end = (now) => {
    document.removeEventListener("pointermove", onMove);
    document.removeEventListener("pointerup", end);
    document.removeEventListener("pointercancel", end);
    document.removeEventListener("keydown", onKey);
    document.body.classList.remove("is-dragging");
    done(dragging && now.type === "pointerup" ? now : null);
  };
  const onKey = (now) => now.key === "Escape" && end(now);
  document.body.classList.add("is-dragging");
  document.addEventListener("pointermove", onMove);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("keydown", onKey);
}

function draw(event, cell) {
  const first = minuteAt(cell, event.clientX);
  const ghost = make("div", { className: "shift-ghost" });
  let span = null;
  follow(
    event,
    (now) => {
      const last = minuteAt(cell, now.clientX);
      span = [Math.min(first, last), Math.max(first, last)];
      ghost.textContent = `${clock(span[0])}–${clock(span[1])}`;
      if (!ghost.isConnected) cell.querySelector(".cell-in").append(ghost);
    },
    (now) => {
      ghost.remove();
      if (!now || !span || span[0] === span[1]) return;
      swallowClick();
      newShift(cell, clock(span[0]), clock(span[1]));
    },
  );
}

function move(event, shift, tools) {
  let over = null;
  const own = shift.closest(".rota-cell");
  follow(
    event,
    (now) => {
      shift.classList.add("is-moving");
      const cell = document.elementFromPoint(now.clientX, now.clientY)?.closest(".rota-cell") ?? null;
      if (cell === over) return;
      over?.classList.remove("is-over");
      over = cell;
      over?.classList.add("is-over");
    },
    (now) => {
      over?.classList.remove("is-over");
      shift.classList.remove("is-moving");
      if (!now) return;
      swallowClick();
      if (!over || over === own) return;
      const body = { staff_id: Number(over.dataset.staff), shift_date: over.dataset.date, version: shift.dataset.version };
      tools.tell(`shift/${shift.dataset.shift}`, body, _("Moved to %(name)s, as a draft.", { name: over.dataset.name }));
    },
  );
}

function stretch(event, cell, shift, grip, tools) {
  const label = shift.querySelector(".shift-time");
  const before = label.textContent;
  const [from, to] = [minutesOf(shift.dataset.from), minutesOf(shift.dataset.to)];
  const night = to <= from;
  let told = null;
  follow(
    event,
    (now) => {
      const at = minuteAt(cell, now.clientX);
      const start = grip === "from" ? Math.min(at, night ? DAY - STEP : to - STEP) : from;
      const end = grip === "to" ? Math.max(at, from + STEP) : to;
      told = [clock(Math.max(0, start)), clock(end)];
      label.textContent = told.join("–");
    },
    (now) => {
      if (now) swallowClick();
      if (!now || !told || (told[0] === shift.dataset.from && told[1] === shift.dataset.to)) {
        label.textContent = before;
        return;
      }
      const body = { start_time: told[0], end_time: told[1], version: shift.dataset.version };
      tools.tell(`shift/${shift.dataset.shift}`, body, _("Now %(times)s, as a draft.", { times: told.join("–") })).then((answer) => {
        if (!answer.ok) label.textContent = before;
      });
    },
  );
}

/** The click that a browser sends after a drag is none. */
function swallowClick() {
  const stop = (event) => {
    event.stopPropagation();
    event.preventDefault();
  };
  document.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", stop, { capture: true }), 0);
}
