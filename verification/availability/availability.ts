import type { Bounds, DownInterval, GuestOs, VmAvailability } from "../model";
import type { Sample } from "../probes/sample";
import { observe, type Window } from "./downtime";

/** What one VM's samples say about its availability in a window. */
export interface Measurement {
  vm: string;
  guestOs: GuestOs;
  samples: readonly Sample[];
  window: Window;
  /** See observe(): wall ms. */
  resolution: number;
}

/**
 * Downtime and availability of one VM.
 *
 * @param seconds converts wall ms to the seconds that are reported: Clock.seconds
 */
export function vmAvailability(measurement: Measurement, seconds: (wallMs: number) => number): VmAvailability {
  const { vm, guestOs, samples, window } = measurement;
  const { intervals, unobserved, lost } = observe(samples, window, measurement.resolution);
  const down = downtime(intervals, unobserved, window);
  const length = Math.max(0, window.to - window.from);
  return {
    vm,
    guestOs,
    windowSeconds: seconds(length),
    downtimeSeconds: { lower: seconds(down.lower), upper: seconds(down.upper) },
    availabilityPercent: availabilityPercent(down, length),
    intervals,
    unobservedSeconds: seconds(total(union(unobserved, window))),
    samples: { sent: samples.length, answered: samples.filter(({ outcome }) => outcome === "up").length, lost },
  };
}

/** Least and most time (wall ms) that the service can have been down: what is proved, and all that is not disproved. */
export function downtime(intervals: readonly DownInterval[], unobserved: readonly Window[], window: Window): Bounds {
  const proved = intervals.map(({ startBefore, endAfter }) => ({ from: startBefore, to: endAfter }));
  const possible = intervals.map(({ startAfter, endBefore }) => ({ from: startAfter, to: endBefore ?? window.to }));
  const certain = total(union([...proved, ...unobserved], window)) - total(union(unobserved, window));
  return { lower: certain, upper: total(union([...possible, ...unobserved], window)) };
}

/** Share of a window in percent; a window of no length tells nothing: 0 to 100. */
export function availabilityPercent(down: Bounds, length: number): Bounds {
  if (!(length > 0)) return { lower: 0, upper: 100 };
  const percent = (ms: number): number => 100 * Math.min(1, Math.max(0, 1 - ms / length));
  return { lower: percent(down.upper), upper: percent(down.lower) };
}

/** Spans within the window, overlaps joined. */
function union(spans: readonly Window[], window: Window): Window[] {
  const clipped = spans
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  const joined: Window[] = [];
  for (const span of clipped) {
    const last = joined.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push(span);
  }
  return joined;
}

function total(spans: readonly Window[]): number {
  return spans.reduce((sum, { from, to }) => sum + (to - from), 0);
}
