import type { Expectation, Verdict, VmAvailability } from "../model";
import { leastSquares, type Line } from "../statistics/leastSquares";
import type { GuestReading, LoadedGuests, LoadReading, LoadSlope, Usage } from "./model";

/** Fewer samples of a level say little: one may be an outlier. */
const leastSamples = 2;
/** A load program starts its workers, and counters are means of 20 s: points by which a guest may stay below its load. */
const allowance = 10;
/** A larger share of the window without evidence from probes, and a service was not observed. */
const mostUnobserved = 0.05;

type Judged = Pick<Expectation, "verdict" | "seen">;

/** The slopes of every guest that was loaded, and of every host with such a guest, for each set of guests. */
export function slopes(readings: readonly LoadReading[]): LoadSlope[] {
  return scenarios(readings).flatMap((guests): LoadSlope[] => {
    const own = ofScenario(readings, guests);
    const names = (pick: (one: LoadReading) => string[]): string[] => [...new Set(own.flatMap(pick))];
    const hosts = names((one) => one.hosts.filter(({ loaded }) => loaded.length > 0).map(({ host }) => host));
    const vms = names((one) => one.vms.filter(({ loaded }) => loaded).map(({ vm }) => vm));
    return [
      ...hosts.flatMap((name) =>
        slope(
          guests,
          "host",
          name,
          line(own, (one) => hostUsage(one, name)),
        ),
      ),
      ...vms.flatMap((name) =>
        slope(
          guests,
          "vm",
          name,
          line(own, (one) => guestReading(one, name)?.usage),
        ),
      ),
    ];
  });
}

function slope(guests: LoadedGuests, kind: LoadSlope["kind"], name: string, found: Line | undefined): LoadSlope[] {
  if (found === undefined) return [];
  return [{ guests, kind, name, slope: found.slope, interval: found.interval, levels: found.n }];
}

/**
 * One point a level: samples of the same level are no independent measurements, and counting each would make the interval
 * too narrow.
 */
function line(readings: readonly LoadReading[], usage: (one: LoadReading) => Usage | undefined): Line | undefined {
  return leastSquares(
    readings.flatMap((one) => {
      const used = usage(one);
      return used === undefined ? [] : [{ x: one.levelPercent, y: used.cpuPercent }];
    }),
  );
}

/** Idle belongs to every set of guests. */
export function ofScenario(readings: readonly LoadReading[], guests: LoadedGuests): LoadReading[] {
  return readings.filter((one) => one.guests === guests || one.guests === "idle");
}

export function scenarios(readings: readonly LoadReading[]): LoadedGuests[] {
  return [...new Set(readings.map(({ guests }) => guests))].filter((guests) => guests !== "idle");
}

function hostUsage(one: LoadReading, name: string): Usage | undefined {
  return one.hosts.find(({ host }) => host === name)?.usage;
}

function guestReading(one: LoadReading, name: string): GuestReading | undefined {
  return one.vms.find(({ vm }) => vm === name);
}

/** What a load run shows, and whether it does. An expectation fails only on evidence. */
export function judgeLoad(
  readings: readonly LoadReading[],
  availability: ReadonlyMap<string, VmAvailability>,
  ended: Judged,
): Expectation[] {
  return [
    observed(readings, availability),
    ...scenarios(readings).flatMap((guests) => [...guestsLoaded(readings, guests), ...hostsFollow(readings, guests)]),
    ...[...availability.values()].map(answers),
    {
      id: "load-ended",
      statement: "no load program of this run is left in a guest",
      basis: "read from each guest's list of processes after the run",
      ...ended,
    },
  ];
}

function observed(readings: readonly LoadReading[], availability: ReadonlyMap<string, VmAvailability>): Expectation {
  const faults = readings.flatMap(({ guests, levelPercent, hosts, vms, moved }) => {
    const where = `${guests} at ${levelPercent.toString()} %`;
    const short = [
      ...hosts.filter(({ usage }) => (usage?.samples ?? 0) < leastSamples).map(({ host }) => host),
      ...vms.filter(({ usage }) => (usage?.samples ?? 0) < leastSamples).map(({ vm }) => vm),
    ];
    return [
      ...(short.length === 0 ? [] : [`${where}: fewer than ${leastSamples.toString()} samples of ${short.join(", ")}`]),
      ...(moved.length === 0 ? [] : [`${where}: ${moved.join(", ")} moved to another host, or vCenter did not tell`]),
    ];
  });
  const unprobed = [...availability.values()].filter(isUnobserved).map(({ vm }) => `${vm} was not probed all the time`);
  const all = [...faults, ...unprobed];
  const samples = readings.flatMap(({ hosts, vms }) => [...hosts, ...vms]).map(({ usage }) => usage?.samples ?? 0);
  return {
    id: "load-observed",
    statement: `vCenter measured every host and guest at every level, at least ${leastSamples.toString()} times, and none moved`,
    basis: "real-time statistics, a sample every 20 s; only samples that lie wholly within a level count",
    verdict: all.length > 0 || readings.length === 0 ? "inconclusive" : "passed",
    seen: all.length > 0 ? all.join("; ") : `${samples.reduce((sum, one) => sum + one, 0).toString()} samples`,
  };
}

function isUnobserved({ unobservedSeconds, windowSeconds }: VmAvailability): boolean {
  return unobservedSeconds > mostUnobserved * windowSeconds;
}

/** A load program keeps its share of every virtual CPU busy, or waiting for a processor. */
function guestsLoaded(readings: readonly LoadReading[], guests: LoadedGuests): Expectation[] {
  const own = readings.filter((one) => one.guests === guests);
  const names = [...new Set(own.flatMap(({ vms }) => vms.filter(({ loaded }) => loaded).map(({ vm }) => vm)))];
  return names.map((name) => {
    const levels = own.map(({ levelPercent, vms }) => {
      const usage = vms.find(({ vm }) => vm === name)?.usage;
      return { levelPercent, wanted: usage && usage.cpuPercent + usage.readyPercent };
    });
    const low = levels.filter(({ levelPercent, wanted }) => wanted !== undefined && wanted < levelPercent - allowance);
    const untold = levels.some(({ wanted }) => wanted === undefined);
    const text = (some: typeof levels): string =>
      some
        .map(({ levelPercent, wanted }) => `${wanted?.toFixed(1) ?? "?"} % at ${levelPercent.toString()} %`)
        .join(", ");
    return {
      id: `guest-loaded:${guests}:${name}`,
      statement: `${name} uses its processors as much as it is told (${guestsText(guests)})`,
      basis:
        `CPU usage and ready time together reach each level, less ${allowance.toString()} points for the start of the ` +
        "program (our allowance)",
      verdict: low.length > 0 ? "failed" : untold ? "inconclusive" : "passed",
      seen: text(low.length > 0 ? low : levels),
    };
  });
}

function hostsFollow(readings: readonly LoadReading[], guests: LoadedGuests): Expectation[] {
  const own = ofScenario(readings, guests);
  const names = own.flatMap(({ hosts }) => hosts.filter(({ loaded }) => loaded.length > 0).map(({ host }) => host));
  return [...new Set(names)].map((name) => {
    const found = line(own, (one) => hostUsage(one, name));
    return {
      id: `host-follows:${guests}:${name}`,
      statement: `the CPU usage of ${name} rises with the load (${guestsText(guests)})`,
      basis: "the 95 % interval of the slope (least squares over the means of the levels, Student's t) lies above 0",
      ...judgeSlope(found),
    };
  });
}

function judgeSlope(found: Line | undefined): Judged {
  if (found?.interval === undefined) return { verdict: "inconclusive", seen: "too few levels were measured" };
  const { slope: by, interval, n } = found;
  const [lower, upper] = [interval.lower.toFixed(4), interval.upper.toFixed(4)];
  const seen = `${by.toFixed(4)} points a point of load, ${lower} to ${upper}, of ${n.toString()} levels`;
  const verdict: Verdict = interval.lower > 0 ? "passed" : interval.upper <= 0 ? "failed" : "inconclusive";
  return { verdict, seen };
}

function answers({
  vm,
  intervals,
  downtimeSeconds,
  unobservedSeconds,
  windowSeconds,
  samples,
}: VmAvailability): Expectation {
  const judged = (): Judged => {
    if (intervals.length > 0) {
      const { lower, upper } = downtimeSeconds;
      return { verdict: "failed", seen: `down for ${lower.toFixed(1)} to ${upper.toFixed(1)} s` };
    }
    if (samples.answered === 0 || unobservedSeconds > mostUnobserved * windowSeconds) {
      return { verdict: "inconclusive", seen: `not observed for ${unobservedSeconds.toFixed(1)} s` };
    }
    return { verdict: "passed", seen: `${samples.answered.toString()} probes answered, none refused` };
  };
  return {
    id: `answers-under-load:${vm}`,
    statement: `${vm} answers at every level`,
    basis: "load is no reason for a service to fail: 0 s of downtime",
    ...judged(),
  };
}

const titles: Record<LoadedGuests, string> = {
  ubuntu: "Ubuntu under load",
  windowsxp: "Windows XP under load",
  mixed: "all under load",
  idle: "idle",
};

export function guestsText(guests: LoadedGuests): string {
  return titles[guests];
}
