// Plots of what the tables beside them say: values over time with the normal range as a band. Days and
// hours are the clinic's, whatever the browser's own zone.

import { locale } from "../language.js";
import { colour, onTheme } from "../theme.js";

const HEIGHT = 190;
const LINES = ["--accent", "--violet-ink"];
const DAY = 86_400;
const DAY_ALONE = "2026-05-31".length;
const SHAPES = [
  [28 * DAY, { month: "short" }, { year: "numeric" }],
  [DAY, { day: "numeric", month: "short" }, { year: "numeric" }],
  [0, { hour: "2-digit", minute: "2-digit" }, { day: "numeric", month: "short" }],
];

/** What stands below times that lie `every` seconds apart: the month, the day or the hour, and below
 * it the year or the day where that changes; all in the time zone. */
export function underTimes(times, every, timeZone = "UTC") {
  const [, narrow, wide] = SHAPES.find(([from]) => every >= from);
  const [near, far] = [narrow, wide].map((shape) => {
    const spell = new Intl.DateTimeFormat(locale, { ...shape, timeZone });
    return times.map((at) => spell.format(at * 1000));
  });
  return near.map((text, n) => (far[n] === far[n - 1] ? text : `${text}\n${far[n]}`));
}

/** Seconds of a FHIR moment; a bare day is taken at noon, which is the same day in nearly every zone. */
const secondsOf = (moment) => Date.parse(moment.length === DAY_ALONE ? `${moment}T12:00Z` : moment) / 1000;

/** Times, values and normal ranges of a course as numbers, oldest first. */
function read(box) {
  const rows = [...document.querySelectorAll(`[data-course="${box.dataset.plot}"] tr[data-at]`)].reverse();
  const readings = rows.map((row) => row.dataset.values.split(" ").map(Number));
  const range = (text) => text.split(":").map((end) => (end ? Number(end) : null));
  return {
    bands: (box.dataset.bands ?? "").trim().split(/\s+/).filter(Boolean).map(range),
    at: rows.map((row) => secondsOf(row.dataset.at)),
    zone: box.closest("[data-zone]").dataset.zone,
    values: readings[0].map((_, line) => readings.map((values) => values[line])),
  };
}

/** Lowest and highest of all values, and of the normal ranges where they are near. */
function extent({ values, bands }) {
  const all = values.flat();
  const low = Math.min(...all, ...bands.map(([from]) => from).filter((n) => n !== null));
  const high = Math.max(...all, ...bands.map(([, to]) => to).filter((n) => n !== null));
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low - room, high + room];
}

function drawBands(plot, bands) {
  const { ctx, bbox } = plot;
  const place = (value, beyond) => (value === null ? beyond : plot.valToPos(value, "y", true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  bands.forEach(([low, high], line) => {
    if (low === null && high === null) return;
    const bottom = place(low, bbox.top + bbox.height);
    const top = place(high, bbox.top);
    ctx.globalAlpha = 0.13;
    ctx.fillStyle = colour(LINES[line]);
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  });
  ctx.restore();
}

function options(found, width) {
  const axis = { stroke: colour("--muted"), font: "12px Inter Variable, sans-serif", ticks: { show: false } };
  const grid = { stroke: colour("--line"), width: 1 };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), found.zone),
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 12, 0, 0],
    scales: { y: { range: extent(found) } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, values: (_, times, _axis, _space, every) => underTimes(times, every, found.zone) },
      { ...axis, grid, size: 44 },
    ],
    series: [
      {},
      ...found.values.map((_, line) => ({
        stroke: colour(LINES[line]),
        width: 2,
        dash: line ? [6, 4] : undefined,
        points: { show: true, size: 6, fill: colour("--surface") },
      })),
    ],
    hooks: { drawClear: [(plot) => drawBands(plot, found.bands)] },
  };
}

function draw(box) {
  const found = read(box);
  let plot = null;
  const paint = () => {
    plot?.destroy();
    plot = new window.uPlot(options(found, box.clientWidth), [found.at, ...found.values], box);
  };
  paint();
  onTheme(paint);
  new ResizeObserver(() => {
    if (plot.width !== box.clientWidth) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  }).observe(box);
}

/** Draws each course that has more than one value; a single one says nothing about time. */
export function drawTrends() {
  for (const box of document.querySelectorAll("[data-plot]")) {
    const rows = document.querySelectorAll(`[data-course="${box.dataset.plot}"] tr[data-at]`);
    if (rows.length > 1 && window.uPlot) draw(box);
    else box.hidden = true;
  }
}
