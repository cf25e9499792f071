import type { Bounds, DrillResult, DrillVm, Guest, GuestMean } from "../model";
import { availabilityPercent } from "./availability";
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
  if (drill.verdict === "inconclusive" || drill.faultAt === undefined) return undefined;
  const vms = drill.vms.filter((vm: DrillVm) => vm.affected && isSameGuest(vm, guest));
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
 * Mean over the hosts, each host weighing the same however many guests it had. Where hosts were lost without another
 * fault, only those count: that is what the published experiment did.
 */
export function guestMeans(drills: readonly DrillResult[]): GuestMean[] {
  const plain = drills.filter(({ drill, loadPercent }) => drill === "host-loss" && loadPercent === undefined);
  const counted = plain.length > 0 ? plain : drills;
  return guestsOf(counted.flatMap(({ vms }) => vms)).flatMap((guest) => {
    const cells = counted.flatMap((drill) => cell(drill, guest) ?? []);
    if (cells.length === 0) return [];
    return [
      {
        ...guest,
        hosts: cells.length,
        windowSeconds: mean(cells.map(({ windowSeconds }) => windowSeconds)),
        availabilityPercent: meanBounds(cells.map((one) => one.availabilityPercent)),
        downtimeSeconds: meanBounds(cells.map((one) => one.downtimeSeconds)),
        publishedPercent: publishedPercent[guest.guestOs],
      },
    ];
  });
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
