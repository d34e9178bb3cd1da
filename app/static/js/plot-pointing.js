// What one points at in a plot, in words beside the pointer.

function line(series, value, withUnit, tone) {
  const item = document.createElement("li");
  const sign = document.createElement("i");
  sign.style.color = tone;
  const said = document.createElement("b");
  said.textContent = value === null ? "–" : withUnit(value, series.unit);
  item.append(sign, `${series.name} `, said);
  return item;
}

/** Tells the numbers of the label that the pointer is at; `tone(place)` is a colour of CSS. */
export function pointAt(plot, told, withUnit, tone) {
  const box = document.createElement("div");
  box.className = "plot-said";
  box.hidden = true;
  plot.over.append(box);
  plot.over.addEventListener("mouseleave", () => {
    box.hidden = true;
  });
  plot.over.addEventListener("mousemove", () => {
    const { idx, left } = plot.cursor;
    box.hidden = idx === null || idx === undefined;
    if (box.hidden) return;
    const head = document.createElement("strong");
    head.textContent = told.labels[idx];
    const list = document.createElement("ul");
    list.append(...told.series.map((series, place) => line(series, series.values[idx], withUnit, tone(place))));
    box.replaceChildren(head, list);
    const room = plot.over.clientWidth - box.offsetWidth;
    box.style.left = `${Math.max(0, Math.min(room, left > room ? left - box.offsetWidth - 12 : left + 12))}px`;
  });
}
