import type { DownInterval } from "../model";
import type { Sample } from "../probes/sample";

/** Wall ms since the epoch. */
export interface Window {
  from: number;
  to: number;
}

/** What samples prove about a service within a window. */
export interface Observation {
  intervals: DownInterval[];
  /** Spans in which nothing is known: no two samples near enough to say what was between. */
  unobserved: Window[];
  /** Samples that proved nothing. */
  lost: number;
}

/**
 * Turns samples into down intervals.
 *
 * Where an edge lies: an `up` sample proves the service up at some instant u in [sent, done], a `down` sample proves it
 * down at some instant d in [sent, done]; neither instant is known. When an up is followed by a down, the service
 * stopped between u and d, so after up.sent and no later than down.done: those are the bounds, and not the sample's
 * due or answering instants, between which the truth need not lie. The same holds for the end with the outcomes
 * exchanged. The distance of the two is the schedule's period plus the time that one probe may take.
 *
 * Between two samples of the same outcome the service is taken to have been so throughout, unless they are further apart
 * than `resolution`: then the span is unobserved, also within a down interval, which it does not split.
 *
 * @param resolution longest span (wall ms) between the beginning of a sample and the end of the next one over which the
 *   state is taken as known
 */
export function observe(samples: readonly Sample[], window: Window, resolution: number): Observation {
  const usable = inOrder(samples, window);
  const intervals: DownInterval[] = [];
  const unobserved: Window[] = [];
  let open: DownInterval | undefined;
  let previous: Evidence = { from: window.from, to: window.from, outcome: undefined };

  for (const next of usable) {
    const gap = next.to - previous.from > resolution;
    const sameState = previous.outcome === undefined || previous.outcome === next.outcome;
    if (gap && sameState && next.to > previous.from) unobserved.push({ from: previous.from, to: next.to });
    if (next.outcome === "up") {
      if (open !== undefined) intervals.push({ ...open, endBefore: next.to });
      open = undefined;
    } else if (open === undefined) {
      open = { startAfter: previous.from, startBefore: next.to, endAfter: next.from, endBefore: undefined };
    } else {
      open = { ...open, startBefore: Math.min(open.startBefore, next.to), endAfter: next.from };
    }
    previous = next;
  }
  if (open !== undefined) intervals.push(open);
  if (usable.length === 0 || window.to - previous.from > resolution)
    unobserved.push({ from: previous.from, to: window.to });
  return { intervals, unobserved, lost: samples.length - usable.length };
}

interface Evidence {
  from: number;
  to: number;
  outcome: "up" | "down" | undefined;
}

/**
 * The samples that prove something, by the time they were sent. Left out: lost ones; those outside the window; those
 * that end before they begin (the clock was stepped); and those that overlap one of the other outcome, since they do
 * not tell which state came first.
 */
function inOrder(samples: readonly Sample[], window: Window): Evidence[] {
  const sorted = samples
    .filter(({ sent, done, outcome }) => outcome !== "lost" && done >= sent && sent >= window.from && done <= window.to)
    .sort((a, b) => a.sent - b.sent);
  const groups: Sample[][] = [];
  let end = -Infinity;
  for (const sample of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && sample.sent < end) last.push(sample);
    else groups.push([sample]);
    end = Math.max(end, sample.done);
  }
  return groups
    .filter((group) => group.every(({ outcome }) => outcome === group[0]?.outcome))
    .flat()
    .map(({ sent, done, outcome }) => ({ from: sent, to: done, outcome: outcome === "up" ? "up" : "down" }));
}
