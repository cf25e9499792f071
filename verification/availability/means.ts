import type { Bounds, DrillResult, DrillVm, Guest, GuestMean, Restore, RestorePart } from "../model";
import { estimate, intervalOfBounds } from "../statistics/estimate";
import { availabilityPercent } from "./availability";
import { longRunAvailability } from "./longRun";
import { publishedPercent } from "./published";

/** Every guest there can be, in the order in which they are shown. */
const all: readonly Guest[] = [
  { guestOs: "ubuntu" },
  { guestOs: "windowsxp" },
  { guestOs: "ubuntu", openstack: true },
  { guestOs: "windowsxp", openstack: true },
];

export function isSameGuest(a: Guest, b: Guest): boolean {
  return a.guestOs === b.guestOs && a.openstack === b.openstack;
}

/** The guests that some of these VMs are. */
export function guestsOf(vms: readonly Guest[]): readonly Guest[] {
  return all.filter((guest) => vms.some((vm) => isSameGuest(vm, guest)));
}

/** One cell of the guest × host table: what the VMs of one guest went through when one host failed. */
export interface Cell extends Guest {
  host: string;
  windowSeconds: number;
  availabilityPercent: Bounds;
  downtimeSeconds: Bounds;
}

/**
 * Mean over the VMs of one guest that ran on the failed host; undefined when there was none. Drills that could not
 * be observed give no cell: a figure from them would look like a measurement.
 */
export function cell(drill: DrillResult, guest: Guest): Cell | undefined {
  return cellOf(drill, guest, ({ affected }) => affected);
}

/** The same; of all VMs of the guest where the drill was to take no VM down. */
export function cellOfDrill(drill: DrillResult, guest: Guest): Cell | undefined {
  return drill.vms.some(({ affected }) => affected) ? cell(drill, guest) : cellOf(drill, guest, () => true);
}

function cellOf(drill: DrillResult, guest: Guest, counts: (vm: DrillVm) => boolean): Cell | undefined {
  const { verdict, faultAt, stopped } = drill;
  if (verdict === "inconclusive" || faultAt === undefined || stopped !== undefined) return undefined;
  const vms = drill.vms.filter((vm) => counts(vm) && isSameGuest(vm, guest));
  if (vms.length === 0) return undefined;
  return {
    ...guest,
    host: drill.host,
    windowSeconds: mean(vms.map(({ windowSeconds }) => windowSeconds)),
    availabilityPercent: meanBounds(vms.map((vm) => vm.availabilityPercent)),
    downtimeSeconds: meanBounds(vms.map((vm) => vm.downtimeSeconds)),
  };
}

/**
 * Mean over the hosts, each host weighing the same however many guests it had, and over the repetitions in which every
 * host failed. Drills under load are left out; where hosts were lost without another fault, only those count: that is what
 * the published experiment did.
 *
 * @param mtbfHours mean time between failures of one host; undefined: no long-run availability is told
 */
export function guestMeans(drills: readonly DrillResult[], mtbfHours?: number): GuestMean[] {
  const unloaded = drills.filter(({ loadPercent = 0 }) => loadPercent === 0);
  const plain = unloaded.filter(({ drill }) => drill === "host-loss");
  const counted = plain.length > 0 ? plain : unloaded;
  return guestsOf(counted.flatMap(({ vms }) => vms)).flatMap((guest) => {
    const rounds = repetitions(counted, guest);
    if (rounds.length === 0) return [];
    const cells = rounds.map((round) => round.map((one) => one.cell));
    const perRound = (pick: (one: Cell) => Bounds): Bounds[] => cells.map((round) => meanBounds(round.map(pick)));
    const availability = perRound((one) => one.availabilityPercent);
    const downtime = perRound((one) => one.downtimeSeconds);
    const downtimeSeconds = meanBounds(downtime);
    const interval = intervalsOf(availability, downtime);
    return [
      {
        ...guest,
        hosts: new Set(cells.flat().map(({ host }) => host)).size,
        repetitions: rounds.length,
        windowSeconds: mean(cells.flat().map(({ windowSeconds }) => windowSeconds)),
        availabilityPercent: meanBounds(availability),
        downtimeSeconds,
        ...(interval && { interval }),
        restore: restoreOf(rounds, guest),
        ...(mtbfHours !== undefined && {
          longRun: {
            mtbfHours,
            availabilityPercent: longRunAvailability(interval?.downtimeSeconds ?? downtimeSeconds, mtbfHours),
          },
        }),
        publishedPercent: publishedPercent[guest.guestOs],
      },
    ];
  });
}

interface Observed {
  drill: DrillResult;
  cell: Cell;
}

/**
 * The k-th repetition is the k-th observed failure of every host. What goes beyond the repetitions that all hosts have is
 * left out: hosts differ, and the mean of an incomplete one would lean to those that it has.
 */
export function repetitions(drills: readonly DrillResult[], guest: Guest): Observed[][] {
  const hosts = new Map<string, Observed[]>();
  for (const drill of drills) {
    const one = cell(drill, guest);
    if (one === undefined) continue;
    const key = `${drill.drill} ${drill.host}`;
    hosts.set(key, [...(hosts.get(key) ?? []), { drill, cell: one }]);
  }
  const complete = Math.min(...[...hosts.values()].map(({ length }) => length));
  if (hosts.size === 0) return [];
  return Array.from({ length: complete }, (_, k) => [...hosts.values()].flatMap((own) => own[k] ?? []));
}

function intervalsOf(availability: readonly Bounds[], downtime: readonly Bounds[]): GuestMean["interval"] {
  const [ofAvailability, ofDowntime] = [intervalOfBounds(availability), intervalOfBounds(downtime)];
  if (ofAvailability === undefined || ofDowntime === undefined) return undefined;
  return {
    availabilityPercent: {
      lower: Math.max(0, ofAvailability.lower),
      upper: Math.min(100, Math.max(0, ofAvailability.upper)),
    },
    downtimeSeconds: { lower: Math.max(0, ofDowntime.lower), upper: Math.max(0, ofDowntime.upper) },
  };
}

/** Time to restore and its parts: means over the VMs of a repetition that have it, then over repetitions. */
function restoreOf(rounds: readonly Observed[][], guest: Guest): Restore {
  const over = (pick: (vm: DrillVm) => number | undefined): RestorePart | undefined => {
    const values = rounds.flatMap((round) => {
      const own = round.flatMap(({ drill: { vms } }) => vms.filter((vm) => vm.affected && isSameGuest(vm, guest)));
      const told = own.flatMap((vm) => pick(vm) ?? []);
      return told.length === 0 ? [] : [mean(told)];
    });
    const found = estimate(values);
    return found && { seconds: found.mean, n: found.n, ...(found.interval && { interval: found.interval }) };
  };
  return {
    // The middle: an edge is known to one probe interval.
    total: over(({ downtimeSeconds: { lower, upper } }) => (lower + upper) / 2),
    detection: over(({ shares }) => shares?.detectionSeconds),
    restart: over(({ shares }) => shares?.restartSeconds),
    boot: over(({ shares }) => shares?.bootSeconds),
  };
}

/**
 * Availability in a window of another length with the same downtime: what makes figures of different windows
 * comparable.
 */
export function inWindow(downtimeSeconds: Bounds, windowSeconds: number): Bounds {
  return availabilityPercent(downtimeSeconds, windowSeconds);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanBounds(bounds: readonly Bounds[]): Bounds {
  return { lower: mean(bounds.map(({ lower }) => lower)), upper: mean(bounds.map(({ upper }) => upper)) };
}
