// The words of a message as they would be read, while they are typed. Nothing is saved by it.

import { _ } from "./language.js";

const PAUSE = 600;

const card = document.querySelector("[data-typed]");
const shown = document.querySelector("[data-shown]");
const visit = card.querySelector("#visit");
const form = document.querySelector("form[data-guard]");
let waiting;
let asked;

async function show() {
  asked?.abort();
  if (!form.checkValidity()) return shown.replaceChildren();
  asked = new AbortController();
  const typed = new FormData(form);
  typed.set("visit", visit.value);
  try {
    const answer = await fetch(card.dataset.typed, { method: "POST", body: typed, signal: asked.signal });
    const words = await answer.text();
    if (answer.headers.has("X-Preview")) shown.innerHTML = words;
    else shown.textContent = _("The preview is not to be had just now.");
  } catch (error) {
    if (error.name !== "AbortError") shown.textContent = _("The preview is not to be had just now.");
  }
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(show, PAUSE);
}

for (const part of [form, visit]) {
  part.addEventListener("input", soon);
  part.addEventListener("change", soon);
}
show();
