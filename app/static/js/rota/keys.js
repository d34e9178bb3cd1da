// Arrows go from day to day and from person to person; Enter opens, as on any button.

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function startKeys(tools) {
  const table = tools.place().querySelector(".rota");
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".rota-cell");
    const step = STEPS[event.key];
    if (!cell || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...table.querySelectorAll("tr:has(> .rota-cell)")];
    const row = rows.indexOf(cell.parentElement) + step[0];
    const cells = rows[row]?.querySelectorAll(".rota-cell");
    const column = [...cell.parentElement.querySelectorAll(".rota-cell")].indexOf(cell) + step[1];
    const next = cells?.[column]?.querySelector("[data-shift], .cell-add");
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
