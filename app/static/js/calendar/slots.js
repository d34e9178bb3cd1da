// The free times of the next days, as buttons to choose one of.

import { _ } from "../language.js";
import { get } from "./api.js";
import { byId, make } from "./dom.js";
import { hour, plusDays, shortDay, today, wallOf } from "./zone.js";

const DAYS = 5;

export class Slots {
  #asked = null;
  #wish = {};
  #first = "";
  chosen = null;

  constructor(page, changed) {
    this.page = page;
    this.changed = changed;
    this.place = byId("slots");
    for (const button of document.querySelectorAll("#booking [data-days]")) {
      button.addEventListener("click", () => {
        this.from(plusDays(this.#first, DAYS * Number(button.dataset.days)));
        this.ask({ ...this.#wish, wanted: "" });
      });
    }
  }

  from(day) {
    this.#first = !day || day < today() ? today() : day;
    const last = plusDays(this.#first, DAYS - 1);
    byId("slots-span").textContent = `${shortDay(this.#first)} – ${shortDay(last)}`;
    document.querySelector("#booking [data-days='-1']").disabled = this.#first <= today();
  }

  choose(slot) {
    this.chosen = slot;
    for (const button of this.place.querySelectorAll("button")) {
      const on = slot !== null && button.dataset.start === slot.start && Number(button.dataset.doctor) === slot.doctor_id;
      button.ariaPressed = String(on);
    }
    if (slot) byId("booking-other").value = "";
    this.changed();
  }

  /** Fetches the free times; the one at the wall time `wanted` is chosen at once. */
  async ask(wish) {
    this.#wish = wish;
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    this.chosen = null;
    this.place.ariaBusy = "true";
    const said = new URLSearchParams({ start: this.#first, days: DAYS });
    if (wish.doctor) said.set("doctor_id", wish.doctor);
    if (wish.type) said.set("visit_type_id", wish.type);
    try {
      const { body } = await get(`/api/v1/slot/?${said}`, asked.signal);
      this.#draw(body.result ?? [], wish);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#note(_("The free times could not be fetched. %(why)s You can write a time below.", { why: error.message }));
    }
    this.place.ariaBusy = "false";
    this.changed();
  }

  #draw(slots, { doctor, wanted }) {
    const days = new Map();
    for (const slot of doctor ? slots : earliest(slots)) {
      const wall = wallOf(slot.start);
      days.set(wall.slice(0, 10), [...(days.get(wall.slice(0, 10)) ?? []), { ...slot, wall }]);
    }
    if (!days.size) return this.#note(_("No free time in these days. Look at later days, or write a time below."));
    this.place.replaceChildren(...[...days].map(([day, found]) => this.#day(day, found)));
    byId("slots-said").textContent = _("%(count)s free times.", { count: slots.length });
    const at = wanted && [...days.values()].flat().find((slot) => slot.wall === wanted);
    if (at) this.choose(at);
  }

  #day(day, found) {
    const buttons = found.map((slot) => {
      const doctor = this.page.doctors.find((one) => one.id === slot.doctor_id);
      const label = `${shortDay(day)}, ${hour(slot.wall)}, ${doctor?.name ?? ""}`;
      return make(
        "button",
        {
          className: "slot", type: "button", ariaPressed: "false", ariaLabel: label, title: doctor?.name ?? "",
          data: { start: slot.start, doctor: slot.doctor_id },
          on: { click: () => this.choose(slot) },
        },
        hour(slot.wall),
      );
    });
    return make("div", { className: "slot-day" }, make("p", { className: "slot-date" }, shortDay(day)), make("div", { className: "slot-row" }, ...buttons));
  }

  #note(text) {
    this.place.replaceChildren(make("p", { className: "slots-note" }, text));
    byId("slots-said").textContent = text;
  }
}

/** Of those that begin together, one: whoever it is, the time can be had. */
function earliest(slots) {
  const seen = new Set();
  return slots.filter(({ start }) => !seen.has(start) && seen.add(start));
}
