// The card of one visit: what is known, where it can go next.

import { _, _p } from "../language.js";
import { get, post } from "./api.js";
import { byId, icon, make, safeColour } from "./dom.js";
import { badge, MOVABLE, name, STATUS } from "./look.js";
import { url } from "./move.js";
import { askScope, cancelSeries, scopeIn } from "./series.js";
import { sayWhoIsTold } from "./telling.js";
import { toast } from "./toast.js";
import { hour, longDay, minutesBetween, now, wallOf } from "./zone.js";

const DOES = {
  pending: _("Await confirmation"), booked: _("Confirm"), arrived: _("Arrived"), "checked-in": _("Check in"),
  "in-room": _("Into the room"), fulfilled: _p("button", "Done"), noshow: _("Did not come"), cancelled: _("Cancel…"),
};

/** Sends a move of status; says what happened, with a way back. */
export async function setStatus(visit, status, refresh, more = {}) {
  const answer = await post(url(visit, "status"), { status, version: visit.version, ...more });
  await refresh();
  if (!answer.ok) {
    toast(answer.body.message ?? _("That did not work."), "bad");
    return false;
  }
  const word = STATUS[status]?.[1] ?? status;
  toast(`${name(visit)}: ${word.toLowerCase()}.`, "good", { label: _("Undo"), act: () => takeBack(visit, answer.body.result?.version, refresh) });
  return true;
}

async function takeBack(visit, version, refresh) {
  const answer = await post(url(visit, "undo"), { version });
  await refresh();
  toast(answer.ok ? _("%(name)s is back where the visit was.", { name: name(visit) }) : answer.body.message, answer.ok ? "good" : "bad");
}

/** @param {{page: object, refresh: () => Promise, reschedule: (visit) => void}} tools */
export function openCard(visit, anchor, tools) {
  const dialog = byId("visit-card");
  const settle = () => anchor.isConnected && place(dialog, anchor.getBoundingClientRect());
  dialog.replaceChildren(head(visit, tools), facts(visit, tools, settle), ways(visit, tools));
  dialog.style.setProperty("--visit", safeColour(visit.colour));
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.onpointerdown = (event) => {
    if (event.target === dialog) dialog.close();
  };
  dialog.onclose = () => {
    (anchor.querySelector("button") ?? anchor).focus();
  };
  dialog.showModal();
  settle();
}

/** Beside what was clicked, where there is room; on a phone the style sheet puts it below. */
function place(dialog, box) {
  const { offsetWidth: width, offsetHeight: height } = dialog;
  const right = box.right + 8 + width < innerWidth;
  const left = right ? box.right + 8 : box.left - width - 8 > 0 ? box.left - width - 8 : Math.max(8, (innerWidth - width) / 2);
  const top = Math.max(8, Math.min(box.top, innerHeight - height - 8));
  dialog.style.setProperty("--left", `${left}px`);
  dialog.style.setProperty("--top", `${top}px`);
}

function head(visit, { page }) {
  const link = visit.patient_id && visit.patient;
  const title = link
    ? make("a", { href: page.urls.patient.replace(/0$/, visit.patient_id) }, visit.patient)
    : name(visit);
  return make(
    "header",
    { className: "visit-head" },
    make("h2", { id: "visit-title" }, title),
    make("button", { className: "btn btn-quiet btn-icon btn-small", type: "button", ariaLabel: _("Close"), data: { close: "" } }, icon("fa-xmark")),
    make("p", { className: "visit-born" }, [visit.dob && _("born %(day)s", { day: visit.dob }), visit.phone].filter(Boolean).join(" · ")),
  );
}

function facts(visit, { page }, settle) {
  const waited = visit.arrived_at && ["arrived", "checked-in"].includes(visit.status);
  const minutes = waited ? minutesBetween(wallOf(visit.arrived_at), now()) : 0;
  const rows = [
    ["fa-clock", `${longDay(visit.start)}, ${hour(visit.start)}–${hour(visit.end)}`, _("When")],
    ["fa-notes-medical", visit.type, _("Visit type")],
    ["fa-user-doctor", visit.doctor, _("Doctor")],
    ["fa-door-open", visit.room, _("Room")],
    ["fa-couch", waited && _("waiting for %(minutes)s min", { minutes }), _("Waiting")],
  ];
  const shown = rows
    .filter(([, text]) => text)
    .map(([sign, text, label]) => make("li", {}, icon(sign), make("span", { className: "sr-only" }, `${label}: `), text));
  shown.push(reason(visit, settle));
  if (visit.series_id) {
    const link = make("a", { href: page.urls.series.replace(/0$/, visit.series_id) }, _("One of a series: see all"));
    shown.push(make("li", {}, icon("fa-repeat"), link));
  }
  return make("div", { className: "visit-facts" }, badge(visit), make("ul", { className: "visit-list" }, ...shown));
}

/** Why the patient comes: asked for the one visit that is opened; hidden where nobody may or can say. */
function reason(visit, settle) {
  const text = make("span", {});
  const line = make("li", { hidden: true }, icon("fa-comment"), make("span", { className: "sr-only" }, `${_("Reason")}: `), text);
  get(`/api/v1/appointment/${visit.id}?q=(columns:!(reason))`)
    .then(({ body }) => {
      text.textContent = body.result.reason ?? "";
      line.hidden = !body.result.reason;
      if (line.isConnected) settle();
    })
    .catch(() => {});
  return line;
}

function ways(visit, tools) {
  const dialog = byId("visit-card");
  const go = (act) => () => {
    dialog.close();
    act();
  };
  const next = (tools.page.moves[visit.status] ?? []).filter((status) => status in DOES && status !== "proposed");
  const missed = minutesBetween(visit.start, now()) >= 0;
  const ahead = visit.start.slice(0, 10) > now().slice(0, 10);
  const steps = next.filter((s) => s !== "cancelled" && (s !== "noshow" || missed) && (!ahead || s === "booked"));
  const buttons = steps.map((status, at) =>
    make(
      "button",
      { className: `btn${at ? "" : " btn-primary"}`, type: "button", on: { click: go(() => setStatus(visit, status, tools.refresh)) } },
      icon(STATUS[status][0]),
      DOES[status],
    ),
  );
  if (visit.may_change && MOVABLE.includes(visit.status)) {
    buttons.push(make("button", { className: "btn", type: "button", on: { click: go(() => tools.reschedule(visit)) } }, icon("fa-arrows-up-down-left-right"), _("Move…")));
  }
  if (next.includes("cancelled")) {
    buttons.push(make("button", { className: "btn btn-bad-quiet", type: "button", on: { click: go(() => cancel(visit, tools)) } }, icon("fa-ban"), DOES.cancelled));
  }
  return make("div", { className: "visit-ways" }, ...buttons);
}

function cancel(visit, { refresh }) {
  const dialog = byId("cancelling");
  byId("cancelling-text").textContent = _("%(name)s, %(day)s at %(time)s. The time becomes free.", { name: name(visit), day: longDay(visit.start), time: hour(visit.start) });
  byId("cancelling-note").value = "";
  askScope(byId("cancelling-scope"), visit);
  byId("cancelling-tell").checked = true;
  sayWhoIsTold(visit, "cancelled", byId("cancelling-told"));
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return;
    const more = { cancellation_reason: byId("cancelling-code").value, tell: byId("cancelling-tell").checked };
    const note = byId("cancelling-note").value.trim();
    if (note) more.reason = note;
    const scope = scopeIn(byId("cancelling-scope"));
    if (scope === "one") setStatus(visit, "cancelled", refresh, more);
    else cancelMany(visit, scope, more, refresh);
  };
  dialog.showModal();
}

async function cancelMany(visit, scope, more, refresh) {
  const answer = await cancelSeries(visit, scope, more);
  await refresh();
  if (!answer.ok) return toast(answer.body.message ?? _("That did not work."), "bad");
  const gone = answer.body.result;
  const back = async () => {
    let lost = 0;
    for (const row of gone) {
      const { ok } = await post(url({ id: row.appointment_id }, "undo"), { version: row.version });
      if (!ok) lost += 1;
    }
    await refresh();
    if (lost) toast(_("%(name)s: %(back)s of %(all)s visits are back; the others could not be had again.", { name: name(visit), back: gone.length - lost, all: gone.length }), "bad");
    else toast(_("%(name)s: all %(all)s visits are back.", { name: name(visit), all: gone.length }), "good");
  };
  return toast(_("%(name)s: %(all)s visits cancelled.", { name: name(visit), all: gone.length }), "good", { label: _("Undo"), act: back });
}
