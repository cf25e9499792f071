import * as echarts from "echarts";
import type { Bar, TimelineData, TimelineMark } from "./timelineRows";
import { Markup } from "./escape";
import { shortened, tidy } from "./svg";

const width = 960;
const rowHeight = 34;
const frame = { left: 190, right: 24, top: 50, bottom: 44 };
/** What fits left of the bars. */
const mostLetters = 24;
/** Of a letter of the marks, in pixels: a generous mean, so that labels keep clear of each other. */
const letterWidth = 7.5;
/** Lines that labels of marks may stand on, above each other. */
const markLines = [8, 24, 40] as const;
/** Wide enough for its figure to stand inside the bar, in pixels. */
const labelled = 46;

/** Colours come from the page's style sheet, so that one picture serves light, dark and print. */
const colour = (name: string): string => `var(--${name})`;
const font = "inherit";

/** The timeline as SVG, drawn here and now: the page needs no script. */
export function timelineSvg({ rows, marks, from, to, title }: TimelineData): Markup {
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
      data: rows.map(({ label }) => shortened(label, mostLetters)),
      axisLabel: { ...text, color: colour("ink") },
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
          label: { ...text, formatter: "{b}", position: "start" },
          data: placed(marks, from, to).map(({ at, label, align, distance }) => {
            return { xAxis: at, name: label, label: { align, distance } };
          }),
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return new Markup(tidy(svg, title));
}

interface PlacedMark extends TimelineMark {
  align: "left" | "right";
  /** Above the bars, in pixels. */
  distance: number;
}

/** Marks may be near each other: each label stands on the lowest line where it has room. */
function placed(marks: readonly TimelineMark[], from: number, to: number): PlacedMark[] {
  const end = width - frame.right;
  const taken: { line: number; left: number; right: number }[] = [];
  return marks.map(({ at, label }, k) => {
    const x = frame.left + ((at - from) / (to - from)) * (end - frame.left);
    const long = label.length * letterWidth;
    // The first label ends at its line, the others begin there: the fault and its detection are near each other.
    const align = k === 0 || x + long > end ? "right" : "left";
    const [left, right] = align === "right" ? [x - long, x] : [x, x + long];
    const free = markLines.findIndex((_, line) => {
      return !taken.some((one) => one.line === line && one.left < right && left < one.right);
    });
    const line = free === -1 ? markLines.length - 1 : free;
    taken.push({ line, left, right });
    return { at, label, align, distance: markLines[line] ?? markLines[0] };
  });
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
