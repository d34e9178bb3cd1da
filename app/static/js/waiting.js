// The waiting list: answers for the patient, entries taken off, news every half minute.

import { _ } from "./language.js";
import { post, put } from "./calendar/api.js";
import { byId } from "./calendar/dom.js";
import { toast } from "./calendar/toast.js";
import { askToWait } from "./calendar/waiting.js";
import { useZone } from "./calendar/zone.js";
import { confirmed } from "./shell.js";

const EVERY = 30000;

useZone(JSON.parse(byId("waiting-settings").textContent).zone);

/** The list as the server has it now; the focus stays where it can. */
async function refresh() {
  let answer;
  try {
    answer = await fetch(location.href, { cache: "no-store" });
  } catch {
    return; // it is tried again
  }
  if (answer.redirected) return location.reload();
  if (!answer.ok) return;
  const news = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("waiting-list");
  if (!news || news.innerHTML === byId("waiting-list").innerHTML) return;
  const { answer: asked, withdraw } = document.activeElement?.dataset ?? {};
  byId("waiting-list").replaceWith(news);
  tick();
  const again = asked ? `[data-answer="${asked}"]` : withdraw && `[data-withdraw="${withdraw}"]`;
  if (again) (document.querySelector(again) ?? document.querySelector("h1"))?.focus();
}

async function tell(sent, said) {
  const answer = await sent;
  await refresh();
  toast(answer.ok ? said : (answer.body.message ?? _("That did not work.")), answer.ok ? "good" : "bad");
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-answer], [data-withdraw], #waiting-add");
  if (!button || button.ariaBusy === "true") return;
  const { answer, withdraw, name } = button.dataset;
  if (button.id === "waiting-add") {
    if (await askToWait()) refresh();
  } else if (answer) {
    button.ariaBusy = "true";
    await tell(post(`/api/v1/waitlist/offer/${answer}`, {}), answer.endsWith("accept") ? _("Booked for the patient.") : _("Passed on to the next in line."));
    button.ariaBusy = "false";
  } else if (await confirmed(_("Take %(name)s off the waiting list?", { name }), _("Take off"))) {
    await tell(put(`/api/v1/waitlist_entry/${withdraw}`, { state: "withdrawn" }), _("%(name)s is off the list.", { name }));
  }
});

/** How long is left of each offer, without asking the server. */
function tick() {
  for (const badge of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((Date.parse(badge.dataset.until) - Date.now()) / 60000);
    badge.title = left > 0 ? _("%(left)s min left", { left }) : _("has run out");
  }
}

const still = () => document.hidden || document.querySelector("dialog[open]");
setInterval(() => still() || refresh(), EVERY);
setInterval(tick, EVERY);
document.addEventListener("visibilitychange", () => still() || refresh());
tick();
