import type { Clock } from "../clock";
import type { VerificationConfig } from "../config";
import type { Fault, FaultRecord } from "../faults/fault";
import type { CheckResult, GuestOs, Inventory } from "../model";
import type { Sample } from "../probes/sample";
import type { ProbeTarget } from "../probes/schedule";
import type { VCenter } from "../vcenter/client";
import type { GuestAccount } from "../vcenter/guestOperations";
import type { Every } from "./cloudWatch";
import type { Companion } from "./companion";
import type { KnownAddresses } from "./storageNetwork";
import type { DrillName } from "./variants";

/** The fixed schedule of probes, as far as a drill uses it. */
export interface Prober {
  start(): void;
  last(vm: string): Sample | undefined;
  readonly samples: readonly Sample[];
  stop(): Promise<readonly Sample[]>;
}

/** What a drill acts through: everything that is not arithmetic. */
export interface DrillParts {
  config: VerificationConfig;
  vcenter: VCenter;
  clock: Pick<Clock, "now" | "wait" | "seconds" | "wallMs">;
  /** Wall ms since the epoch by the system clock, which may be stepped: the clock of events. */
  systemTime: () => number;
  fault: (record: FaultRecord) => Fault;
  /** Ready to start. */
  prober: (targets: readonly ProbeTarget[]) => Promise<Prober>;
  /** The steady state: all checks on one reading of the cluster. */
  checks: (inventory: Inventory) => Promise<CheckResult[]>;
  /** Addresses that must not go down: vCenter's and this machine's. */
  keepUp: readonly string[];
  /** Addresses of the names that hosts mount NFS from; looked up for drills that ask. */
  addresses?: KnownAddresses;
  includeBystanders: boolean;
  /** The account of the guests' own; throws CouldNotRun when its password is not set. */
  guestAccount: (guestOs: GuestOs) => GuestAccount;
  /** Default `host-loss`. */
  drill?: DrillName;
  /** Load that runs in the guests, for the record; absent: none of ours. */
  loadPercent?: number;
  /** What goes through a drill with the cluster; absent: nothing. */
  companion?: (drill: DrillName, interrupted: AbortSignal) => Companion | undefined;
  /** Does something again and again while the drill waits for other things. */
  every: Every;
  progress: (line: string) => void;
  /** Ends the drill: the fault is undone, the steady state awaited. */
  interrupted: AbortSignal;
  /** Ends also that waiting; the undo itself is never cut short. */
  hurried: AbortSignal;
}
