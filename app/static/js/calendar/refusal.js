// What the server says against a booking or a move: the next free times as buttons, or a reason
// to do it all the same.

import { _ } from "../language.js";
import { byId, icon, make, rightAgain, wrongHere } from "./dom.js";
import { hour, shortDay, wallOf } from "./zone.js";

/** Sends, and sends again as long as the person chooses a way on; resolves to the last answer.
 *  `doctors` tells the names of those who are offered. */
export async function insist(send, body, doctors = []) {
  for (;;) {
    const answer = await send(body);
    if (answer.ok) return answer;
    const choice = await asked(answer, doctors, body);
    if (!choice) return answer;
    body = { ...body, ...choice };
  }
}

function asked({ status, body }, doctors, sent) {
  const dialog = byId("refusal");
  const soft = status === 422 && body.code === "soft_rule";
  const slots = body.alternatives ?? [];
  byId("refusal-title").textContent = title(status, soft);
  byId("refusal-text").textContent = body.message ?? _("The server did not say why.");
  byId("refusal-times").hidden = !slots.length;
  byId("refusal-why").hidden = byId("refusal-yes").hidden = !soft;
  byId("refusal-reason").value = "";
  rightAgain(byId("refusal-reason"));
  byId("refusal-no").textContent = slots.length || soft ? _("Leave it") : _("Close");
  return new Promise((resolve) => {
    let choice = null;
    const take = (value) => {
      choice = value;
      dialog.close();
    };
    const buttons = slots.map((slot) => offer(slot, doctors, sent, () => take(of(slot))));
    dialog.querySelector(".refusal-slots").replaceChildren(...buttons);
    byId("refusal-yes").onclick = () => {
      const reason = byId("refusal-reason").value.trim();
      if (reason) take({ override_reason: reason });
      else wrongHere(byId("refusal-reason"), _("Write in a few words why it is right here."));
    };
    byId("refusal-reason").onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      byId("refusal-yes").click();
    };
    dialog.addEventListener("close", () => resolve(choice), { once: true });
    dialog.showModal();
    if (soft) byId("refusal-reason").focus();
  });
}

const of = (slot) => ({ appointment_datetime: slot.start, doctor_id: slot.doctor_id, room_id: slot.room_id });

function offer(slot, doctors, sent, take) {
  const wall = wallOf(slot.start);
  const other = slot.doctor_id !== sent.doctor_id && doctors.find((doctor) => doctor.id === slot.doctor_id);
  return make(
    "button",
    { className: "btn", type: "button", on: { click: take } },
    icon("fa-clock"),
    `${shortDay(wall)}, ${hour(wall)}${other ? ` · ${other.name}` : ""}`,
  );
}

function title(status, soft) {
  if (soft) return _("A rule speaks against it");
  if (status === 409) return _("That time cannot be had");
  if (status === 412) return _("Someone else was quicker");
  return _("That did not work");
}
