// Single keys, which a person can switch off.

import { byId } from "./dom.js";

const STORED = "calendar-keys";
const VIEWS = { d: "day", w: "week", m: "month", l: "list" };
const typing = (element) => element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);

function stored() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

/** @param {{step: (by: number) => void, today, view: (view: string) => void, fresh}} acts */
export function startKeys(acts) {
  let on = stored();
  byId("keys-on").checked = on;
  byId("keys-on").addEventListener("change", ({ target }) => {
    on = target.checked;
    try {
      localStorage.setItem(STORED, on ? "on" : "off");
    } catch {
      // it holds for this page only
    }
  });
  byId("cal-keys").addEventListener("click", () => byId("keys").showModal());

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const act = {
      ArrowLeft: () => acts.step(-1),
      ArrowRight: () => acts.step(1),
      t: acts.today,
      n: acts.fresh,
    }[event.key] ?? (VIEWS[event.key] && (() => acts.view(VIEWS[event.key])));
    if (!act) return;
    event.preventDefault();
    act();
  });
}
