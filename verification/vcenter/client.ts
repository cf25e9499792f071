import type { About, Inventory, Moid, VcEvent } from "../model";

/** One vCenter session, bound to the configured cluster. All errors are CouldNotRun, with vCenter's own words. */
export interface VCenter {
  readonly about: About;
  /** The configured cluster: hosts, VMs, datastores, networks, read in one traversal. */
  inventory(): Promise<Inventory>;
  /** Events of the cluster and what is in it, since an instant of vCenter's clock, ordered. */
  eventsSince(at: Date): Promise<VcEvent[]>;
  /** vCenter's clock. */
  currentTime(): Promise<Date>;
  /** Moves a VM to a host and waits for it: live when it is powered on. */
  moveVm(vm: Moid, host: Moid): Promise<void>;
  /** The cluster's lock: one drill at a time. CouldNotRun, naming owner and expiry, when another holds it. */
  acquireLock(owner: string, ttlSeconds: number): Promise<Lock>;
  /** Logs out. */
  close(): Promise<void>;
}

export interface Lock {
  release(): Promise<void>;
}
