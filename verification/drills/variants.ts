import { planGuestHang } from "./guestHangPlan";
import { planHostLoss } from "./hostLossPlan";
import { planIsolation } from "./isolationPlan";
import { planMaintenance } from "./maintenancePlan";
import type { Planner } from "./plan";
import { planSecondFailure } from "./secondFailurePlan";
import { planApd, planPdl } from "./storagePlan";
import { planVcenterDown } from "./vcenterDownPlan";

/** A drill as users call it. */
export interface Variant {
  plan: Planner;
  /** For the help. */
  summary: string;
  /** It is a host loss while something of OpenStack's fails or interferes. */
  ofOpenStack?: true;
  /** Its subject is a VM, and not a host. */
  ofVm?: true;
  /** It acts through vCenter alone. */
  byVcenter?: true;
  /** It acts in the hosts' ESXi Shell, not through their management controllers. */
  inShell?: true;
  /** OpenStack, where there is one, is watched and must show it: what the drill does to the cluster changes its capacity. */
  watchesOpenStack?: true;
}

const hostLoss =
  "Cuts the power of each host in turn by its management controller, waits for the failover, powers it on again. " +
  "Refuses unless the cluster is in order and can lose the host.";

export const variants = {
  "host-loss": { plan: planHostLoss, summary: hostLoss, watchesOpenStack: true },
  "host-loss-vcenter-down": {
    plan: planVcenterDown,
    summary:
      `${hostLoss} While vCenter's own service is stopped: HA needs no vCenter. Stops and starts it through the ` +
      "appliance, for which the vCenter user must be an administrator.",
  },
  "second-failure": {
    plan: planSecondFailure,
    summary:
      "Cuts the power of each host in turn, and that of a second one when HA has declared the first failed. " +
      "Refuses unless admission control keeps room for two host failures.",
  },
  "host-isolation": {
    plan: planIsolation,
    summary:
      "Cuts each host in turn off from the management network over SSH, sees HA do what the isolation response says, " +
      "and waits until the host ends that by itself, after a time that it was told before.",
    inShell: true,
  },
  "guest-hang": {
    plan: planGuestHang,
    summary:
      "Has the guest of each VM in turn hang, and sees HA reset it. Resets it where HA does not. " +
      "Refuses unless the cluster is in order and VM monitoring is on.",
    ofVm: true,
    byVcenter: true,
  },
  apd: {
    plan: planApd,
    summary:
      "Takes all paths to the storage of most VMs away from each host in turn, over SSH, until component protection has " +
      "acted, and gives them back.",
    inShell: true,
  },
  pdl: {
    plan: planPdl,
    summary:
      "Lets the disk of a VMFS datastore be gone for good at each host in turn, by errors injected over SSH, until " +
      "component protection has acted, and brings it back.",
    inShell: true,
  },
  "maintenance-mode": {
    plan: planMaintenance,
    summary:
      "Puts each host in turn into maintenance mode and takes it out again: no VM may notice. " +
      "Refuses unless the cluster is in order and DRS is fully automated.",
    byVcenter: true,
    watchesOpenStack: true,
  },
  "nova-compute-down": {
    plan: planHostLoss,
    summary: `${hostLoss} While nova-compute is stopped: HA needs no OpenStack. Stops and starts it over SSH.`,
    ofOpenStack: true,
    watchesOpenStack: true,
  },
  "power-state-sync": {
    plan: planHostLoss,
    summary:
      `${hostLoss} While nova's power-state sync runs often: it must not stop what HA restarts. ` +
      "Changes nova-compute's configuration over SSH for that time.",
    ofOpenStack: true,
    watchesOpenStack: true,
  },
} as const satisfies Record<string, Variant>;

/** What goes wrong in a drill. In those of OpenStack a host loses its power, and something of OpenStack's beside it. */
export type DrillName = keyof typeof variants;
export const drillNames = Object.keys(variants) as DrillName[];

export function isDrillName(name: string): name is DrillName {
  return Object.hasOwn(variants, name);
}

export function variantOf(name: DrillName): Variant {
  return variants[name];
}
