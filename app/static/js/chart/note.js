// Writing a note: saved as one types, brought back after an interruption, never overwritten silently.

import { _ } from "../language.js";
import { Autosave, clock } from "./autosave.js";
import { showClash } from "./clash.js";
import { same } from "./keep.js";
import { startPhrases } from "./phrases.js";

const form = document.getElementById("note");
const place = document.getElementById("clash");
const saver = new Autosave(form, { clash: decide });

function decide({ version, ...details }) {
  showClash(place, details, {
    mine: () => saver.resume(version),
    theirs() {
      saver.put(details.current);
      saver.kept.forget();
      location.reload();
    },
  });
}

/** Text that this browser kept because the server did not get it. */
async function bringBack() {
  const kept = await saver.kept.read();
  const now = saver.texts();
  if (!kept || same(kept.texts, now)) return saver.kept.forget();
  if (form.dataset.clash) return undefined;
  if (kept.version !== saver.version && !same(kept.sent, now)) {
    saver.stop();
    saver.put(kept.texts);
    saver.say("clash", _("Not saved – someone else changed this note. Both texts are below."));
    const message = _("What you wrote at %(time)s was kept in this browser; the note has changed since.", { time: clock(kept.at) });
    return decide({ version: saver.version, message, yours: kept.texts, current: now, signed: false });
  }
  saver.put(kept.texts);
  saver.say("typing", _("Brought back what you wrote at %(time)s", { time: clock(kept.at) }));
  return setTimeout(() => saver.save(), 1200);
}

// what the form sends itself, the server has
form.addEventListener("submit", (event) => {
  if (event.defaultPrevented || (event.submitter?.dataset.confirm && !form.dataset.confirmed)) return;
  saver.keep();
  saver.stop();
});

startPhrases(form);
bringBack();
document.querySelector("[data-summary]")?.focus();
