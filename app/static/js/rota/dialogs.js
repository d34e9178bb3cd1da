// The dialogs of the rota: one shift, publishing, templates, time off, swaps, answers.

import { _, _n } from "../language.js";
import { byId, icon, make } from "../calendar/dom.js";
import { toast } from "../calendar/toast.js";
import { shortDay } from "../calendar/zone.js";
import { confirmed } from "../shell.js";

const laid = ({ shifts, left_out }) =>
  !shifts && !left_out
    ? _("There is no shift to copy: that week is empty.")
    : left_out
    ? _n("%(num)s draft added; %(left)s left out, because someone works then already.", "%(num)s drafts added; %(left)s left out, because someone works then already.", shifts, { left: left_out })
    : _n("%(num)s draft added.", "%(num)s drafts added.", shifts);

export function startDialogs(tools) {
  const place = tools.place();
  place.addEventListener("click", (event) => clicked(event, tools));
  wire("leave-dialog", (said) => tools.send("time-off", said, _("Your request was sent.")));
  wire("swap-dialog", (said, form) =>
    tools.send("swap", { shift_id: form.dataset.shift, other_shift_id: said.other_shift_id }, _("Your wish to swap was sent.")));
  if (place.dataset.plans !== "true") return;
  wire("shift-dialog", (said, form) => {
    const body = { ...said, staff_id: Number(said.staff_id), version: form.dataset.version };
    return tools.send(form.dataset.shift ? `shift/${form.dataset.shift}` : "shift", body, _("Kept as a draft."));
  });
  wire("templates-dialog", (said) => tools.send("template", { ...said, week: place.dataset.week }, _("The week is kept as a template.")));
  wire("publish-dialog", (said) =>
    tools.send("publish", { ...said, week: place.dataset.week }, ({ shifts, people }) => people === 1
      ? _n("%(num)s shift published; 1 person told.", "%(num)s shifts published; 1 person told.", shifts)
      : _n("%(num)s shift published; %(people)s people told.", "%(num)s shifts published; %(people)s people told.", shifts, { people })));
  byId("shift-delete").addEventListener("click", () => remove(tools));
}

/** A form in a dialog: sends its fields; a refusal stays in the dialog, in words. */
function wire(id, send) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.setAttribute("aria-busy", "true");
    const answer = await send(Object.fromEntries(new FormData(form)), form);
    button.removeAttribute("aria-busy");
    if (answer.ok) dialog.close();
    else wrong(dialog, answer.body.message);
  });
}

function wrong(dialog, message) {
  const place = dialog.querySelector(".error");
  place.replaceChildren(...(message ? [icon("fa-triangle-exclamation"), make("span", {}, message)] : []));
  place.hidden = !message;
}

function show(id) {
  const dialog = byId(id);
  wrong(dialog, "");
  dialog.showModal();
  return dialog;
}

function clicked(event, tools) {
  const at = event.target.closest("button, [data-shift]");
  const { week } = tools.place().dataset;
  if (!at) return;
  if (at.dataset.open) show(`${at.dataset.open}-dialog`);
  else if (at.dataset.act === "copy") tools.tell("copy", { week }, laid);
  else if (at.dataset.act === "publish") publish(week);
  else if (at.dataset.template) tools.tell(`template/${at.dataset.template}/apply`, { week }, laid);
  else if (at.dataset.forget) forget(at, tools);
  else if (at.dataset.read) tools.tell(`message/${at.dataset.read}/read`, {}, "");
  else if (at.dataset.answer) answer(at, tools);
  else if (at.dataset.decide) decide(at, tools);
  else if (at.dataset.shift) openShift(at, tools);
  else if (at.classList.contains("cell-add")) newShift(at.closest(".rota-cell"));
}

/** A new shift in a cell, from and to as drawn or the ordinary ones. */
export function newShift(cell, from = "08:00", to = "16:00") {
  fill({ staff: cell.dataset.staff, date: cell.dataset.date, from, to });
}

function openShift(at, tools) {
  if (at.dataset.dragged) return delete at.dataset.dragged;
  if (tools.place().dataset.plans === "true") return fill(at.dataset);
  if (at.dataset.staff === tools.place().dataset.me) return askSwap(at, tools);
  return undefined;
}

function fill({ shift = "", version = "", staff, date, from, to }) {
  const form = byId("shift-dialog").querySelector("form");
  Object.assign(form.dataset, { shift, version });
  byId("shift-title").textContent = shift ? _("Change the shift") : _("New shift");
  byId("shift-staff").value = staff;
  byId("shift-date").value = date;
  byId("shift-from").value = from;
  byId("shift-to").value = to;
  byId("shift-delete").hidden = !shift;
  show("shift-dialog");
  byId("shift-from").focus();
}

async function remove(tools) {
  const dialog = byId("shift-dialog");
  const { shift, version } = dialog.querySelector("form").dataset;
  const answer = await tools.send(`shift/${shift}/delete`, { version }, _("The shift was taken off."));
  if (answer.ok) dialog.close();
  else wrong(dialog, answer.body.message);
}

async function forget(at, tools) {
  byId("templates-dialog").close();
  if (await confirmed(_("Delete the template %(name)s? Its shifts on the rota stay.", { name: at.dataset.name }))) {
    tools.tell(`template/${at.dataset.forget}/delete`, {}, _("The template is deleted."));
  }
}

async function fetched(path) {
  const answer = await fetch(`${document.getElementById("rota").dataset.base}${path}`, { headers: { Accept: "application/json" } });
  if (answer.redirected) location.reload();
  if (!answer.ok) throw new Error(_("The clinic’s server could not answer. Try again in a moment."));
  return answer.json();
}

/** How many drafts go out, and how many people are told; nobody is of days that are over. */
function whoIsTold(drafts, people) {
  if (people === 0) return _n("%(num)s draft will be published. Nobody is told of days that are over.", "%(num)s drafts will be published. Nobody is told of days that are over.", drafts);
  if (people === 1) return _n("%(num)s draft will be published. 1 person gets a message.", "%(num)s drafts will be published. 1 person gets a message.", drafts);
  return _n("%(num)s draft will be published. %(people)s people get a message each.", "%(num)s drafts will be published. %(people)s people get a message each.", drafts, { people });
}

/** Shows what speaks against the week first, and asks. */
async function publish(week) {
  let found;
  try {
    found = await fetched(`problems?week=${week}`);
  } catch (error) {
    return toast(error.message, "bad");
  }
  const stops = found.problems.some((problem) => problem.blocks);
  byId("publish-text").textContent = stops
    ? _("It cannot be published yet. Mend what is marked as stopping it, then publish.")
    : whoIsTold(found.drafts, found.people);
  list("publish-list", found.problems);
  byId("publish-why").hidden = stops || !found.problems.length;
  byId("publish-reason").required = !byId("publish-why").hidden;
  byId("publish-send").hidden = stops;
  return show("publish-dialog");
}

function list(id, problems) {
  const items = problems.map(({ sentence, blocks }) =>
    make("li", { className: blocks ? "is-blocking" : "" },
      icon(blocks ? "fa-circle-xmark" : "fa-triangle-exclamation"),
      make("span", {}, blocks ? make("strong", {}, _("Stops it: ")) : null, sentence)));
  byId(id).replaceChildren(...items);
  byId(id).hidden = !items.length;
}

/** The colleague's word on a swap. */
function answer({ dataset: { answer: path, version, yes } }, tools) {
  const done = yes ? _("You agreed; the planner decides.") : _("You keep your shift; who asked is told.");
  return tools.tell(`${path}/answer`, { agree: Boolean(yes), version }, done);
}

async function decide(at, tools, reason = "") {
  const approve = Boolean(at.dataset.yes);
  const body = { approve, version: at.dataset.version, reason };
  const answer = await tools.send(`${at.dataset.decide}/decide`, body, approve ? _("Approved; those concerned are told.") : _("Declined; those concerned are told."));
  if (answer.ok) return;
  if (answer.body.code !== "reason_needed") {
    toast(answer.body.message, "bad");
    if (answer.status === 412 || answer.status === 409) tools.refresh();
    return;
  }
  list("reason-list", answer.body.problems);
  const dialog = show_reason();
  dialog.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    dialog.close();
    decide(at, tools, byId("reason-text").value);
  };
}

function show_reason() {
  const dialog = byId("reason-dialog");
  byId("reason-text").value = "";
  dialog.showModal();
  return dialog;
}

async function askSwap(at, tools) {
  if (at.dataset.published !== "true" || `${at.dataset.date}T${at.dataset.from}` <= tools.place().dataset.now) {
    return toast(_("Only a published shift to come can be swapped."), "bad");
  }
  let found;
  try {
    found = await fetched(`shift/${at.dataset.shift}/others`);
  } catch (error) {
    return toast(error.message, "bad");
  }
  const dialog = byId("swap-dialog");
  dialog.querySelector("form").dataset.shift = at.dataset.shift;
  byId("swap-text").textContent = found.result.length
    ? _("%(when)s. Your colleague is asked first; then the planner decides.", { when: `${shortDay(at.dataset.date)}, ${at.dataset.from}–${at.dataset.to}` })
    : _("Nobody of your role has a published shift in the coming weeks.");
  byId("swap-other").replaceChildren(...found.result.map(({ id, text }) => make("option", { value: id }, text)));
  return show("swap-dialog");
}
