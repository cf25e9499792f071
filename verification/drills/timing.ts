import { restartPriority } from "../restartPriority";
import type { Inventory, VmState } from "../model";

/** A number with how it came about. Seconds. */
export interface Budget {
  seconds: number;
  basis: string;
}

export type FdmRole = "master" | "secondary";

// The timeline that VMware documents (vSphere HA deep dive, vSphere Availability) after the failure of a host.
// Secondary: T3 its datastore heartbeats are watched for 15 s; T10 unreachable, pinged for 5 s; T15 declared dead
// without heartbeat datastores, T18 with them. Master: T10 election, T25 new master, which declares the old one
// unreachable at T35, and dead, after watching its datastore heartbeats, at T50.
const declaredDead: Record<FdmRole, { with: number; without: number }> = {
  secondary: { with: 18, without: 15 },
  master: { with: 50, without: 35 },
};
/** Placement and power-on of one restart: 10 to 15 s in the same timeline; the upper end. */
const restartSeconds = 15;
/** For vCenter to hear of it from the master and to stamp its event. Our allowance: no figure is published. */
export const reportingSeconds = 5;
/** vSphere's default for the time that a restart priority waits for the one before it. */
const defaultReadyTimeout = 600;

/** Restart priorities, in the order in which HA starts their VMs; `disabled` ones it does not start. */
const priorities = ["highest", "high", "medium", "low", "lowest"];

/** True when HA has a datastore to watch a host's heartbeats on. */
export function hasHeartbeatDatastores({ cluster, datastores }: Inventory): boolean {
  const chosen = cluster.settings["haHeartbeatDatastoreIds"];
  if (Array.isArray(chosen) && chosen.length > 0) return true;
  if (cluster.settings["haHeartbeatDatastorePolicy"] === "userSelectedDs") return false;
  return datastores.some(({ accessible, hostIds }) => accessible && hostIds.length > 1);
}

/** From the failure of a host until HA has declared it dead. */
export function detectionBudget(role: FdmRole, heartbeatDatastores: boolean): Budget {
  const nominal = declaredDead[role][heartbeatDatastores ? "with" : "without"];
  const kind = `${role} host ${heartbeatDatastores ? "with" : "without"} heartbeat datastores`;
  return {
    seconds: nominal + reportingSeconds,
    basis:
      `a ${kind} is declared dead ${nominal.toString()} s after its failure (vSphere HA timeline); ` +
      `${reportingSeconds.toString()} s more for vCenter to report it (our allowance)`,
  };
}

export interface RestartingVm {
  vm: VmState;
  /** From power-on to an answering service; undefined where nobody said. */
  bootSeconds: number | undefined;
}

/** From the declaration of the failure until HA has restarted a VM, with the restarts that go before it. */
export function restartBudget(inventory: Inventory, vm: VmState, restarted: readonly RestartingVm[]): Budget {
  const { settings } = inventory.cluster;
  const mine = priorities.indexOf(restartPriority(inventory.cluster, vm.id));
  const delay = numberOf(settings["haVmRestartAdditionalDelay"], 0);
  const timeout = numberOf(settings["haVmRestartTimeout"], defaultReadyTimeout);
  const stated = settings["haVmDependencyRestartCondition"];
  const condition = typeof stated === "string" ? stated : "none";
  let seconds = restartSeconds;
  const steps = [`placement and power-on take at most ${restartSeconds.toString()} s (vSphere HA timeline)`];
  for (const priority of priorities.slice(0, Math.max(0, mine))) {
    const before = restarted.filter((other) => restartPriority(inventory.cluster, other.vm.id) === priority);
    if (before.length === 0) continue;
    const ready = Math.min(timeout, readySeconds(condition, before));
    seconds += ready + delay;
    steps.push(
      `priority ${priority} goes first: ${ready.toString()} s until ${condition}, ` +
        `${delay.toString()} s additional delay (the cluster's settings)`,
    );
  }
  return { seconds, basis: steps.join("; ") };
}

/** Until VMs fulfil the condition that lets the next priority start. */
function readySeconds(condition: string, vms: readonly RestartingVm[]): number {
  if (condition === "none") return 0;
  if (condition === "poweredOn") return restartSeconds;
  return restartSeconds + Math.max(...vms.map(({ bootSeconds }) => bootSeconds ?? Infinity));
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 0 ? value : otherwise;
}
