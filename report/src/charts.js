// Options of the charts. Texts are drawn as SVG text, tooltips included, so that names cannot become elements.
import { use, init } from "echarts/core";
import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { percent, periodName, short, whole } from "./format.js";

use([BarChart, HeatmapChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

export const draw = (node) => init(node, null, { renderer: "svg" });

export function theme() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(name).trim();
  return { text: get("--text"), muted: get("--muted"), line: get("--line"), card: get("--card"), accent: get("--accent"), low: get("--heat-low"),
    high: get("--heat-high"), colors: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => get(`--c${n}`)) };
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

function base(look) {
  return {
    animation: false,
    color: look.colors,
    textStyle: { color: look.text, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: look.card, borderColor: look.muted, textStyle: { color: look.text, fontSize: 12 } },
  };
}

const valueAxis = (look, formatter = short) => ({ type: "value", axisLabel: { color: look.muted, formatter, hideOverlap: true }, splitLine: { lineStyle: { color: look.line } } });
const nameAxis = (look, data, length = 18) => ({ type: "category", data, axisLine: { lineStyle: { color: look.muted } }, axisTick: { show: false },
  axisLabel: { color: look.muted, formatter: (text) => cut(text, length), hideOverlap: true } });
const legend = (look) => ({ type: "plain", top: 0, left: 0, textStyle: { color: look.text }, itemWidth: 14, itemHeight: 10, formatter: (text) => cut(text, 24) });
const told = (head, rows) => [head, ...rows.map(([name, value]) => `${name}: ${value}`)].join("\n");

export function trend(look, months, forecast, selected) {
  const labels = [...months.map((month) => month.id), ...forecast.map((row) => row.period_start.slice(0, 7))];
  const pad = months.map(() => null);
  const series = [{
    name: "Revenue", type: "bar", barMaxWidth: 34,
    // A month that the sales cover only in part is pale, so that it is not read as a fall.
    data: months.map((month) => ({ value: month.revenue, itemStyle: month.is_complete ? {} : { opacity: 0.4 } })),
    markArea: selected && { silent: true, itemStyle: { color: look.accent, opacity: 0.1 }, data: [[{ xAxis: labels.indexOf(selected[0]) }, { xAxis: labels.indexOf(selected[1]) }]] },
  }];
  if (forecast.length) {
    const band = { type: "line", stack: "interval", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
    series.push({ ...band, name: "Lower", data: [...pad, ...forecast.map((row) => row.lower)] },
      { ...band, name: "Interval", itemStyle: { color: look.colors[1] }, areaStyle: { color: look.colors[1], opacity: 0.25 }, data: [...pad, ...forecast.map((row) => row.upper - row.lower)] },
      { name: "Forecast", type: "line", symbolSize: 6, itemStyle: { color: look.colors[1] }, lineStyle: { color: look.colors[1], type: "dashed" }, data: [...pad, ...forecast.map((row) => row.value)] });
  }
  return { ...base(look), grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
    legend: forecast.length ? { ...legend(look), data: ["Revenue", "Forecast", { name: "Interval", icon: "rect", itemStyle: { opacity: 0.25 } }] } : undefined,
    tooltip: { ...base(look).tooltip, trigger: "axis", formatter: ([first]) => {
      const n = first.dataIndex;
      const month = months[n];
      if (month) return told(periodName(month.id) + (month.is_complete ? "" : " (not complete)"), [["Revenue", whole(month.revenue)]]);
      const row = forecast[n - months.length];
      return told(`${periodName(labels[n])} (forecast)`, [["Expected", whole(row.value)], ["Between", `${whole(row.lower)} and ${whole(row.upper)}`]]);
    } },
    xAxis: { ...nameAxis(look, labels), axisLabel: { color: look.muted, formatter: periodName, hideOverlap: true } }, yAxis: valueAxis(look), series };
}

export function lines(look, labels, series) {
  return { ...base(look), grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true }, legend: legend(look),
    tooltip: { ...base(look).tooltip, trigger: "axis", formatter: (items) => told(periodName(labels[items[0].dataIndex]), items.map((item) => [item.seriesName, whole(item.value)])) },
    xAxis: { ...nameAxis(look, labels), axisLabel: { color: look.muted, formatter: periodName, hideOverlap: true } }, yAxis: valueAxis(look),
    series: series.map(([name, data], n) => ({ name, type: "line", data, symbol: ["circle", "none", "triangle", "diamond"][n % 4], symbolSize: 5, lineStyle: { type: ["solid", "solid", "dashed", "dotted"][n % 4] } })) };
}

export function bars(look, rows, total) {
  const ordered = [...rows].reverse();
  return { ...base(look), grid: { left: 8, right: 62, top: 8, bottom: 4, containLabel: true },
    tooltip: { ...base(look).tooltip, formatter: ({ dataIndex }) => told(ordered[dataIndex].member, [["Revenue", whole(ordered[dataIndex].revenue)], ["Share", percent(total ? ordered[dataIndex].revenue / total : null)]]) },
    xAxis: valueAxis(look), yAxis: nameAxis(look, ordered.map((row) => row.member)),
    series: [{ type: "bar", barMaxWidth: 26, data: ordered.map((row) => row.revenue),
      label: { show: true, position: "right", color: look.text, formatter: ({ dataIndex }) => percent(total ? ordered[dataIndex].revenue / total : null) } }] };
}

export function stacked(look, cells, columns, rows) {
  const value = new Map(cells.map((cell) => [JSON.stringify([cell.row, cell.column]), cell.revenue]));
  return { ...base(look), grid: { left: 8, right: 12, top: rows.length > 3 ? 56 : 36, bottom: 4, containLabel: true }, legend: legend(look),
    tooltip: { ...base(look).tooltip, trigger: "axis", axisPointer: { type: "shadow" },
      formatter: (items) => told(periodName(columns[items[0].dataIndex].slice(0, 7)), items.map((item) => [item.seriesName, whole(item.value)])) },
    xAxis: { ...nameAxis(look, columns), axisLabel: { color: look.muted, formatter: (text) => periodName(text.slice(0, 7)), hideOverlap: true } }, yAxis: valueAxis(look),
    series: rows.map((row) => ({ name: row, type: "bar", stack: "all", barMaxWidth: 34, data: columns.map((column) => value.get(JSON.stringify([row, column])) ?? 0) })) };
}

export function heatmap(look, rows, columns, cells, { text, tooltip, width }) {
  const values = cells.map((cell) => cell.value);
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low + 1e-9);
  const hasLabels = width / columns.length > 44;
  // Black or white, whichever is readable on the colour of the cell.
  const data = cells.map((cell) => ({ value: [columns.indexOf(cell.column), rows.indexOf(cell.row), cell.value], cell,
    label: { color: (cell.value - low) / (high - low) > 0.66 ? look.card : look.text } }));
  return { ...base(look), grid: { left: 8, right: 12, top: 8, bottom: 44, containLabel: true },
    tooltip: { ...base(look).tooltip, formatter: (item) => tooltip(item.data.cell) },
    xAxis: { ...nameAxis(look, columns), position: "bottom" }, yAxis: { ...nameAxis(look, rows), inverse: true },
    visualMap: { min: low, max: high, calculable: false, orient: "horizontal", left: 0, bottom: 0, itemHeight: 110, itemWidth: 10,
      text: [text(high), text(low)], textStyle: { color: look.muted }, inRange: { color: [look.low, look.high] } },
    series: [{ type: "heatmap", data, label: { show: hasLabels, fontSize: 11, formatter: (item) => text(item.data.cell.value) }, itemStyle: { borderColor: look.card, borderWidth: 1 } }] };
}

export function paired(look, rows, names, format) {
  const ordered = [...rows].reverse();
  return { ...base(look), grid: { left: 8, right: 20, top: 34, bottom: 4, containLabel: true }, legend: legend(look),
    tooltip: { ...base(look).tooltip, trigger: "axis", axisPointer: { type: "shadow" }, formatter: (items) => told(ordered[items[0].dataIndex].name, items.map((item) => [item.seriesName, format(item.value)])) },
    xAxis: valueAxis(look, format), yAxis: nameAxis(look, ordered.map((row) => row.name), 20),
    series: names.map(([name, key]) => ({ name, type: "bar", barMaxWidth: 12, data: ordered.map((row) => row[key]) })) };
}

// Seven shapes to eight colours: they come round at different groups, so no two groups within 56 have both in common.
const SHAPES = ["circle", "triangle", "rect", "diamond", "pin", "arrow", "roundRect"];

export function scatter(look, names, points, axes) {
  const axis = (name) => ({ ...valueAxis(look, (value) => String(value)), name, nameLocation: "middle", nameGap: 24, nameTextStyle: { color: look.muted }, scale: true });
  return { ...base(look), grid: { left: 26, right: 12, top: names.length > 2 ? 56 : 36, bottom: 26, containLabel: true }, legend: legend(look),
    tooltip: { ...base(look).tooltip, trigger: "item", formatter: (item) => told(item.seriesName, item.data.told) },
    xAxis: axis(axes[0]), yAxis: { ...axis(axes[1]), nameGap: 30 },
    // A shape of its own besides the colour.
    series: names.map((name, n) => ({ name, type: "scatter", symbol: SHAPES[n % SHAPES.length], symbolSize: 6,
      itemStyle: { opacity: 0.65 }, data: points.filter((point) => point.segment === name).map((point) => ({ value: [point.x, point.y], told: point.told })) })) };
}
