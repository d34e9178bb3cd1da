// A problem or an allergy: suggestions as one types; what is chosen brings its code or its kind.

import { _ } from "../language.js";
import { Combobox } from "../combobox.js";
import "../form.js";

const box = document.querySelector("[data-suggest]");
const input = box.querySelector("input");
const into = document.getElementById(box.dataset.into);

new Combobox(input, {
  url: box.dataset.suggest,
  least: 2,
  nothing: (q) => _("“%(q)s” is not in the list. It can be kept in your words.", { q }),
  choose(item) {
    input.value = item.text;
    into.value = item.id;
  },
});

// words typed over a choice no longer mean its code
if (into.id === "code") input.addEventListener("input", () => (into.value = ""));
if (!input.value) input.focus();
