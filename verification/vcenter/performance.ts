import type { Moid } from "../model";
import { CouldNotRun } from "../problems";
import { retrieveOne } from "./properties";
import type { Session } from "./session";
import { at, children, element, integer, members, refElement, textAt, type Ref, type Xml } from "./xml";

/**
 * Counters by group, name and roll-up (vSphere API reference, PerformanceManager, "Counters"). Usage in hundredths of a
 * percent, `usagemhz` in MHz, `ready` in milliseconds of the sample's interval, summed over virtual CPUs.
 */
export const counters = [
  "cpu.usage.average",
  "cpu.usagemhz.average",
  "cpu.ready.summation",
  "mem.usage.average",
] as const;
export type Counter = (typeof counters)[number];

/** Real-time statistics are sampled every 20 s and kept for an hour (vSphere Monitoring and Performance). */
export const realTimeSeconds = 20;

/** Metrics in one query: vCenter takes 64 (VMware KB 2107096, config.vpxd.stats.maxQueryMetrics). */
const queryMetrics = 64;

/** What a host or VM used over one interval. */
export interface PerfSample {
  /** End of the interval, wall ms since the epoch by vCenter's clock. */
  at: number;
  /** Counters that were not told are absent. */
  values: Partial<Record<Counter, number>>;
}

export interface PerfEntity {
  type: "HostSystem" | "VirtualMachine";
  id: Moid;
}

/** Real-time statistics of vCenter. */
export interface Performance {
  /** Samples of each entity that ended after an instant of vCenter's clock, in order; entities without any are absent. */
  samplesSince(entities: readonly PerfEntity[], since: Date): Promise<Map<Moid, PerfSample[]>>;
}

export function performanceOf(session: Session): Performance {
  let known: Promise<Map<number, Counter>> | undefined;
  return {
    async samplesSince(entities, since) {
      known ??= counterIds(session);
      const ids = await known;
      const metrics = [...ids.keys()].map((id) =>
        element("metricId", [element("counterId", id.toString()), element("instance", "")]),
      );
      const size = Math.floor(queryMetrics / metrics.length);
      const found = new Map<Moid, PerfSample[]>();
      for (let first = 0; first < entities.length; first += size) {
        const specs = entities
          .slice(first, first + size)
          .map(({ type, id }) =>
            element("querySpec", [
              refElement("entity", { type, id }),
              element("startTime", since.toISOString()),
              ...metrics,
              element("intervalId", realTimeSeconds.toString()),
              element("format", "normal"),
            ]),
          );
        const answer = await session.read("QueryPerf", manager(session), specs);
        for (const metric of children(answer, "returnval")) {
          found.set(textAt(metric, "entity"), toSamples(metric, ids));
        }
      }
      return found;
    },
  };
}

function manager({ service: { perfManager }, server }: Session): Ref {
  if (perfManager === undefined) throw new CouldNotRun(`vCenter ${server} offers no performance statistics`);
  return perfManager;
}

/** The keys of the counters, which differ between vCenters. */
async function counterIds(session: Session): Promise<Map<number, Counter>> {
  const listed = members((await retrieveOne(session, manager(session), ["perfCounter"])).get("perfCounter"));
  const ids = new Map<number, Counter>();
  for (const info of listed) {
    const name = [textAt(info, "groupInfo", "key"), textAt(info, "nameInfo", "key"), textAt(info, "rollupType")].join(
      ".",
    );
    const counter = counters.find((one) => one === name);
    const key = integer(at(info, "key"));
    if (counter !== undefined && key !== undefined) ids.set(key, counter);
  }
  const missing = counters.filter((counter) => ![...ids.values()].includes(counter));
  if (missing.length === 0) return ids;
  throw new CouldNotRun(`vCenter ${session.server} has no counter ${missing.join(", ")}; is its statistics level 1?`);
}

function toSamples(metric: Xml, ids: ReadonlyMap<number, Counter>): PerfSample[] {
  const samples = children(metric, "sampleInfo").map((info): PerfSample => {
    return { at: new Date(textAt(info, "timestamp")).getTime(), values: {} };
  });
  for (const series of children(metric, "value")) {
    const counter = ids.get(integer(at(series, "id", "counterId")) ?? 0);
    const instance = textAt(series, "id", "instance");
    if (counter === undefined || instance !== "") continue;
    children(series, "value").forEach((value, k) => {
      const number = integer(value);
      const sample = samples[k];
      // A negative value stands for one that was not measured.
      if (sample !== undefined && number !== undefined && number >= 0) sample.values[counter] = number;
    });
  }
  return samples.filter((sample) => !Number.isNaN(sample.at));
}
