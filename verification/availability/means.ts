import type { Bounds, DrillResult, DrillVm, GuestMean, GuestOs } from "../model";
import { availabilityPercent } from "./availability";
import { publishedPercent } from "./published";

/** One cell of the guest × host table: what the guests of one OS went through when one host failed. */
export interface Cell {
  host: string;
  guestOs: GuestOs;
  windowSeconds: number;
  availabilityPercent: Bounds;
  downtimeSeconds: Bounds;
}

/**
 * Mean over the VMs of one guest OS that ran on the failed host; undefined when there was none. Drills that could not
 * be observed give no cell: a figure from them would look like a measurement.
 */
export function cell(drill: DrillResult, guestOs: GuestOs): Cell | undefined {
  if (drill.verdict === "inconclusive" || drill.faultAt === undefined) return undefined;
  const vms = drill.vms.filter((vm: DrillVm) => vm.affected && vm.guestOs === guestOs);
  if (vms.length === 0) return undefined;
  return {
    host: drill.host,
    guestOs,
    windowSeconds: mean(vms.map(({ windowSeconds }) => windowSeconds)),
    availabilityPercent: meanBounds(vms.map((vm) => vm.availabilityPercent)),
    downtimeSeconds: meanBounds(vms.map((vm) => vm.downtimeSeconds)),
  };
}

/** Mean over the hosts, each host weighing the same however many guests it had. */
export function guestMeans(drills: readonly DrillResult[]): GuestMean[] {
  return (["ubuntu", "windowsxp"] as const).flatMap((guestOs) => {
    const cells = drills.flatMap((drill) => cell(drill, guestOs) ?? []);
    if (cells.length === 0) return [];
    return [
      {
        guestOs,
        hosts: cells.length,
        windowSeconds: mean(cells.map(({ windowSeconds }) => windowSeconds)),
        availabilityPercent: meanBounds(cells.map((one) => one.availabilityPercent)),
        downtimeSeconds: meanBounds(cells.map((one) => one.downtimeSeconds)),
        publishedPercent: publishedPercent[guestOs],
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
