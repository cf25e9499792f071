import { planHostLoss } from "./hostLossPlan";
import type { Planner } from "./plan";

/** What goes wrong in a drill: a host loses its power; in the others, something of OpenStack's beside it. */
export const drillNames = ["host-loss", "nova-compute-down", "power-state-sync"] as const;
export type DrillName = (typeof drillNames)[number];

export function isDrillName(name: string): name is DrillName {
  return (drillNames as readonly string[]).includes(name);
}

/** How each is planned: OpenStack's go with a host loss. */
export const planners: Record<DrillName, Planner> = {
  "host-loss": planHostLoss,
  "nova-compute-down": planHostLoss,
  "power-state-sync": planHostLoss,
};
