// The dialog that puts a patient on the waiting list.

import { _ } from "../language.js";
import { choosePick, startPicks } from "../pick.js";
import { post } from "./api.js";
import { byId, closable, rightAgain, wrongHere } from "./dom.js";
import { toast } from "./toast.js";
import { instantOf, plusDays, today } from "./zone.js";

const WEEKS = 8;
const URGENT = 5;

let done = null;

/** Opens the dialog; resolves to true where someone was put on the list.
 *  @param {{patient?: {id, text}, type?: string, doctor?: string}} preset */
export function askToWait(preset = {}) {
  const [dialog, form] = [byId("waiting"), byId("waiting-form")];
  start(dialog, form);
  form.reset();
  accept();
  if (preset.type) byId("waiting-type").value = preset.type;
  byId("waiting-doctor").value = preset.doctor ?? "";
  byId("waiting-first").value = today();
  byId("waiting-last").value = plusDays(today(), 7 * WEEKS);
  dialog.showModal();
  choosePick(dialog.querySelector("[data-pick]"), preset.patient?.id ? preset.patient : { id: "", text: "" });
  byId(preset.patient?.id ? "waiting-last" : "waiting-patient").focus();
  return new Promise((resolve) => {
    done = false;
    dialog.addEventListener("close", () => resolve(done), { once: true });
  });
}

function start(dialog, form) {
  if ("started" in dialog.dataset) return;
  dialog.dataset.started = "";
  startPicks(dialog);
  closable(dialog);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(dialog, form);
  });
}

async function send(dialog, form) {
  const button = form.querySelector("[type=submit]");
  if (button.ariaBusy === "true") return;
  accept();
  if (!form.elements.patient_id.value) return wrongHere(byId("waiting-patient"), _("Choose the patient from the list."));
  button.ariaBusy = "true";
  const answer = await post("/api/v1/waitlist_entry/", said(form));
  button.ariaBusy = "false";
  if (!answer.ok) {
    byId("waiting-error").textContent = answer.body.message ?? _("That did not work.");
    byId("waiting-error").hidden = false;
    byId("waiting-error").focus();
    return;
  }
  done = true;
  dialog.close();
  toast(_("%(name)s is on the waiting list.", { name: byId("waiting-patient").value }));
}

function accept() {
  byId("waiting-error").hidden = true;
  rightAgain(byId("waiting-patient"));
}

function said(form) {
  const field = (name) => form.elements[name].value;
  const body = {
    patient_id: Number(field("patient_id")),
    visit_type_id: Number(field("visit_type_id")),
    earliest: field("first") && instantOf(`${field("first")}T00:00`),
    latest: field("last") && instantOf(`${plusDays(field("last"), 1)}T00:00`),
    priority: form.elements.urgent.checked ? URGENT : 0,
  };
  if (field("doctor_id")) body.doctor_id = Number(field("doctor_id"));
  for (const name of ["from_time", "to_time"]) if (field(name)) body[name] = field(name);
  const days = [...form.querySelectorAll("[name=weekdays]:checked")].map((box) => box.value);
  if (days.length) body.weekdays = days.join(", ");
  return body;
}
