/**
 * The words of the verification module as types: what is read from vCenter, and what a run records.
 * Durations are seconds of the one Clock (lab seconds where the vCenter is simulated); instants are wall time.
 */

import type { ClusterRule, VmOverride } from "./clusterRules";
import type { FaultRecord } from "./faults/fault";
import type { LoadResult } from "./load/model";

/** `inconclusive`: it could not be observed, which is never a pass. `not-applicable`: the rule has no object here. */
export type Verdict = "passed" | "failed" | "inconclusive" | "not-applicable";

export type GuestOs = "ubuntu" | "windowsxp";

/** What figures are told apart by: the operating system, and who launched the VM. */
export interface Guest {
  guestOs: GuestOs;
  /** OpenStack launched it. Absent: vCenter did. */
  openstack?: true | undefined;
}

/** Managed object id, for example `host-12`. */
export type Moid = string;

// ---------------------------------------------------------------- what is read from vCenter

export interface About {
  fullName: string;
  version: string;
  instanceUuid: string;
  /** True when vCenter's about data says that it is simulated. */
  simulated: boolean;
}

/** A network in CIDR parts, and the VMkernel adapter that leads there. */
export interface Route {
  network: string;
  prefixLength: number;
  adapter: string;
}

export interface HostState {
  id: Moid;
  name: string;
  connectionState: "connected" | "disconnected" | "notResponding";
  powerState: "poweredOn" | "poweredOff" | "standBy" | "unknown";
  inMaintenanceMode: boolean;
  /** `runtime.dasHostState.state`; undefined when unset (HA off, maintenance, disconnected). */
  fdmState: string | undefined;
  cpuMhz: number;
  /** Logical processors: what nova counts as vCPUs. */
  cpuThreads: number;
  memoryMb: number;
  cpuUsageMhz: number;
  memoryUsageMb: number;
  uptimeSeconds: number;
  datastoreIds: Moid[];
  networkIds: Moid[];
  configIssues: string[];
  /** Version and build, `8.0.3 build-24022510`; undefined when vCenter does not tell, as of a host that is away. */
  version: string | undefined;
  /** How the host's clock is kept right; undefined when vCenter does not tell. */
  clock: { servers: string[]; running: boolean } | undefined;
  /**
   * What the host does when no path reaches a device (APD): whether it ever gives up retrying, and after how many seconds;
   * undefined: not told.
   */
  apd: { handled: boolean; timeoutSeconds: number } | undefined;
  /** Networks that the host's default TCP/IP stack leads to, with the VMkernel adapter for each; undefined: not told. */
  routes?: Route[] | undefined;
  /** VMkernel adapters that carry management traffic, with the physical adapters behind each; undefined: not told. */
  management: { adapter: string; uplinks: string[] }[] | undefined;
}

export interface VmState {
  id: Moid;
  name: string;
  /** Of its BIOS: what the provider calls the VM's id. */
  uuid: string;
  instanceUuid: string;
  hostId: Moid | undefined;
  template: boolean;
  /** vCLS and other VMs that the platform owns: left out of checks, drills and capacity. */
  system: boolean;
  powerState: "poweredOn" | "poweredOff" | "suspended";
  connectionState: string;
  /** `runtime.dasVmProtection.dasProtected`; undefined when vCenter does not tell. */
  haProtected: boolean | undefined;
  failoverInProgress: boolean;
  guestHeartbeat: "gray" | "red" | "yellow" | "green" | undefined;
  toolsRunning: boolean;
  /** Addresses that VMware Tools report. */
  addresses: string[];
  uptimeSeconds: number | undefined;
  numCpu: number;
  memoryMb: number;
  cpuReservationMhz: number;
  memoryReservationMb: number;
  memoryOverheadMb: number;
  datastoreIds: Moid[];
  networkIds: Moid[];
  /** Labels of devices that exist on its present host only; read of declared VMs, undefined of others. */
  hostDevices: string[] | undefined;
}

export interface DatastoreState {
  id: Moid;
  name: string;
  type: string;
  accessible: boolean;
  multipleHostAccess: boolean | undefined;
  hostIds: Moid[];
  /** Where an NFS datastore is mounted from, and by which host over an adapter that its mount is bound to; absent of others. */
  nfs?: { servers: string[]; boundAdapters: Record<Moid, string> } | undefined;
  /** Disks that a VMFS datastore is on, as its hosts name them: `naa.…`; empty of others. */
  devices: string[];
}

export interface ClusterState {
  id: Moid;
  name: string;
  /** ConfigurationEx translated to the provider's ComputeCluster field names (haEnabled, drsAutomationLevel …). */
  settings: Record<string, SettingValue>;
  rules: ClusterRule[];
  overrides: VmOverride[];
  configIssues: string[];
}

export type SettingValue = boolean | number | string | string[] | Record<string, string>;

/** One traversal of one cluster. */
export interface Inventory {
  takenAt: Date;
  /** End of the validity of the certificate that vCenter shows; undefined when none was seen. */
  certificateValidTo: Date | undefined;
  cluster: ClusterState;
  hosts: HostState[];
  vms: VmState[];
  datastores: DatastoreState[];
  networks: { id: Moid; name: string; hostIds: Moid[] }[];
}

export interface VcEvent {
  key: number;
  /** vCenter's own time stamp. */
  createdAt: Date;
  /** `eventTypeId` of EventEx, else the class name; compare without regard to case. */
  type: string;
  message: string;
  hostId: Moid | undefined;
  vmId: Moid | undefined;
}

// ---------------------------------------------------------------- what a run records

/** One thing that a check found wrong. */
export interface Finding {
  /** The host, VM, setting … */
  subject: string;
  read: string;
  expected: string;
}

export interface CheckResult {
  /** Stable, kebab-case: `ha-settings-as-declared`. */
  id: string;
  title: string;
  severity: "error" | "warning";
  verdict: Verdict;
  /** What was read, in one line. */
  read: string;
  expected: string;
  /** Why it matters. */
  why: string;
  /** Document that the rule comes from. */
  source: string;
  remedy: string;
  findings: Finding[];
}

/** Lower and upper bound of a quantity, in seconds. */
export interface Bounds {
  lower: number;
  upper: number;
}

/** A time in which a guest's service did not answer, as far as samples tell. Instants are wall ms since the epoch. */
export interface DownInterval {
  /** The service stopped after this and no later than `startBefore`. */
  startAfter: number;
  startBefore: number;
  /** It answered again after this, the last sample without an answer. */
  endAfter: number;
  /** And no later than this; undefined when it was still down at the end of the window. */
  endBefore: number | undefined;
}

export interface VmAvailability {
  vm: string;
  guestOs: GuestOs;
  windowSeconds: number;
  downtimeSeconds: Bounds;
  /** 0–100. */
  availabilityPercent: Bounds;
  intervals: DownInterval[];
  /** Time between two samples too far apart to tell what was between; the bounds include both cases. */
  unobservedSeconds: number;
  samples: { sent: number; answered: number; lost: number };
}

/** Parts of one VM's downtime, from vCenter's events and the probes; undefined where an event is missing. */
export interface DowntimeShares {
  detectionSeconds: number | undefined;
  restartSeconds: number | undefined;
  bootSeconds: number | undefined;
}

/** An expectation computed from the settings before the fault, and what was seen. */
export interface Expectation {
  id: string;
  /** For example `ubuntu-1 answers again within 213 s`. */
  statement: string;
  /** How the number was computed, with the source of each constant. */
  basis: string;
  verdict: Verdict;
  seen: string;
}

export interface DrillVm extends VmAvailability, Guest {
  /** It ran on the failed host. */
  affected: boolean;
  /** Name of the host that it ran on before and after. */
  hostBefore: string;
  hostAfter: string | undefined;
  shares: DowntimeShares | undefined;
}

export interface TimelineEntry {
  /** Wall time, ISO 8601. */
  at: string;
  /** Seconds of the Clock since the fault; negative before it. */
  t: number | undefined;
  kind: "plan" | "steady-state" | "fault" | "event" | "probe" | "recovery" | "note";
  text: string;
}

/** OpenStack's view beside vCenter's; undefined where one of them did not tell. */
export interface CloudView {
  /** Keystone's server and the region. */
  cloud: string;
  capacity: { vcenter: string | undefined; nova: string | undefined; placement: string | undefined };
  instances: {
    name: string;
    id: string;
    /** Status as nova's users see it: ACTIVE, SHUTOFF … */
    nova: string;
    /** Power state. */
    vcenter: string | undefined;
    host: string | undefined;
  }[];
}

/** What OpenStack showed during a drill. */
export interface CloudObservation {
  /** Keystone's server and the region. */
  cloud: string;
  /** Readings, and those that failed. */
  samples: number;
  failed: number;
  /** What nova showed of each instance of the target that failed with the host. */
  instances: { vm: string; id: string; statuses: string[] }[];
  /** Placement's capacity whenever it changed; `t` in wall seconds since the fault: nova knows no other clock. */
  capacity: { t: number; text: string }[];
}

export interface DrillResult {
  id: string;
  /** `host-loss`; with OpenStack also `nova-compute-down` and `power-state-sync`: a host loss while that is so. */
  drill: string;
  /** The host that was failed. */
  host: string;
  /** Load in the guests when it failed, 0 to 100; absent where none was asked for. */
  loadPercent?: number | undefined;
  fdmRole: string;
  verdict: Verdict;
  /** One sentence: why not passed, or what was shown. */
  summary: string;
  started: string;
  ended: string;
  faultAt: string | undefined;
  steadyStateBefore: CheckResult[];
  steadyStateAfter: CheckResult[];
  expectations: Expectation[];
  vms: DrillVm[];
  timeline: TimelineEntry[];
  /** What puts things back: for a person, and for `recover`. */
  undo: { fault: FaultRecord; description: string; done: boolean };
  /** Absent where no OpenStack is declared. */
  openstack?: CloudObservation | undefined;
  /** What ended it before its time, and when; its figures are no measurement of a failover. Absent: nothing did. */
  stopped?: { at: string; reason: string } | undefined;
}

/** A time with its 95 % interval over repetitions (Student's t). */
export interface RestorePart {
  seconds: number;
  /** Repetitions that it was seen in. */
  n: number;
  /** Absent with one repetition. */
  interval?: Bounds | undefined;
}

/** Mean time to restore (MTTR) and its parts; undefined where a part was never seen. */
export interface Restore {
  /** Without service. */
  total: RestorePart | undefined;
  detection: RestorePart | undefined;
  restart: RestorePart | undefined;
  boot: RestorePart | undefined;
}

/** Mean over the hosts of one guest, beside the published experiment. */
export interface GuestMean extends Guest {
  hosts: number;
  /** Repetitions in which every host failed; absent in journals of before there were any. */
  repetitions?: number | undefined;
  windowSeconds: number;
  availabilityPercent: Bounds;
  downtimeSeconds: Bounds;
  /** 95 % intervals of the means over repetitions, by Student's t, bounds of the measurement included. */
  interval?: { availabilityPercent: Bounds; downtimeSeconds: Bounds } | undefined;
  restore?: Restore | undefined;
  /** Where a mean time between failures of a host was given. */
  longRun?: { mtbfHours: number; availabilityPercent: Bounds } | undefined;
  /** The study's figure; its window was not published. */
  publishedPercent: number;
}

/** A property of a resource that changes; values as text, `not set` and `[secret]` where they are so. */
export interface PropertyChange {
  property: string;
  before: string;
  after: string;
}

/** A resource of a stack that is to change, or did. */
export interface ResourceChange {
  /** Name in the program. */
  resource: string;
  /** Pulumi's token: `vsphere:index/host:Host`. */
  type: string;
  operation: "create" | "update" | "replace" | "delete" | "import";
  /** `unfinished`: the deployment ended while it was at it, or before. */
  state: "proposed" | "done" | "failed" | "unfinished";
  properties: PropertyChange[];
}

/** What a deployment, or its preview, did to a stack. */
export interface Deployment {
  stack: string;
  changes: ResourceChange[];
  /** What was put right first, as after a deployment that was killed. */
  notes: string[];
}

/** The typed record of a run; `journal.json`. */
export interface Journal {
  schemaVersion: 1;
  tool: { name: "vsphere-ha"; version: string };
  command: string;
  started: string;
  ended: string;
  vcenter: { server: string; about: About } | undefined;
  /** Seconds in this journal are wall seconds times this. 1 on real hardware. */
  timeScale: number;
  /** What was simulated, in plain words; empty on real hardware. */
  simulated: string[];
  /** Owner recorded on the cluster's lock; `recover` takes over the lock of a run that was killed. */
  lockOwner: string | undefined;
  target: { datacenter: string; cluster: string; hosts: string[]; vms: ({ name: string } & Guest)[] };
  checks: CheckResult[];
  /** Absent where nothing was deployed. */
  deployment?: Deployment | undefined;
  /** Absent where no OpenStack is declared. */
  openstack?: CloudView | undefined;
  drills: DrillResult[];
  /** Absent where no load was asked for. */
  load?: LoadResult | undefined;
  means: GuestMean[];
  verdict: Verdict;
  /** Why the run could not be finished, if so. */
  error: string | undefined;
}
