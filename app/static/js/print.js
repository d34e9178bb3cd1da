// The button that opens the browser's printing; without scripts its menu does.
document.documentElement.classList.add("js");
document.querySelector("[data-print]")?.addEventListener("click", () => print());
