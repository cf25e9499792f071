import type { GuestOs, SettingValue } from "./model";

/** What to verify; defaults filled in. */
export interface VerificationConfig {
  vcenter: VCenterConfig;
  cluster: ClusterConfig;
  hosts: HostConfig[];
  vms: VmConfig[];
  /** Seconds of the Clock per second of wall time; 1 on real hardware. */
  timeScale: number;
  /** Seconds of the Clock. */
  probeIntervalSeconds: number;
}

export interface VCenterConfig {
  /** Host and port, `vcenter.example.com:443`. */
  server: string;
  user: string;
  caFile: string | undefined;
  thumbprint: string | undefined;
}

export interface ClusterConfig {
  datacenter: string;
  name: string;
  /** Declared HA and DRS settings by the provider's ComputeCluster field names. */
  declared: Record<string, SettingValue>;
}

export interface HostConfig {
  name: string;
  bmc: BmcConfig | undefined;
}

export interface BmcConfig {
  url: string;
  systemId: string | undefined;
  username: string;
  /** Name of the environment variable that holds the password. */
  passwordEnv: string;
  thumbprint: string | undefined;
  caFile: string | undefined;
}

export interface VmConfig {
  name: string;
  guestOs: GuestOs;
  /** Undefined: the address that VMware Tools report. */
  address: string | undefined;
  probe: { port: number };
  /** Budget from power-on to an answering service, seconds of the Clock. */
  bootSeconds: number;
}

export type Environment = Record<string, string | undefined>;
