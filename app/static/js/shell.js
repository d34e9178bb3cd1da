// What every page has: theme, patient search, messages that go away, a question before a delete.

import { _ } from "./language.js";
import { startSearch } from "./search.js";
import { startTheme } from "./theme.js";

/** Asks in the page's dialog; resolves to true or false. */
export function confirmed(question, yes = _("Delete")) {
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-text").textContent = question;
  const button = document.getElementById("confirm-yes");
  button.textContent = yes;
  button.classList.toggle("btn-danger", yes === "Delete");
  button.classList.toggle("btn-primary", yes !== "Delete");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  const { submitter } = event;
  if (await confirmed(question, submitter?.dataset.confirmButton ?? form.dataset.confirmButton)) {
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
  }
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".alert")?.remove();
  // an open panel closes when one clicks beside it
  for (const panel of document.querySelectorAll("details[data-closes][open]")) {
    if (!panel.contains(event.target)) panel.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const panel = event.target.closest?.("details[data-closes][open]");
  if (!panel) return;
  panel.open = false;
  panel.querySelector("summary").focus();
});

// which sections of the menu are open outlives the page, so that the next one comes as it was left
for (const section of document.querySelectorAll(".nav-section")) {
  section.addEventListener("toggle", () => {
    const open = [...document.querySelectorAll(".nav-section[open]")].map((s) => s.dataset.section);
    document.cookie = `menu=${encodeURIComponent(open.join("|"))};path=/;max-age=31536000;samesite=lax`;
  });
}

startTheme();
startSearch();
document.querySelector(".sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });

// on a narrow screen the strip of tabs scrolls: begin where the page is
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
