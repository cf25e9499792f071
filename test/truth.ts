/** Compares what the verifier measured with what the lab knows really happened. */
import type { DrillResult, VmAvailability } from "../verification/model";

/** A line of the lab's truth log. */
export interface TruthEvent {
  /** Wall ms since the epoch. */
  t: number;
  name?: string;
  host?: string;
  event: string;
  cause?: string;
}

export interface Outage {
  vm: string;
  from: number;
  /** Undefined: it never came back. */
  to: number | undefined;
}

/** One edge of one outage: where it really was, and the bounds that were measured. Wall ms. */
export interface Edge {
  vm: string;
  edge: "start" | "end";
  truth: number;
  lower: number;
  upper: number;
}

export interface Comparison {
  edges: Edge[];
  /** Contradictions: an edge outside its bounds, an outage missed, one that never was. */
  errors: string[];
}

export function parseTruth(log: string): TruthEvent[] {
  return log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TruthEvent);
}

/** Pairs each guest's `down` with its next `up`. */
export function outages(events: readonly TruthEvent[]): Outage[] {
  const open = new Map<string, Outage>();
  const all: Outage[] = [];
  for (const { t, name, event } of [...events].sort((a, b) => a.t - b.t)) {
    if (name === undefined) continue;
    const outage = open.get(name);
    if (event === "down" && outage === undefined) {
      const begun: Outage = { vm: name, from: t, to: undefined };
      all.push(begun);
      open.set(name, begun);
    } else if (event === "up" && outage !== undefined) {
      outage.to = t;
      open.delete(name);
    }
  }
  return all;
}

/**
 * Compares each measured outage of a drill with the true one.
 *
 * @param stamp wall ms by which the log's instants may be off: it writes them after the socket was opened or closed
 */
export function compare(events: readonly TruthEvent[], drill: DrillResult, stamp: number): Comparison {
  const window = { from: Date.parse(drill.started), to: Date.parse(drill.ended) };
  return compareVms(events, drill.vms, window, stamp);
}

/** The same of VMs that were measured in a window (wall ms). */
export function compareVms(
  events: readonly TruthEvent[],
  vms: readonly (Pick<VmAvailability, "vm" | "intervals"> & { hostBefore?: string })[],
  { from, to }: { from: number; to: number },
  stamp: number,
): Comparison {
  const edges: Edge[] = [];
  const errors: string[] = [];
  for (const { vm, intervals, hostBefore } of vms) {
    const truth = outages(events).filter((one) => one.vm === vm && one.from < to && (one.to ?? to) > from);
    if (truth.length !== intervals.length) {
      errors.push(
        `${vm}${hostBefore === undefined ? "" : ` (on ${hostBefore})`} had ${truth.length.toString()} outages, ${intervals.length.toString()} were measured`,
      );
      continue;
    }
    intervals.forEach((interval, k) => {
      const real = truth[k];
      if (real === undefined) return;
      edges.push({ vm, edge: "start", truth: real.from, lower: interval.startAfter, upper: interval.startBefore });
      if (real.to !== undefined && interval.endBefore !== undefined) {
        edges.push({ vm, edge: "end", truth: real.to, lower: interval.endAfter, upper: interval.endBefore });
      } else if ((real.to ?? to) < to !== (interval.endBefore !== undefined)) {
        errors.push(`${vm}: only one of truth and measurement says that it came back`);
      }
    });
  }
  for (const { vm, edge, truth, lower, upper } of edges) {
    if (truth < lower - stamp || truth > upper + stamp) {
      const off = truth < lower ? lower - truth : truth - upper;
      errors.push(`${vm}: the ${edge} of its outage lies ${off.toFixed(1)} ms outside the measured bounds`);
    }
  }
  return { edges, errors };
}

/** Largest distance of a bound from the truth, wall ms. */
export function largestError(edges: readonly Edge[]): number {
  return Math.max(0, ...edges.flatMap(({ truth, lower, upper }) => [truth - lower, upper - truth]));
}
