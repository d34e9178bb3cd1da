// The sick day: what is chosen for each visit, sent in one step; a refusal stands beside its row.

import { _ } from "../language.js";
import { post } from "../calendar/api.js";
import { byId, icon, make } from "../calendar/dom.js";
import { confirmed } from "../shell.js";

const form = byId("absence-plan");
const rows = form ? [...form.querySelectorAll("[data-visit]")] : [];

function wrong(place, message) {
  place.replaceChildren(...(message ? [icon("fa-triangle-exclamation"), make("span", {}, message)] : []));
  place.hidden = !message;
}

/** What a row asks for; null where another time is wanted and none is written. */
function choice(row) {
  const { visit, version } = row.dataset;
  const asked = { appointment_id: Number(visit), version: Number(version) };
  const value = row.querySelector("[data-choice]").value;
  if (value === "cancel" || value === "leave") return { ...asked, action: value };
  if (value !== "other") {
    const [start, doctor, room] = value.split("|");
    return { ...asked, action: "move", start, doctor_id: Number(doctor), room_id: room ? Number(room) : null };
  }
  const start = row.querySelector("[data-time]").value;
  if (!start) return null;
  const doctor_id = Number(row.querySelector("[data-other-doctor]").value);
  const override = row.querySelector("[data-override]").checked;
  return { ...asked, action: "move", start, doctor_id, room_id: null, override };
}

function count() {
  const actions = rows.map((row) => row.querySelector("[data-choice]").value);
  const cancelled = actions.filter((value) => value === "cancel").length;
  const left = actions.filter((value) => value === "leave").length;
  const moved = actions.length - cancelled - left;
  byId("plan-sum").textContent = rows.length ? _("%(moved)s to move, %(cancelled)s to cancel, %(left)s to leave", { moved, cancelled, left }) : "";
}

function changed(row) {
  row.querySelector("[data-other]").hidden = row.querySelector("[data-choice]").value !== "other";
  accept(row);
  count();
}

async function send(event) {
  event.preventDefault();
  for (const row of rows) accept(row);
  wrong(byId("plan-error"), "");
  const visits = rows.map((row) => [row, choice(row)]);
  const unsaid = visits.find(([, chosen]) => !chosen);
  if (unsaid) return refuse(unsaid[0], _("Write the new time."));
  const { doctor, first, last, url } = form.dataset;
  const body = { doctor_id: Number(doctor), first, last, reason: byId("absence-reason").value, visits: visits.map(([, chosen]) => chosen) };
  const button = form.querySelector("[type=submit]");
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  const answer = await post(url, body);
  if (answer.ok) return location.assign(answer.body.url);
  button.removeAttribute("aria-busy");
  button.disabled = false;
  const row = rows.find((one) => Number(one.dataset.visit) === answer.body.appointment_id);
  if (row) refuse(row, answer.body.message);
  wrong(byId("plan-error"), row ? _("Nothing was changed: one visit needs another time, see above.") : answer.body.message);
  return row ? undefined : byId("plan-error").focus();
}

function refuse(row, message) {
  wrong(row.querySelector("[data-error]"), message);
  const choice = row.querySelector("[data-choice]");
  const field = choice.value === "other" ? row.querySelector("[data-time]") : choice;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

function accept(row) {
  wrong(row.querySelector("[data-error]"), "");
  for (const field of row.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

async function undo(button) {
  const question = _("Put every visit back where it was, as far as its time is still free? Messages that were not sent are withdrawn.");
  if (!(await confirmed(question, _("Undo all of it")))) return;
  button.disabled = true;
  const answer = await post(button.dataset.url, {});
  if (answer.ok) return location.reload();
  button.disabled = false;
  wrong(byId("undo-error"), answer.body.message);
  byId("undo-error").focus();
}

if (form) {
  form.addEventListener("submit", send);
  for (const row of rows) row.querySelector("[data-choice]").addEventListener("change", () => changed(row));
  count();
}
byId("absence-undo")?.addEventListener("click", ({ currentTarget }) => undo(currentTarget));
