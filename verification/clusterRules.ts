import type { Moid } from "./model";

/** A rule that binds where or when VMs start, groups resolved. */
export type ClusterRule = { name: string; enabled: boolean } & (
  | { kind: "together"; vms: Moid[] }
  | { kind: "apart"; vms: Moid[] }
  /** `hosts`: those that the VMs run on, or with `avoid` those that they do not. Not mandatory: a preference of DRS. */
  | { kind: "vm-host"; vms: Moid[]; hosts: Moid[]; avoid: boolean; mandatory: boolean }
  /** `vms` start after `dependsOn`. */
  | { kind: "dependency"; vms: Moid[]; dependsOn: Moid[] }
);

/** Responses to lost storage; undefined where the cluster's holds. */
export interface ComponentProtection {
  apd: string | undefined;
  pdl: string | undefined;
  /** From the time-out of APD to the response, seconds. */
  apdDelaySeconds?: number | undefined;
  /** What follows when APD ends between the two: `none` or `reset`. */
  apdCleared?: string | undefined;
}

/** What was set for one VM beside the cluster's defaults; undefined where the cluster's default holds. */
export interface VmOverride {
  vm: Moid;
  restartPriority: string | undefined;
  /** Longest wait for a restart of this VM, seconds. */
  restartTimeoutSeconds?: number | undefined;
  /** When VMs of the next priority follow this one. */
  readiness?: { condition: string | undefined; delaySeconds: number | undefined } | undefined;
  isolationResponse: string | undefined;
  /** VM monitoring that differs from the cluster's, and whether the VM follows the cluster's all the same. */
  monitoring: MonitoringOverride | undefined;
  /** Component protection that differs from the cluster's. */
  componentProtection: ComponentProtection | undefined;
  /** DRS automation level of this VM, or `disabled`. */
  drs: string | undefined;
}

/** Numbers are seconds, but for `maxFailures`; undefined where vCenter does not tell. */
export interface MonitoringOverride {
  mode: string | undefined;
  followsCluster: boolean;
  failureInterval?: number | undefined;
  minUpTime?: number | undefined;
  maxFailures?: number | undefined;
  maxFailureWindow?: number | undefined;
}
