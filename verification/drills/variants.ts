import { planHostLoss } from "./hostLossPlan";
import { planMaintenance } from "./maintenancePlan";
import type { Planner } from "./plan";

/** What goes wrong in a drill. In those of OpenStack a host loses its power, and something of OpenStack's beside it. */
export const drillNames = ["host-loss", "maintenance-mode", "nova-compute-down", "power-state-sync"] as const;
export type DrillName = (typeof drillNames)[number];

export function isDrillName(name: string): name is DrillName {
  return (drillNames as readonly string[]).includes(name);
}

/** Drills on what OpenStack runs. */
export const cloudDrills: readonly DrillName[] = ["nova-compute-down", "power-state-sync"];

/** How each is planned: OpenStack's go with a host loss. */
export const planners: Record<DrillName, Planner> = {
  "host-loss": planHostLoss,
  "maintenance-mode": planMaintenance,
  "nova-compute-down": planHostLoss,
  "power-state-sync": planHostLoss,
};
