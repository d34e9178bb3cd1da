// Short messages below the page, some with one button to take it back.

import { _ } from "../language.js";
import { byId, icon, make } from "./dom.js";

const STAYS = 8000; // milliseconds; longer while one points at it or has the focus on it

/** @param {{label: string, act: () => void}} [way] */
export function toast(text, tone = "good", way = null) {
  const shown = make("div", { className: `toast tone-${tone}` });
  let timer = 0;
  const go = () => shown.remove();
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(go, way ? STAYS * 1.5 : STAYS);
  };
  const act = () => {
    go();
    way.act();
  };
  shown.append(
    icon(tone === "bad" ? "fa-triangle-exclamation" : "fa-circle-check"),
    make("span", { className: "toast-text" }, text),
  );
  if (way) shown.append(make("button", { className: "btn btn-small", type: "button", on: { click: act } }, way.label));
  shown.append(
    make("button", { className: "alert-close", type: "button", ariaLabel: _("Dismiss this message"), on: { click: go } }, icon("fa-xmark")),
  );
  for (const name of ["pointerenter", "focusin"]) shown.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) shown.addEventListener(name, later);
  const place = byId("toasts");
  while (place.children.length > 2) place.firstChild.remove();
  place.append(shown);
  later();
}
