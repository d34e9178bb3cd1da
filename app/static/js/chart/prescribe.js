// Prescribing: drugs found as one types, and the check as soon as something changes.

import { _, _n } from "../language.js";
import { Combobox } from "../combobox.js";
import "../form.js";

const form = document.querySelector("[data-prescribe]");
const alerts = form.querySelector("[data-alerts]");
const drug = form.elements.display;
const CHECKED = new Set(["display", "dose_value", "dose_unit", "timing"]);

let asked = null;

/** Ask what speaks against the order; answers that were chosen already stay. */
async function check() {
  asked?.abort();
  const mine = (asked = new AbortController());
  alerts.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.prescribe, {
      method: "POST", body: new FormData(form), signal: mine.signal,
    });
    const text = await answer.text();
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    show(text);
  } catch (error) {
    if (error.name === "AbortError") return;
    show('<p class="check-empty" role="alert"></p>');
    alerts.firstElementChild.textContent =
      _("The check could not be asked just now. It is asked again when you prescribe.");
  }
  alerts.removeAttribute("aria-busy");
}

function show(fragment) {
  const answers = new Map([...alerts.querySelectorAll("select, input")].map((field) => [field.name, field.value]));
  const focused = alerts.contains(document.activeElement) ? document.activeElement.id : "";
  alerts.innerHTML = fragment;
  for (const field of alerts.querySelectorAll("select, input")) field.value = answers.get(field.name) ?? field.value;
  if (focused) document.getElementById(focused)?.focus();
  pointAtFound();
}

/** Beside the button, which a phone shows before what the check found: the gravest of it, as a link. */
function pointAtFound() {
  const link = form.querySelector("[data-found]");
  const worst = alerts.querySelector('[data-level="block"]') ?? alerts.querySelector('[data-level="warn"]');
  const others = alerts.querySelectorAll(".drug-alert").length - 1;
  link.hidden = !worst;
  if (!worst) return;
  const said = worst.querySelector("strong").textContent;
  link.textContent = others ? _n("%(said)s and one more", "%(said)s and %(num)s more", others, { said }) : said;
}

/** What the formulary says of a chosen drug goes into fields that nobody filled in. */
function take(item) {
  drug.value = item.text;
  form.elements.code.value = item.id;
  for (const [name, value] of [["dose_unit", item.unit], ["quantity_unit", item.unit], ["route", item.route]]) {
    const field = form.elements[name];
    if (value && !field.dataset.chosen) field.value = value;
  }
  check();
  form.elements.dose_value.focus();
}

new Combobox(drug, {
  url: form.querySelector("[data-drugs]").dataset.drugs,
  least: 2,
  nothing: (q) => _("“%(q)s” is not in the list of drugs. It can be prescribed as typed; the check may not know it.", { q }),
  choose: take,
});

drug.addEventListener("input", () => {
  form.elements.code.value = "";
});
form.addEventListener("change", (event) => {
  if (event.target.name) event.target.dataset.chosen = "yes";
  if (CHECKED.has(event.target.name) && drug.value.trim()) check();
});

pointAtFound();
document.querySelector("[data-summary]")?.focus();
if (drug.value && !alerts.querySelector(".drug-alert")) check();
else if (!drug.value) drug.focus();
