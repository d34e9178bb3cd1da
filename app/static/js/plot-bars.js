// Columns beside or upon each other, painted into a plot that has a place for each label.

const WIDEST = 34;
const SHARE = 0.68; // of the room of a label; the rest keeps neighbours apart

/** The highest value that is drawn: of a stack its sum. */
export function heights({ kind, series, labels }) {
  const columns = labels.map((_, at) => series.map(({ values }) => values[at] ?? 0));
  const sums = kind === "stacked" ? columns.map((column) => column.reduce((a, b) => a + b, 0)) : columns.flat();
  return Math.max(0, ...sums);
}

/** Paints the series in their tones; a stack begins at the ground with the first. */
export function drawBars(plot, told, tones) {
  const { ctx, valToPos } = { ctx: plot.ctx, valToPos: (value, axis) => plot.valToPos(value, axis, true) };
  const ratio = window.uPlot.pxRatio;
  const beside = told.kind === "stacked" ? 1 : told.series.length;
  const room = valToPos(1, "x") - valToPos(0, "x");
  const width = Math.max(1, Math.min(room * SHARE, WIDEST * ratio * (beside > 1 ? 1.6 : 1)) / beside);
  ctx.save();
  told.labels.forEach((_, at) => {
    let below = 0;
    told.series.forEach(({ values }, place) => {
      const value = values[at];
      if (!value) return;
      const from = told.kind === "stacked" ? below : 0;
      below = from + value;
      const left = valToPos(at, "x") + (told.kind === "stacked" ? -width / 2 : width * (place - beside / 2));
      const top = valToPos(from + value, "y");
      const gap = beside > 1 ? ratio : 0;
      const cut = told.kind === "stacked" && from ? ratio : 0; // a line of the ground between two parts
      const radius = told.kind === "stacked" ? 0 : Math.min(3 * ratio, width / 3);
      ctx.fillStyle = tones[place];
      ctx.beginPath();
      ctx.roundRect(left + gap / 2, top, width - gap, Math.max(0, valToPos(from, "y") - top - cut), [radius, radius, 0, 0]);
      ctx.fill();
    });
  });
  ctx.restore();
}
