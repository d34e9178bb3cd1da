// Comforts of forms: pick fields, a warning before unsaved text is lost, no double sending.

import { startPicks } from "./pick.js";

function guard(form) {
  let dirty = "dirty" in form.dataset;
  const touch = () => {
    dirty = true;
    form.dataset.touched = "";
  };
  form.addEventListener("input", touch);
  form.addEventListener("change", touch);
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || (form.dataset.confirm && !form.dataset.confirmed)) return;
    dirty = false;
    const button = event.submitter;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    button?.setAttribute("aria-busy", "true");
  });
  // the page may come back out of the browser's cache
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  });
}

/** A filter form leaves out what is empty, so that its address stays readable. */
function lean(form) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
}

function narrow(input) {
  const choices = document.getElementById(input.dataset.narrows);
  input.addEventListener("input", () => {
    const q = input.value.trim().toLowerCase();
    for (const choice of choices.querySelectorAll(".check")) {
      choice.hidden = q !== "" && !choice.textContent.toLowerCase().includes(q);
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

startPicks();
document.querySelectorAll("form[data-guard]").forEach(guard);
document.querySelectorAll("form[data-lean]").forEach(lean);
document.querySelectorAll("[data-narrows]").forEach(narrow);
document.querySelector("[data-summary]")?.focus();
