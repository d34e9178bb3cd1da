// The panel that books a visit or gives one another time.

import { _, _n } from "../language.js";
import { choosePick, startPicks } from "../pick.js";
import { post, put } from "./api.js";
import { byId, closable, rightAgain, wrongHere } from "./dom.js";
import { name } from "./look.js";
import { move } from "./move.js";
import { insist } from "./refusal.js";
import { askScope, ruleOf, scopeIn, sendSeries } from "./series.js";
import { Slots } from "./slots.js";
import { askToTell } from "./telling.js";
import { toast } from "./toast.js";
import { askToWait } from "./waiting.js";
import { hour, instantOf, longDay, shortDay, wallOf } from "./zone.js";

const number = (field) => (field.value ? Number(field.value) : null);

export class Booking {
  #moving = null;
  #entry = null;

  /** @param {{page: object, refresh: () => Promise}} tools */
  constructor(tools) {
    this.tools = tools;
    this.dialog = byId("booking");
    this.form = byId("booking-form");
    this.patient = this.form.elements.patient_id;
    for (const part of ["type", "doctor", "room", "other", "minutes", "reason", "repeat", "count", "scope", "send", "summary", "error"]) {
      this[part] = byId(`booking-${part}`);
    }
    startPicks(this.dialog);
    closable(this.dialog);
    this.slots = new Slots(tools.page, () => this.#sum());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    for (const field of [this.type, this.doctor]) field.addEventListener("change", () => this.#ask());
    this.type.addEventListener("change", () => (this.minutes.value = this.#kind()?.minutes ?? ""));
    this.other.addEventListener("input", () => this.slots.choose(null));
    byId("booking-wait")?.addEventListener("click", () => this.#wait());
    for (const name of ["input", "change"]) this.form.addEventListener(name, () => this.#sum());
  }

  /** @param {{wall?: string, day?: string, doctor?: number, room?: number, type?: number, patient?: object, entry?: number}} preset
   *  `patient` is {id, text}; `entry` the place on the waiting list that the visit fills */
  book(preset) {
    this.#moving = null;
    this.#entry = preset.entry ?? null;
    this.#open(_("New visit"), preset);
    this.minutes.value = this.#kind()?.minutes ?? "";
    this.reason.value = this.repeat.value = "";
    this.#sum();
    this.dialog.querySelector(".pick-clear").click(); // which leads to the patient's name, empty
    if (preset.patient) choosePick(this.dialog.querySelector("[data-pick]"), preset.patient);
  }

  reschedule(visit) {
    this.#moving = visit;
    const { doctor_id: doctor, room_id: room, type_id: type } = visit;
    this.#open(_("Move the visit of %(name)s", { name: name(visit) }), { day: visit.start.slice(0, 10), doctor, room, type });
    this.minutes.value = visit.minutes;
    this.#sum();
  }

  #open(title, { wall = "", day, doctor = "", room = "", type }) {
    byId("booking-title").textContent = title;
    const moving = Boolean(this.#moving);
    byId("booking-patient-field").hidden = byId("booking-reason-field").hidden = moving;
    byId("booking-repeat-field").hidden = moving;
    if (byId("booking-wait-field")) byId("booking-wait-field").hidden = moving;
    askScope(this.scope, this.#moving);
    this.type.disabled = moving;
    this.error.hidden = true;
    this.#accept();
    if (type) this.type.value = type;
    this.doctor.value = doctor || (this.tools.page.books_for ?? "");
    this.room.value = room ?? "";
    this.other.value = wall;
    this.slots.from(day ?? wall.slice(0, 10));
    this.dialog.showModal();
    this.#ask();
    this.#sum();
  }

  #accept() {
    for (const field of [byId("booking-patient"), this.other, this.doctor, this.count]) rightAgain(field);
  }

  #kind() {
    return this.tools.page.types.find((type) => type.id === number(this.type));
  }

  #ask() {
    this.slots.ask({ doctor: this.doctor.value, type: this.type.value, wanted: this.other.value });
  }

  /** What would be sent, or a sentence on what is missing with the field to go to. */
  #wish() {
    const slot = this.slots.chosen;
    if (!this.#moving && !this.patient.value) return { missing: _("Choose the patient from the list."), field: byId("booking-patient") };
    if (!slot && !this.other.value) return { missing: _("Choose one of the free times, or write another."), field: this.other };
    const instant = slot ? slot.start : instantOf(this.other.value);
    if (!instant) return { missing: _("The clock skips that time on that day."), field: this.other };
    const doctor = slot?.doctor_id ?? number(this.doctor);
    if (!this.#moving && this.repeat.value && !(this.count.value && this.count.checkValidity())) return { missing: _("Write how many visits, from 2 to 60."), field: this.count };
    if (!doctor) return { missing: _("Choose the doctor for a time of your own."), field: this.doctor };
    const body = { appointment_datetime: instant, doctor_id: doctor, minutes_duration: number(this.minutes) };
    const room = number(this.room);
    if (room) body.room_id = room;
    return { body };
  }

  #sum() {
    const slot = this.slots.chosen;
    const wall = slot ? wallOf(slot.start) : this.other.value;
    if (slot) rightAgain(this.other);
    if (this.patient.value) rightAgain(byId("booking-patient"));
    const doctor = this.tools.page.doctors.find((one) => one.id === (slot?.doctor_id ?? number(this.doctor)));
    byId("booking-count-field").hidden = !this.repeat.value;
    const times = !this.#moving && this.repeat.value && this.count.value ? _("%(count)s ×, from ", { count: this.count.value }) : "";
    this.send.textContent = this.#moving ? _("Move") : times ? _n("Book %(num)s visit", "Book %(num)s visits", Number(this.count.value)) : _("Book");
    this.summary.textContent = wall ? [`${times}${shortDay(wall)}, ${hour(wall)}`, doctor?.name].filter(Boolean).join(" · ") : "";
  }

  async #send() {
    const { missing, field, body } = this.#wish();
    this.error.hidden = true;
    this.#accept();
    if (missing) return wrongHere(field, missing);
    if (this.send.ariaBusy === "true") return;
    this.send.ariaBusy = "true";
    try {
      await (this.#moving ? this.#move(body) : this.#book(body));
    } finally {
      this.send.ariaBusy = "false";
    }
  }

  async #book(body) {
    body.patient_id = Number(this.patient.value);
    body.visit_type_id = number(this.type);
    if (body.minutes_duration === this.#kind()?.minutes) delete body.minutes_duration;
    const reason = this.reason.value.trim();
    if (reason) body.reason = reason;
    if (this.repeat.value) return this.#bookSeries(body);
    const answer = await insist((sent) => post("/api/v1/appointment/", sent), body, this.tools.page.doctors);
    if (!answer.ok) return this.#failed(answer);
    const wall = wallOf(answer.body.result?.appointment_datetime ?? body.appointment_datetime);
    const who = byId("booking-patient").value;
    this.dialog.close();
    if (this.#entry) await put(`/api/v1/waitlist_entry/${this.#entry}`, { state: "booked" });
    await this.tools.refresh();
    toast(_("%(who)s is booked: %(when)s.", { who, when: `${longDay(wall)}, ${hour(wall)}` }), "good", { label: _("Show"), act: () => this.tools.show(wall.slice(0, 10)) });
  }

  async #bookSeries({ appointment_datetime: start, minutes_duration: minutes, ...body }) {
    body.start = start;
    if (minutes) body.minutes = minutes;
    body.rrule = ruleOf(this.repeat.value, wallOf(start), number(this.count));
    this.#toldSeries(await sendSeries("/api/v1/series/", body), byId("booking-patient").value);
  }

  async #moveSeries(visit, scope, { minutes_duration: minutes, ...body }) {
    if (minutes !== visit.minutes) body.minutes_duration = minutes;
    const tell = await askToTell(visit, body);
    if (tell === null) return;
    const sent = { appointment_id: visit.id, version: visit.version, scope, ...body, tell };
    this.#toldSeries(await sendSeries(`/api/v1/series/${visit.series_id}/move`, sent), name(visit));
  }

  async #toldSeries(answer, who) {
    if (!answer.ok) return this.#failed(answer);
    const { id, result, missed } = answer.body;
    this.dialog.close();
    await this.tools.refresh();
    const left = missed.length ? ` ${_("%(count)s could not be had.", { count: missed.length })}` : "";
    const show = { label: _("Show all"), act: () => location.assign(this.tools.page.urls.series.replace(/0$/, id)) };
    const done = this.#moving
      ? _n("%(who)s: %(num)s visit moved.", "%(who)s: %(num)s visits moved.", result.length, { who })
      : _n("%(who)s: %(num)s visit booked.", "%(who)s: %(num)s visits booked.", result.length, { who });
    toast(`${done}${left}`, "good", show);
  }

  async #wait() {
    const patient = { id: this.patient.value, text: byId("booking-patient").value };
    if (await askToWait({ patient, type: this.type.value, doctor: this.doctor.value })) this.dialog.close();
  }

  async #move(body) {
    const visit = this.#moving;
    const scope = scopeIn(this.scope);
    if (scope !== "one") return this.#moveSeries(visit, scope, body);
    const changes = Object.fromEntries(Object.entries(body).filter(([key, value]) => value !== { ...visit, appointment_datetime: visit.at, minutes_duration: visit.minutes }[key]));
    if (!Object.keys(changes).length || (await move(visit, changes, { ...this.tools, doctors: this.tools.page.doctors, back: true }))) this.dialog.close();
  }

  /** A refusal that the person chose to leave stays readable in the panel. */
  #failed({ body }) {
    this.error.textContent = body.message ?? _("That did not work.");
    this.error.hidden = false;
    this.error.focus();
    this.#ask();
  }
}
