// The plots: drawn from the numbers that the table beside them says in words.

import { colour, onTheme } from "./theme.js";

const root = document.documentElement;
const TONES = {
  stacked: ["--accent", "--info-ink", "--line-control", "--warn-ink", "--bad"],
  other: ["--accent", "--violet-ink", "--warn-ink", "--info-ink"],
};
const BEFORE = "Period before";
const BAR = 30;

const plots = new Map();
const numbers = new Intl.NumberFormat(root.lang, { maximumFractionDigits: 1 });

function dataset(told, series, place) {
  const tones = TONES[told.kind] ?? TONES.other;
  const tone = colour(series.name === BEFORE ? "--line-strong" : tones[place % tones.length]);
  const line = told.kind === "lines";
  return {
    label: series.name,
    data: series.values,
    unit: series.unit,
    backgroundColor: line ? colour("--surface") : tone,
    borderColor: line ? tone : colour("--surface"),
    borderWidth: line ? 2 : told.kind === "stacked" ? { top: 1 } : 0,
    borderDash: line && place ? [6, 4] : [],
    borderRadius: told.kind === "stacked" ? 0 : 3,
    pointBorderColor: tone,
    pointStyle: place ? "rectRot" : "circle",
    pointRadius: told.labels.length > 60 ? 0 : 3,
    maxBarThickness: 34,
    spanGaps: false,
  };
}

function scales(told) {
  const ticks = { color: colour("--muted"), font: { family: "Inter Variable, sans-serif", size: 12 } };
  const unit = told.series[0]?.unit ?? "";
  const values = {
    beginAtZero: true,
    grid: { color: colour("--line") },
    border: { display: false },
    stacked: told.kind === "stacked",
    ticks: { ...ticks, precision: 0, maxTicksLimit: 7, callback: (v) => `${numbers.format(v)}${unit ? ` ${unit}` : ""}` },
  };
  const names = {
    grid: { display: false },
    border: { color: colour("--line-strong") },
    stacked: told.kind === "stacked",
    ticks: { ...ticks, autoSkip: told.kind !== "bars" && told.labels.length > 8, maxRotation: 35, autoSkipPadding: 14 },
  };
  if (told.kind !== "bars") return { x: names, y: values };
  names.ticks.callback = function short(value) {
    const label = this.getLabelForValue(value);
    return label.length > 30 ? `${label.slice(0, 29)}…` : label;
  };
  return { x: values, y: names };
}

function options(told) {
  const words = { color: colour("--ink-2"), font: { family: "Inter Variable, sans-serif", size: 12 } };
  const said = (item) => {
    const value = item.parsed[told.kind === "bars" ? "x" : "y"];
    return ` ${item.dataset.label}: ${numbers.format(value)} ${item.dataset.unit}`.trimEnd();
  };
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    indexAxis: told.kind === "bars" ? "y" : "x",
    interaction: { mode: "index", intersect: false, axis: told.kind === "bars" ? "y" : "x" },
    scales: scales(told),
    plugins: {
      legend: {
        display: told.series.length > 1,
        position: "bottom",
        labels: { ...words, boxWidth: 12, boxHeight: 12, usePointStyle: told.kind === "lines", padding: 14 },
      },
      tooltip: {
        backgroundColor: colour("--ink"), titleColor: colour("--surface"), bodyColor: colour("--surface"),
        padding: 10, callbacks: { label: said },
      },
    },
  };
}

function draw(canvas) {
  plots.get(canvas)?.destroy();
  const told = JSON.parse(document.getElementById(`d-${canvas.dataset.plot}`).textContent);
  if (told.kind === "bars") canvas.parentElement.style.height = `${told.labels.length * BAR + 110}px`;
  plots.set(
    canvas,
    new window.Chart(canvas, {
      type: told.kind === "lines" ? "line" : "bar",
      data: { labels: told.labels, datasets: told.series.map((one, place) => dataset(told, one, place)) },
      options: options(told),
    }),
  );
}

const drawAll = () => document.querySelectorAll("canvas[data-plot]").forEach(draw);

/** Paper is light, whatever the screen is. */
function drawForPaper() {
  const theme = root.dataset.theme;
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    drawAll();
  });
  addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    drawAll();
  });
}

drawAll();
onTheme(drawAll);
drawForPaper();
document.querySelector("[data-print]")?.addEventListener("click", () => print());
