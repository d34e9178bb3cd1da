// Templates, and short words with a dot that become a whole text.

import { TEXTS } from "./autosave.js";

const ENDS = /(^|\s)(\.[a-z]+)(\s)$/;
const ALL = /(^|\s)(\.[a-z]+)(?=\s|$)/g;

/** Puts text where the cursor is, so that the browser's own “undo” takes it back. */
function insert(area, text, from, to) {
  area.focus();
  area.setSelectionRange(from, to);
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function expandLast(area, phrases) {
  const before = area.value.slice(0, area.selectionStart);
  const found = ENDS.exec(before);
  const text = found && phrases[found[2]];
  if (!text) return;
  const from = before.length - found[2].length - found[3].length;
  insert(area, text + found[3], from, before.length);
}

function fill(form, parts, phrases) {
  const whole = (text) => text.replace(ALL, (all, space, word) => (phrases[word] ? space + phrases[word] : all));
  for (const [name, text] of Object.entries(parts)) {
    const area = form.elements[name];
    if (!text) continue;
    const start = area.value.trim() ? `${area.value.trimEnd()}\n\n` : "";
    area.value = start + whole(text);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function startPhrases(form) {
  const phrases = JSON.parse(form.dataset.phrases);
  const select = form.querySelector("[data-templates]");
  const templates = JSON.parse(select.dataset.templates);
  let area = form.elements.notes;
  for (const name of TEXTS) {
    const field = form.elements[name];
    field.addEventListener("focus", () => (area = field));
    field.addEventListener("input", (event) => {
      if (event.inputType?.startsWith("insert")) expandLast(field, phrases);
    });
  }
  select.addEventListener("change", () => {
    const [, , notes, diagnosis, treatment] = templates[Number(select.value)] ?? [];
    fill(form, { notes, diagnosis, treatment }, phrases);
    select.value = "";
    form.elements.notes.focus();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-phrase]");
    if (!button) return;
    button.closest("details").open = false;
    const before = area.value.slice(0, area.selectionStart);
    const space = before && !/\s$/.test(before) ? " " : "";
    insert(area, space + phrases[button.dataset.phrase], area.selectionStart, area.selectionEnd);
  });
}
