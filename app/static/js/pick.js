// Fields whose value is a row of another table: one types words, the id is sent.
// Without this script the words alone are sent and the server looks them up.

import { Combobox } from "./combobox.js";

function start(box) {
  const [hidden, input] = box.querySelectorAll("input");
  const clear = box.querySelector(".pick-clear");
  let chosen = input.value;
  hidden.disabled = false;

  const set = (id, text) => {
    const changed = hidden.value !== String(id);
    hidden.value = id;
    input.value = chosen = text;
    clear.hidden = !text;
    if (changed) hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const list = new Combobox(input, { url: box.dataset.pick, choose: (item) => set(item.id, item.text) });
  clear.hidden = !input.value;
  box.addEventListener("choose", ({ detail }) => set(detail.id, detail.text));

  input.addEventListener("click", () => {
    if (!list.open) list.ask();
  });
  input.addEventListener("input", () => {
    // other words than those chosen: the id no longer holds
    if (input.value !== chosen) hidden.value = "";
    if (!input.value) set("", "");
    clear.hidden = !input.value;
  });
  clear.addEventListener("click", () => {
    set("", "");
    input.focus();
  });
}

/** Makes every pick field under `root` work; for parts of a page that come later. */
export function startPicks(root = document) {
  for (const box of root.querySelectorAll("[data-pick]:not([data-started])")) {
    box.dataset.started = "";
    start(box);
  }
}

/** Chooses `{id, text}` in a pick field that works already. */
export const choosePick = (box, item) => box.dispatchEvent(new CustomEvent("choose", { detail: item }));
