// The patient search of the top bar; "/" goes to it from anywhere.

import { _ } from "./language.js";
import { Combobox } from "./combobox.js";

const typing = (element) => element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);

export function startSearch() {
  const box = document.querySelector("[data-search]");
  if (!box) return;
  const input = box.querySelector("input");
  new Combobox(input, {
    url: box.dataset.search,
    least: 2,
    nothing: (q) => _("No patient found for “%(q)s”. Try a name, a birth date or a number.", { q }),
    choose(item, event) {
      if (event.ctrlKey || event.metaKey) window.open(item.url, "_blank", "noopener");
      else location.assign(item.url);
    },
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}
