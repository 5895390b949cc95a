// Rates, round trips and losses as time goes on, drawn by Chart.js where it is there.

import { element } from "rtcsim/dom.js";
import { call, moment, state } from "rtcsim/state.js";

const titles = { "kbit/s": "Rates of the access links, UDP/IP layer", ms: "Round trip of the selected pair", "%": "Datagrams lost of those sent" };
let drawn = { id: null, box: null, charts: [] };

export function charts(history) {
  if (!window.Chart) return element("p", { class: "empty" }, "Charts need Chart.js (Debian: libjs-chart.js), which this machine does not have.");
  if (drawn.id === history.id) {
    drawn.charts.forEach((chart) => chart.update("none"));
    return drawn.box;
  }
  drawn.charts.forEach((chart) => chart.destroy());
  drawn = { id: history.id, box: element("div", { class: "charts" }), charts: [] };
  for (const unit of Object.keys(titles)) {
    const canvas = element("canvas", { role: "img", "aria-label": titles[unit] });
    drawn.box.append(element("figure", {}, element("figcaption", {}, `${titles[unit]}, ${unit}`), element("div", { class: "chart" }, canvas)));
    drawn.charts.push(make(canvas, history, unit));
  }
  return drawn.box;
}

/** A line where the present moment is. */
const marker = {
  id: "marker",
  afterDatasetsDraw(chart) {
    const now = moment();
    if (!now || drawn.id !== call()?.id) return;
    const x = chart.scales.x.getPixelForValue(now.timeMs / 1000);
    const { top, bottom } = chart.chartArea;
    chart.ctx.save();
    chart.ctx.strokeStyle = colour("--accent");
    chart.ctx.beginPath();
    chart.ctx.moveTo(x, top);
    chart.ctx.lineTo(x, bottom);
    chart.ctx.stroke();
    chart.ctx.restore();
  },
};

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function make(canvas, history, unit) {
  const palette = ["--line-1", "--line-2", "--line-3", "--line-4"].map(colour);
  const lines = history.series.lines.filter((line) => line.unit === unit);
  const axis = { ticks: { color: colour("--soft") }, grid: { color: colour("--rule") } };
  return new window.Chart(canvas, {
    type: "line", plugins: [marker],
    data: {
      datasets: lines.map((line, index) => ({
        label: line.name, borderColor: palette[index], backgroundColor: palette[index], borderWidth: 1.5, pointRadius: 0,
        borderDash: index % 2 ? [5, 3] : [], spanGaps: false,
        data: line.values.map((value, place) => ({ x: history.series.timeMs[place] / 1000, y: value })),
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, parsing: false, interaction: { mode: "index", intersect: false },
      scales: { x: { type: "linear", title: { display: true, text: "s", color: colour("--soft") }, ...axis }, y: { beginAtZero: true, ...axis } },
      plugins: { legend: { labels: { color: colour("--text"), boxWidth: 18, boxHeight: 2 } } },
    },
  });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  drawn.id = null;
  if (state.panel === "charts") document.getElementById("tab-charts")?.click();
});
