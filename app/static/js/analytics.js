// The plots: drawn from the numbers that the table beside them says in words.

import { colour, onTheme } from "./theme.js";
import { drawBars, heights } from "./plot-bars.js";
import { pointAt } from "./plot-pointing.js";

const root = document.documentElement;
const TONES = {
  stacked: ["--accent", "--info-ink", "--line-control", "--warn-ink", "--bad"],
  other: ["--accent", "--violet-ink", "--warn-ink", "--info-ink"],
};
const FONT = '12px "Inter Variable", sans-serif';
const LETTER = 6.6; // px, on the safe side
const FEW = 8; // so many labels all stand below their columns, in several lines if they must

const numbers = new Intl.NumberFormat(root.lang, { maximumFractionDigits: 1 });
const withUnit = (value, unit) => `${numbers.format(value)}${unit ? ` ${unit}` : ""}`;

function toneOf(told, place) {
  const tones = TONES[told.kind] ?? TONES.other;
  return told.series[place].is_before ? "--line-strong" : tones[place % tones.length];
}

/** A label in lines that fit into so many pixels. */
function wrapped(label, width) {
  const most = Math.max(6, Math.floor(width / LETTER));
  const lines = [""];
  for (const word of label.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= most || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.slice(0, 3).map((line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line));
}

function axes(told, width) {
  const { labels, series } = told;
  const few = labels.length <= FEW;
  const each = (width - 70) / labels.length;
  const names = few ? labels.map((label) => wrapped(label, each - 8).join("\n")) : labels;
  const lines = Math.max(...names.map((name) => name.split("\n").length));
  const longest = Math.max(...labels.map((label) => label.length)) * LETTER + 18;
  const plain = { stroke: colour("--muted"), font: FONT, ticks: { show: false } };
  return [
    {
      ...plain,
      grid: { show: false },
      border: { show: true, stroke: colour("--line-strong"), width: 1 },
      incrs: few ? [1] : [1, 2, 3, 4, 5, 7, 14, 21, 28, 56],
      space: few ? 1 : longest,
      size: 16 + lines * 15,
      values: (_, splits) => splits.map((at) => names[at] ?? ""),
    },
    {
      ...plain,
      grid: { stroke: colour("--line"), width: 1 },
      space: 42,
      size: (_, values) => 14 + Math.max(1, ...(values ?? []).map((value) => String(value ?? "").length)) * LETTER,
      incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
      values: (_, splits) => splits.map((at) => withUnit(at, series[0]?.unit)),
    },
  ];
}

/** How far the last label reaches beyond its column: room that is kept at the right. */
function overhang(labels, width) {
  if (labels.length <= FEW) return 8;
  return Math.max(8, (labels.at(-1).length * LETTER - (width - 70) / labels.length) / 2);
}

function options(told, box) {
  const isLines = told.kind === "lines";
  const stroke = (place) => colour(toneOf(told, place));
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    legend: { show: false },
    padding: [10, overhang(told.labels, box.clientWidth), 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: isLines } },
    scales: {
      x: { time: false, range: () => [-0.5, told.labels.length - 0.5] },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(heights(told) * 1.06, 1)] },
    },
    axes: axes(told, box.clientWidth),
    series: [
      {},
      ...told.series.map((_, place) => ({
        stroke: stroke(place),
        width: 2,
        dash: place ? [6, 4] : undefined,
        points: { show: isLines && told.labels.length <= 60, size: 6, fill: colour("--surface") },
        ...(isLines ? {} : { paths: () => null }),
      })),
    ],
    hooks: isLines ? {} : { drawAxes: [(plot) => drawBars(plot, told, told.series.map((_, place) => stroke(place)))] },
  };
}

function legend(told, box) {
  if (told.series.length < 2) return;
  const list = document.createElement("ul");
  list.className = `plot-legend plot-legend-${told.kind}`;
  list.ariaHidden = "true";
  told.series.forEach((series, place) => {
    const sign = document.createElement("i");
    sign.style.color = `var(${toneOf(told, place)})`;
    const item = document.createElement("li");
    item.append(sign, series.name);
    list.append(item);
  });
  box.after(list);
}

function start(box) {
  const told = JSON.parse(document.getElementById(`d-${box.dataset.plot}`).textContent);
  legend(told, box);
  let plot = null;
  const paint = () => {
    plot?.destroy();
    const data = [told.labels.map((_, place) => place), ...told.series.map((series) => series.values)];
    plot = new window.uPlot(options(told, box), data, box);
    pointAt(plot, told, withUnit, (place) => `var(${toneOf(told, place)})`);
  };
  paint();
  onTheme(paint);
  new ResizeObserver(() => plot.width !== box.clientWidth && paint()).observe(box);
  return paint;
}

/** Paper is light, whatever the screen is. */
function drawForPaper(paints) {
  const theme = root.dataset.theme;
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    paints.forEach((paint) => paint());
  });
  addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    paints.forEach((paint) => paint());
  });
}

drawForPaper([...document.querySelectorAll("[data-plot]")].map(start));
document.querySelector("[data-print]")?.addEventListener("click", () => print());
