import * as echarts from "echarts";
import { ofScenario, scenarios } from "../load/judge";
import type { LoadedGuests, LoadReading } from "../load/model";
import { Markup } from "./escape";
import { shortened, tidy } from "./svg";

const width = 960;
const columns = 3;
const cellHeight = 230;
/** What fits above a small picture. */
const mostLetters = 32;
const margin = { left: 52, right: 16, top: 34, bottom: 46 };

/** Told apart by shape too: not everybody sees the colours, and paper may have none. */
const symbols: Record<LoadedGuests, string> = { ubuntu: "circle", windowsxp: "rect", mixed: "triangle", idle: "none" };

/** The style sheet's name of a line's colour. */
export function loadColour(guests: LoadedGuests): string {
  return `load-${guests}`;
}

export interface LoadLine {
  host: string;
  guests: LoadedGuests;
  /** Load and CPU usage of the host, percent. */
  points: [number, number][];
}

/** A line for each host and set of guests; levels that were not measured are left out. */
export function loadLines(readings: readonly LoadReading[]): LoadLine[] {
  const hosts = [...new Set(readings.flatMap((one) => one.hosts.map(({ host }) => host)))].sort();
  return hosts.flatMap((host) =>
    scenarios(readings).map((guests): LoadLine => {
      const points = ofScenario(readings, guests).flatMap(({ levelPercent, hosts: of }): [number, number][] => {
        const usage = of.find((one) => one.host === host)?.usage;
        return usage === undefined ? [] : [[levelPercent, usage.cpuPercent]];
      });
      return { host, guests, points: points.sort(([a], [b]) => a - b) };
    }),
  );
}

/** CPU usage of each host against the load, as SVG, a small picture a host on one scale. Undefined without a reading. */
export function loadSvg(readings: readonly LoadReading[]): Markup | undefined {
  const lines = loadLines(readings);
  const hosts = [...new Set(lines.map(({ host }) => host))];
  if (hosts.length === 0) return undefined;
  const across = Math.min(columns, hosts.length);
  const cellWidth = width / across;
  const height = Math.ceil(hosts.length / across) * cellHeight;
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, usage]) => usage)), 1);
  const top = Math.min(100, Math.ceil(most / 10) * 10);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  const colour = (name: string): string => `var(--${name})`;
  const text = { color: colour("ink-2"), fontFamily: "inherit", fontSize: 12 };
  const place = (k: number): { left: number; top: number } => {
    return { left: (k % across) * cellWidth, top: Math.floor(k / across) * cellHeight };
  };
  const axis = {
    type: "value",
    nameLocation: "middle",
    nameTextStyle: text,
    axisLabel: text,
    axisLine: { show: true, lineStyle: { color: colour("rule") } },
    splitLine: { lineStyle: { color: colour("rule") } },
  };
  chart.setOption({
    animation: false,
    title: hosts.map((host, k) => ({
      text: shortened(host, mostLetters),
      left: place(k).left + margin.left,
      top: place(k).top + 4,
      textStyle: { ...text, color: colour("ink"), fontWeight: 600 },
    })),
    grid: hosts.map((_, k) => ({
      left: place(k).left + margin.left,
      top: place(k).top + margin.top,
      width: cellWidth - margin.left - margin.right,
      height: cellHeight - margin.top - margin.bottom,
    })),
    xAxis: hosts.map((_, k) => ({
      ...axis,
      gridIndex: k,
      min: 0,
      max: 100,
      name: "load of the guests, %",
      nameGap: 26,
    })),
    yAxis: hosts.map((_, k) => ({ ...axis, gridIndex: k, min: 0, max: top, name: "host CPU, %", nameGap: 34 })),
    series: lines.map(({ host, guests, points }) => ({
      type: "line",
      silent: true,
      xAxisIndex: hosts.indexOf(host),
      yAxisIndex: hosts.indexOf(host),
      data: points,
      symbol: symbols[guests],
      symbolSize: 8,
      lineStyle: { color: colour(loadColour(guests)), width: 2 },
      itemStyle: { color: colour(loadColour(guests)) },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return new Markup(
    tidy(svg, `CPU usage of ${hosts.join(", ")} against the load of the guests; the table below has the figures`),
  );
}
