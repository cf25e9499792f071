import { Clock } from "../clock";
import { faultWords } from "../faults/words";
import type { DrillResult, DrillVm } from "../model";

export type Phase = "off" | "detection" | "restart" | "boot" | "down" | "edge";

/** A bar of the timeline; seconds since the fault. */
export interface Bar {
  from: number;
  to: number;
  phase: Phase;
  /** The part's own length, where it differs from the bar's by what lies between two probes. */
  label?: string;
}

export interface TimelineRow {
  label: string;
  bars: Bar[];
}

export interface TimelineMark {
  at: number;
  label: string;
}

export interface TimelineData {
  rows: TimelineRow[];
  marks: TimelineMark[];
  from: number;
  to: number;
  /** What the picture shows, in a sentence. */
  title: string;
}

/** Seconds shown before the fault. */
const lead = 15;

/**
 * A drill as a picture: the host, each VM that failed with it, each other VM that was disturbed, and the rest in one
 * row. Undefined when there was no fault.
 */
export function timelineData(drill: DrillResult, timeScale: number): TimelineData | undefined {
  if (drill.faultAt === undefined) return undefined;
  const clock = new Clock(timeScale);
  const fault = Date.parse(drill.faultAt);
  const since = (wall: number): number => clock.seconds(wall - fault);
  const end = since(Date.parse(drill.ended));
  const told = (kind: "fault" | "recovery", last: boolean): number | undefined => {
    const times = drill.timeline.filter((entry) => entry.kind === kind).flatMap(({ t }) => t ?? []);
    return last ? times.at(-1) : times[0];
  };
  const restored = told("recovery", true) ?? end;
  const declared = drill.vms.map(({ shares }) => shares?.detectionSeconds).find((value) => value !== undefined);
  const shown = drill.vms.filter(({ affected, intervals }) => affected || intervals.length > 0);
  const quiet = drill.vms.length - shown.length;
  return {
    rows: [
      { label: drill.host, bars: [{ from: 0, to: restored, phase: "off" }] },
      ...shown.map((vm) => ({ label: vm.vm, bars: vmBars(vm, since, end) })),
      ...(quiet === 0 ? [] : [{ label: `${quiet.toString()} other VM${quiet === 1 ? "" : "s"}`, bars: [] }]),
    ],
    marks: [
      { at: 0, label: "fault" },
      ...(declared === undefined ? [] : [{ at: declared, label: "declared failed" }]),
      ...(restored === end ? [] : [{ at: restored, label: faultWords(drill.undo.fault).spanEnd }]),
    ],
    from: -lead,
    to: Math.max(end, 1),
    title:
      `Timeline of ${drill.drill} of ${drill.host}: ${shown.length.toString()} of ${drill.vms.length.toString()} VMs without ` +
      "service for a time; the table below has the figures",
  };
}

function vmBars({ intervals, shares }: DrillVm, since: (wall: number) => number, end: number): Bar[] {
  return intervals.flatMap((interval, k) => {
    const from = since(interval.startBefore);
    const to = since(interval.endAfter);
    const edges: Bar[] = [
      { from: since(interval.startAfter), to: from, phase: "edge" },
      { from: to, to: interval.endBefore === undefined ? end : since(interval.endBefore), phase: "edge" },
    ];
    const last = k === intervals.length - 1;
    const whole = intervals.length === 1 && last ? split(from, to, shares) : undefined;
    return [...edges, ...(whole ?? [{ from, to, phase: "down" as const }])];
  });
}

/** Detection, restart and boot of one outage; undefined when a part was not seen. */
function split(from: number, to: number, shares: DrillVm["shares"]): Bar[] | undefined {
  if (shares?.detectionSeconds === undefined || shares.restartSeconds === undefined) return undefined;
  const declared = Math.min(to, shares.detectionSeconds);
  const restarted = Math.min(to, declared + shares.restartSeconds);
  const label = (value: number | undefined): { label?: string } =>
    value === undefined ? {} : { label: `${value.toFixed(0)} s` };
  return [
    { from, to: declared, phase: "detection", ...label(shares.detectionSeconds) },
    { from: declared, to: restarted, phase: "restart", ...label(shares.restartSeconds) },
    { from: restarted, to, phase: "boot", ...label(shares.bootSeconds) },
  ];
}
