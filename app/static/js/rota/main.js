// The rota: the server draws the week; this sends what a person changes and draws it anew.

import { _ } from "../language.js";
import { post } from "../calendar/api.js";
import { closable } from "../calendar/dom.js";
import { toast } from "../calendar/toast.js";
import { startDialogs } from "./dialogs.js";
import { startDrag } from "./drag.js";
import { startKeys } from "./keys.js";

const place = () => document.getElementById("rota");
const base = place().dataset.base;

/** Fetches the week again and puts it in place; the focus stays where it was. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (answer.redirected || !answer.ok) return location.reload();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rota");
  const focus = focused();
  const scroll = document.getElementById("rota-frame").scrollLeft;
  place().replaceWith(document.adoptNode(fresh));
  start();
  document.getElementById("rota-frame").scrollLeft = scroll;
  if (focus) (document.querySelector(focus) ?? document.getElementById("rota-frame")).focus();
}

function focused() {
  const { activeElement: at } = document;
  const cell = at?.closest?.(".rota-cell");
  if (at?.dataset?.shift) return `[data-shift="${at.dataset.shift}"]`;
  return cell ? `.rota-cell[data-staff="${cell.dataset.staff}"][data-date="${cell.dataset.date}"] .cell-add` : null;
}

/** Sends to an address below /rota/; on success says `done` and draws the week anew. */
async function send(path, body, done) {
  const answer = await post(`${base}${path}`, body);
  if (!answer.ok) return answer;
  const said = typeof done === "function" ? done(answer.body) : done;
  if (said) toast(said);
  await refresh();
  return answer;
}

/** As `send`, for what has no dialog: a refusal is shown below, and the week drawn as it is. */
async function tell(path, body, done) {
  const answer = await send(path, body, done);
  if (answer.ok) return answer;
  toast(answer.body.message ?? _("That did not work."), "bad");
  if (answer.status === 412) await refresh();
  return answer;
}

const tools = { place, send, tell, refresh };

function start() {
  for (const dialog of place().querySelectorAll("dialog")) closable(dialog);
  startDialogs(tools);
  if (place().dataset.plans === "true") {
    startDrag(tools);
    startKeys(tools);
  }
}

start();
