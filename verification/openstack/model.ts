/** What OpenStack tells of the compute service on the cluster, of its instances, and of what they are made from. */

/** Read, or why not: what could not be read is never taken for good. */
export type Reading<T> = { value: T } | { unread: string };

/** A compute service in nova's list. */
export interface ComputeService {
  host: string;
  enabled: boolean;
  /** It reported within nova's `service_down_time`. */
  up: boolean;
  forcedDown: boolean;
  disabledReason: string | undefined;
  /** When it reported last, by nova's clock. */
  reportedAt: string | undefined;
}

/** The hypervisor of nova's vCenter driver: a whole cluster. */
export interface Hypervisor extends Capacity {
  /** Also the id of its resource provider in placement. */
  id: string;
  /** `<managed object id of the cluster>.<instance uuid of the vCenter>` (nova, vmwareapi/driver.py). */
  name: string;
  serviceHost: string;
}

export interface Capacity {
  vcpus: number;
  memoryMb: number;
}

export interface Aggregate {
  name: string;
  zone: string | undefined;
  hosts: string[];
}

export interface Zone {
  name: string;
  available: boolean;
}

export interface Instance {
  /** Also the instance uuid of its VM in vCenter (nova, vmwareapi/vm_util.py). */
  id: string;
  name: string;
  /** What users see: ACTIVE, SHUTOFF … */
  status: string;
  /** active, stopped, suspended, error … */
  vmState: string;
  /** What nova is doing with it now; undefined: nothing. */
  taskState: string | undefined;
  /** nova's own record, which its power-state sync renews. */
  powerState: PowerState;
  host: string | undefined;
  zone: string | undefined;
}

export type PowerState = "no state" | "running" | "paused" | "shut down" | "crashed" | "suspended";

export interface Flavor extends Capacity {
  name: string;
}

/** Of the project; a limit that is undefined does not limit. */
export interface Quota {
  instances: Room;
  vcpus: Room;
  memoryMb: Room;
}

export interface Room {
  used: number;
  limit: number | undefined;
}

export interface Image {
  name: string;
  /** `active` when it can be used. */
  status: string;
  diskFormat: string | undefined;
  properties: Record<string, string>;
}

export interface Port {
  instanceId: string;
  address: string | undefined;
  /** `unbound` and `binding_failed`: it leads nowhere. */
  vifType: string;
}

/** A port that holds up the deletion of its network. */
export interface NetworkPort {
  id: string;
  /** Empty: it has none. */
  name: string;
  /** What it is for: `compute:ZONE`, `network:router_interface` …; empty: it is nobody's. */
  owner: string;
  /** Instance, router … that it belongs to; empty: none. */
  deviceId: string;
  address: string | undefined;
}

export interface EndpointCertificate {
  /** `nova`, `Keystone` … */
  service: string;
  server: string;
  /** Undefined: none is needed, the address is loopback and plain HTTP. */
  validTo: Date | undefined;
}

/** What nova-compute was told in its configuration files. */
export interface NovaSettings {
  /** Seconds of wall time; negative: off. */
  syncPowerStateInterval: number;
  /** Its connection to vCenter takes any certificate. */
  insecure: boolean;
}

/** One reading of everything that the checks judge. */
export interface OpenStackState {
  takenAt: Date;
  /** Keystone's server and the region. */
  cloud: string;
  services: Reading<ComputeService[]>;
  hypervisors: Reading<Hypervisor[]>;
  /** Placement's inventory of the compute host's hypervisor; undefined: placement does not know it. */
  provider: Reading<Capacity | undefined>;
  aggregates: Reading<Aggregate[]>;
  zones: Reading<Zone[]>;
  /** Of the compute host, in all projects. */
  instances: Reading<Instance[]>;
  flavors: Reading<Flavor[]>;
  quota: Reading<Quota>;
  /** Of the configured names. */
  images: Reading<Image[]>;
  /** Of the configured instances. */
  ports: Reading<Port[]>;
  certificates: Reading<EndpointCertificate[]>;
  settings: Reading<NovaSettings>;
}
