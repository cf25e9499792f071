/** What goes wrong in a drill: a host loses its power; in the others, something of OpenStack's beside it. */
export const drillNames = ["host-loss", "nova-compute-down", "power-state-sync"] as const;
export type DrillName = (typeof drillNames)[number];

export function isDrillName(name: string): name is DrillName {
  return (drillNames as readonly string[]).includes(name);
}
