// A chart's page: trends of the vital signs, printing, the place of a refused field.

import { showLeft } from "./left.js";
import { drawTrends } from "./trends.js";
import "../form.js";

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

drawTrends();
showLeft(document.querySelector("[data-read-note]"));
document.querySelector("[aria-invalid=true]")?.focus();
