/** What a drill breaks, as the journal keeps it: enough for another process to put it back. */
export type FaultRecord =
  | { kind: "host-power"; host: string }
  | { kind: "maintenance-mode"; host: string }
  | { kind: "host-loss-vcenter-down"; host: string }
  | { kind: "second-failure"; host: string; second: string }
  | IsolationRecord
  | GuestHangRecord
  | StorageRecord<"apd">
  | StorageRecord<"pdl">;

export interface GuestHangRecord {
  kind: "guest-hang";
  /** Where the VM runs. */
  host: string;
  vm: string;
}

export interface IsolationRecord {
  kind: "host-isolation";
  host: string;
  /** VMkernel adapters that are disabled: all that carry management traffic. */
  adapters: string[];
  /** The host enables them itself so many seconds after it was told to, which is just before the fault. */
  undoSeconds: number;
}

/** All paths down, or the device gone for good. */
export type StorageLoss = "apd" | "pdl";

export interface StorageRecord<Loss extends StorageLoss = StorageLoss> {
  kind: Loss;
  host: string;
  /** Names of the datastores that the host loses. */
  datastores: string[];
  /** Disks that they are on; none of NFS. */
  devices: string[];
  /** The host's paths to them, as its esxcli names them; empty until they were looked up. */
  paths: string[];
  /** Rule sets of the host's firewall that let its NFS clients out; none of VMFS. */
  rulesets: string[];
}

/** One thing that is broken on purpose. All errors are CouldNotRun and name the server and what it was asked. */
export interface Fault {
  /** Makes sure, as far as can be told beforehand, that it can be broken and put back. Changes nothing. */
  check(): Promise<void>;
  /** What it breaks, when check() found out more than the plan could know; the journal keeps this then. */
  record?(): FaultRecord;
  /**
   * Has the host undo by itself what nobody can undo once it is broken. Called when the journal holds the fault, just before
   * inject(); absent: nothing is to be done.
   */
  arm?(): Promise<void>;
  /**
   * Breaks it, and waits until that is confirmed.
   *
   * @param interrupted ends that waiting where restore() ends the rest too; others come to their end
   */
  inject(interrupted?: AbortSignal): Promise<void>;
  /** Goes on to the second part, when HA has declared the first one; absent: there is none. */
  escalate?(): Promise<void>;
  /**
   * Lets vCenter tell again what it could not while the fault was there. Called when the VMs are back, before restore(); absent:
   * it can tell all the time.
   */
  reveal?(): Promise<void>;
  /** Puts it back, and waits until that is confirmed. Safe to repeat, also when nothing is broken. */
  restore(): Promise<void>;
  /** Ends its connections; absent: it keeps none. */
  close?(): Promise<void>;
}
