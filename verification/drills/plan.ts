import type { VerificationConfig, VmConfig } from "../config";
import type { FaultRecord } from "../faults/fault";
import type { GuestOs, HostState, Inventory, VmState } from "../model";
import type { ProbeTarget } from "../probes/schedule";
import type { Expected } from "./expected";
import type { KnownAddresses } from "./storageNetwork";
import type { Budget, FdmRole } from "./timing";

export interface PlanOptions {
  /** Fail the host although VMs that are not of the target run on it. */
  includeBystanders: boolean;
  /** Addresses that must not go down: vCenter's and this machine's. */
  keepUp: readonly string[];
  /** Addresses of the names that hosts mount NFS from. Default: none is known. */
  addresses?: KnownAddresses;
}

/** A VM on the host to be failed. */
export interface PlannedVm {
  vm: VmState;
  /** `target`: of the configuration; `system`: the platform's own (vCLS); `other`: somebody else's. */
  kind: "target" | "system" | "other";
  guestOs: GuestOs | undefined;
  /** HA is told not to restart it. */
  restartDisabled: boolean;
}

export interface Move {
  vm: VmState;
  guestOs: GuestOs;
  from: string;
  to: HostState;
}

/** When a VM that runs on the failed host must answer again, seconds after the fault. */
export interface VmBudget {
  vm: VmState;
  detection: Budget;
  restart: Budget;
  boot: Budget;
  total: number;
}

/** What a drill would do, and be judged by. */
export interface DrillPlan {
  fault: FaultRecord;
  host: HostState;
  role: FdmRole;
  /** Every VM on the host, powered on or not, before the moves. */
  onHost: PlannedVm[];
  /** Moves that put one VM of each guest OS onto the host. */
  moves: Move[];
  /** VMs that fail with the host, after the moves: those of the target, and others that HA restarts too. */
  affected: PlannedVm[];
  /** The services to probe: all VMs of the target. */
  targets: { vm: VmState; config: VmConfig; service: ProbeTarget }[];
  detection: Budget;
  budgets: VmBudget[];
  /** How long at least things stay broken, in seconds. */
  holdSeconds: number;
  /** VMs that come back do so on this very host, as it is not failed itself. */
  staysOnHost?: true;
  /** A second host that fails when HA has declared this one failed. */
  second?: { host: HostState; detection: Budget };
  /** vCenter tells nothing while the fault is there: see Fault.reveal(). */
  unseen?: true;
  /** What the settings promise. */
  expected: Expected[];
  /** Why it must not be done, each with what to do. Empty: it may. */
  refusals: string[];
}

/** From one reading of the cluster. Pure: changes and asks nothing. */
export type Planner = (
  inventory: Inventory,
  config: VerificationConfig,
  subject: string,
  options: PlanOptions,
) => DrillPlan | Refused;

/** Nothing can be planned. */
export interface Refused {
  refusals: string[];
  /** The fault, when it has no object there: the drill is neither passed nor failed. */
  notApplicable?: FaultRecord;
}
