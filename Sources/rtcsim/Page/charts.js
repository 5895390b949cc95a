// This module draws rates, round trips and losses over the call with Chart.js, where the server has it.

import { element, empty } from "rtcsim/dom.js";
import { call, listen, moment, state } from "rtcsim/store.js";
import { introductions } from "rtcsim/text.js";

const titles = { "kbit/s": "Bit rate", ms: "Round trip time", "%": "Loss" };
let drawn = { id: null, box: null, charts: [] };

/** The charts of a call; they are made once, and a step moves their marker only. */
export function charts(history) {
  if (drawn.id === history.id) {
    for (const chart of drawn.charts) chart.draw();
    return drawn.box;
  }
  for (const chart of drawn.charts) chart.destroy();
  drawn = { id: history.id, box: element("section", { class: "charts" }), charts: [] };
  const lines = history.series?.lines ?? [];
  if (!window.Chart) drawn.box.append(empty("The charts need Chart.js (Debian: libjs-chart.js), which the server does not have."));
  else if (lines.length === 0) drawn.box.append(empty("This call was not measured over time."));
  else fill(history, [...new Set(lines.map((line) => line.unit))]);
  return drawn.box;
}

function fill(history, units) {
  drawn.box.append(element("p", { class: "introduction" }, introductions.charts));
  for (const unit of units) {
    const title = `${titles[unit] ?? "Value"}, ${unit}`;
    const canvas = element("canvas", { role: "img", "aria-label": title });
    drawn.box.append(element("figure", {}, element("figcaption", {}, title), element("div", { class: "chart" }, canvas)));
    drawn.charts.push(make(canvas, history, unit));
  }
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A vertical line at the present moment. */
const marker = {
  id: "marker",
  afterDatasetsDraw({ ctx, scales, chartArea }) {
    const now = moment();
    if (!now || drawn.id !== call()?.id) return;
    const x = scales.x.getPixelForValue(now.timeMs / 1000);
    if (x < chartArea.left || x > chartArea.right) return;
    ctx.save();
    ctx.strokeStyle = colour("--accent");
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(x, chartArea.top);
    ctx.lineTo(x, chartArea.bottom);
    ctx.stroke();
    ctx.restore();
  },
};

function make(canvas, history, unit) {
  const { timeMs, lines } = history.series;
  const palette = ["--signaling", "--stun", "--dtls", "--turn"].map(colour);
  const [soft, rule, text] = ["--soft", "--rule", "--text"].map(colour);
  const axis = { ticks: { color: soft, maxTicksLimit: 6 }, grid: { color: rule } };
  return new window.Chart(canvas, {
    type: "line", plugins: [marker],
    data: {
      datasets: lines.filter((line) => line.unit === unit).map((line, index) => ({
        label: line.name, borderColor: palette[index % 4], backgroundColor: palette[index % 4], borderWidth: 1.5, pointRadius: 0,
        borderDash: index % 2 ? [5, 3] : [], data: line.values.map((value, place) => ({ x: timeMs[place] / 1000, y: value })),
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, parsing: false, interaction: { mode: "index", intersect: false, axis: "x" },
      scales: {
        x: { type: "linear", max: timeMs.at(-1) / 1000, ...axis, ticks: { ...axis.ticks, callback: (value) => `${Number(value.toFixed(1))} s` } },
        y: { beginAtZero: true, ...axis },
      },
      plugins: { legend: { align: "start", labels: { color: text, boxWidth: 16, boxHeight: 1, padding: 8 } } },
    },
  });
}

/** Colours come from the style sheet, so the charts are made again when light and dark change; `redraw` shows the panel. */
export function start(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawn.id = null;
    if (state.panel === "charts") redraw();
  });
  listen((what) => {
    if (what === "call" && drawn.id !== call()?.id) drawn.id = null;
  });
}
