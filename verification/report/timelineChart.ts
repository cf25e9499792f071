import * as echarts from "echarts";
import type { Bar, TimelineData } from "./timelineRows";
import { Markup } from "./escape";
import { tidy } from "./svg";

const width = 960;
const rowHeight = 34;
const frame = { left: 150, right: 24, top: 34, bottom: 44 };
/** Wide enough for its figure to stand inside the bar, in pixels. */
const labelled = 46;

/** Colours come from the page's style sheet, so that one picture serves light, dark and print. */
const colour = (name: string): string => `var(--${name})`;
const font = "inherit";

/** The timeline as SVG, drawn here and now: the page needs no script. */
export function timelineSvg({ rows, marks, from, to }: TimelineData): Markup {
  const height = frame.top + frame.bottom + rows.length * rowHeight;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  const bars = rows.flatMap(({ bars: ofRow }, row) =>
    ofRow.filter((bar) => bar.to > bar.from).map((bar) => ({ value: [bar.from, bar.to, row], bar })),
  );
  const text = { color: colour("ink-2"), fontFamily: font, fontSize: 12 };
  chart.setOption({
    animation: false,
    grid: { ...frame, containLabel: false },
    xAxis: {
      type: "value",
      min: from,
      max: to,
      name: "seconds since the fault",
      nameLocation: "middle",
      nameGap: 28,
      nameTextStyle: text,
      axisLabel: { ...text, showMinLabel: false, showMaxLabel: false },
      axisLine: { lineStyle: { color: colour("rule") } },
      splitLine: { lineStyle: { color: colour("rule") } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map(({ label }) => label),
      axisLabel: { ...text, color: colour("ink"), width: frame.left - 16, overflow: "truncate" },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: "custom",
        silent: true,
        clip: false,
        encode: { x: [0, 1], y: 2 },
        data: bars,
        renderItem: (
          { dataIndex }: { dataIndex: number },
          api: { value: (k: number) => number; coord: (point: [number, number]) => [number, number] },
        ) => drawBar(bars[dataIndex]?.bar, api),
        markLine: {
          symbol: "none",
          silent: true,
          lineStyle: { color: colour("ink-2"), type: "dashed", width: 1 },
          label: { ...text, formatter: "{b}", position: "start", distance: 8 },
          // The first label ends at its line, the others begin there: the fault and its detection are near each other.
          data: marks.map(({ at, label }, k) => {
            return { xAxis: at, name: label, label: { align: k === 0 ? "right" : "left" } };
          }),
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return new Markup(tidy(svg));
}

function drawBar(
  bar: Bar | undefined,
  api: { value: (k: number) => number; coord: (point: [number, number]) => [number, number] },
): object | undefined {
  if (bar === undefined) return undefined;
  const { from, to, phase } = bar;
  const [x, y] = api.coord([from, api.value(2)]);
  const [end] = api.coord([to, api.value(2)]);
  const high = phase === "edge" ? 6 : phase === "off" ? 10 : 18;
  const shape = { x, y: y - high / 2, width: Math.max(end - x, 1), height: high };
  const rect = { type: "rect", shape, style: { fill: colour(phase) } };
  if (high !== 18 || end - x < labelled) return rect;
  const label = {
    type: "text",
    style: {
      text: bar.label ?? `${(to - from).toFixed(0)} s`,
      x: (x + end) / 2,
      y,
      fill: colour("on-bar"),
      fontSize: 12,
      fontWeight: 600,
      fontFamily: font,
      align: "center",
      verticalAlign: "middle",
    },
  };
  return { type: "group", children: [rect, label] };
}
