import type { Inventory } from "../model";
import type { Sample } from "../probes/sample";
import { counters, realTimeSeconds, type Counter, type PerfSample } from "../vcenter/performance";
import type { GuestReading, HostReading, LoadReading, Usage } from "./model";
import type { LoadTarget, Stage } from "./plan";

/** What was seen while one level was held. */
export interface StageObservation {
  stage: Stage;
  /** On this machine's clock, wall ms since the epoch. */
  from: number;
  to: number;
  /** vCenter's clock minus this machine's, wall ms. */
  offset: number;
  samples: ReadonlyMap<string, readonly PerfSample[]>;
  probes: readonly Sample[];
  /** The cluster at the level's end. */
  after: Inventory;
}

/** Means of one level. Pure. @param wallMs Clock.wallMs */
export function reading(
  { stage, from, to, offset, samples, probes, after }: StageObservation,
  targets: readonly LoadTarget[],
  wallMs: (seconds: number) => number,
): LoadReading {
  // A sample covers the interval that ends at its stamp: one that begins before the level would mix two levels.
  const whole = (id: string): PerfSample[] =>
    (samples.get(id) ?? []).filter(({ at }) => at - wallMs(realTimeSeconds) >= from + offset && at <= to + offset);
  const loaded = new Set(stage.loaded.map(({ vm }) => vm.id));
  const hosts = [...new Map(targets.map(({ host }) => [host.id, host])).values()];
  return {
    guests: stage.guests,
    levelPercent: stage.level,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    moved: targets
      .filter(({ vm, host }) => after.vms.find(({ id }) => id === vm.id)?.hostId !== host.id)
      .map(({ vm }) => vm.name),
    hosts: hosts.map((host): HostReading => {
      return {
        host: host.name,
        loaded: stage.loaded.filter((one) => one.host.id === host.id).map(({ vm }) => vm.name),
        usage: usage(whole(host.id), host.cpuThreads),
      };
    }),
    vms: targets.map(({ vm, config, host }): GuestReading => {
      return {
        vm: vm.name,
        guestOs: config.guestOs,
        host: host.name,
        loaded: loaded.has(vm.id),
        usage: usage(whole(vm.id), vm.numCpu),
        latencyMs: latency(probes.filter((probe) => probe.vm === vm.name && probe.sent >= from && probe.done <= to)),
      };
    }),
  };
}

/** Undefined where no sample has every counter. */
function usage(samples: readonly PerfSample[], processors: number): Usage | undefined {
  const values = samples.flatMap(({ values: told }) => {
    return counters.every((counter) => told[counter] !== undefined) ? [told as Record<Counter, number>] : [];
  });
  if (values.length === 0) return undefined;
  const mean = (counter: Counter): number => values.reduce((sum, one) => sum + one[counter], 0) / values.length;
  return {
    samples: values.length,
    cpuPercent: mean("cpu.usage.average") / 100,
    cpuMhz: mean("cpu.usagemhz.average"),
    // Milliseconds of the interval, summed over processors (VMware KB 2002181).
    readyPercent: (mean("cpu.ready.summation") / (realTimeSeconds * 1000) / Math.max(1, processors)) * 100,
    memoryPercent: mean("mem.usage.average") / 100,
  };
}

function latency(probes: readonly Sample[]): GuestReading["latencyMs"] {
  const times = probes
    .filter(({ outcome }) => outcome === "up")
    .map(({ sent, done }) => done - sent)
    .sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return times.length === 0 ? undefined : { median: at(0.5), p95: at(0.95) };
}
