/**
 * The values that settings take, as the vSphere provider and the vSphere API spell them.
 * Each is an object and the union of its values, so that a program may write `RestartPriority.high` or `"high"`.
 */

/** State of a service of the cluster. */
export const ServiceState = { enabled: "enabled", disabled: "disabled" } as const;
export type ServiceState = (typeof ServiceState)[keyof typeof ServiceState];

/** Order in which HA restarts virtual machines: `highest` first. */
export const RestartPriority = {
  lowest: "lowest",
  low: "low",
  medium: "medium",
  high: "high",
  highest: "highest",
} as const;
export type RestartPriority = (typeof RestartPriority)[keyof typeof RestartPriority];

/** Restart priority of one virtual machine; `clusterRestartPriority` keeps the cluster's. */
export const RestartPriorityOverride = {
  clusterRestartPriority: "clusterRestartPriority",
  ...RestartPriority,
} as const;
export type RestartPriorityOverride = (typeof RestartPriorityOverride)[keyof typeof RestartPriorityOverride];

/** What must be true of the virtual machines of one restart priority before HA goes on to the next. */
export const RestartCondition = {
  none: "none",
  poweredOn: "poweredOn",
  guestHbStatusGreen: "guestHbStatusGreen",
  appHbStatusGreen: "appHbStatusGreen",
} as const;
export type RestartCondition = (typeof RestartCondition)[keyof typeof RestartCondition];

/** What a host that finds itself isolated does with its virtual machines. */
export const IsolationResponse = { none: "none", powerOff: "powerOff", shutdown: "shutdown" } as const;
export type IsolationResponse = (typeof IsolationResponse)[keyof typeof IsolationResponse];

/** Isolation response for one virtual machine; `clusterIsolationResponse` keeps the cluster's. */
export const IsolationResponseOverride = {
  clusterIsolationResponse: "clusterIsolationResponse",
  ...IsolationResponse,
} as const;
export type IsolationResponseOverride = (typeof IsolationResponseOverride)[keyof typeof IsolationResponseOverride];

/** Response to the permanent loss of a device (PDL). */
export const PdlResponse = {
  disabled: "disabled",
  warning: "warning",
  restartAggressive: "restartAggressive",
} as const;
export type PdlResponse = (typeof PdlResponse)[keyof typeof PdlResponse];

/** PDL response for one virtual machine; `clusterDefault` keeps the cluster's. */
export const PdlResponseOverride = { clusterDefault: "clusterDefault", ...PdlResponse } as const;
export type PdlResponseOverride = (typeof PdlResponseOverride)[keyof typeof PdlResponseOverride];

/** Response to the loss of all paths to a datastore (APD). */
export const ApdResponse = {
  disabled: "disabled",
  warning: "warning",
  restartConservative: "restartConservative",
  restartAggressive: "restartAggressive",
} as const;
export type ApdResponse = (typeof ApdResponse)[keyof typeof ApdResponse];

/** APD response for one virtual machine; `clusterDefault` keeps the cluster's. */
export const ApdResponseOverride = { clusterDefault: "clusterDefault", ...ApdResponse } as const;
export type ApdResponseOverride = (typeof ApdResponseOverride)[keyof typeof ApdResponseOverride];

/** What happens when the paths come back before the APD response was carried out. */
export const ApdRecoveryAction = { none: "none", reset: "reset" } as const;
export type ApdRecoveryAction = (typeof ApdRecoveryAction)[keyof typeof ApdRecoveryAction];

/** APD recovery action for one virtual machine; `useClusterDefault` keeps the cluster's. */
export const ApdRecoveryActionOverride = { useClusterDefault: "useClusterDefault", ...ApdRecoveryAction } as const;
export type ApdRecoveryActionOverride = (typeof ApdRecoveryActionOverride)[keyof typeof ApdRecoveryActionOverride];

/** What HA watches inside a virtual machine. */
export const VmMonitoring = {
  vmMonitoringDisabled: "vmMonitoringDisabled",
  vmMonitoringOnly: "vmMonitoringOnly",
  vmAndAppMonitoring: "vmAndAppMonitoring",
} as const;
export type VmMonitoring = (typeof VmMonitoring)[keyof typeof VmMonitoring];

/** How the cluster keeps room for the restart of virtual machines. */
export const AdmissionControlPolicy = {
  resourcePercentage: "resourcePercentage",
  slotPolicy: "slotPolicy",
  failoverHosts: "failoverHosts",
  disabled: "disabled",
} as const;
export type AdmissionControlPolicy = (typeof AdmissionControlPolicy)[keyof typeof AdmissionControlPolicy];

/** How vCenter chooses the datastores that hosts exchange heartbeats through. */
export const HeartbeatDatastorePolicy = {
  allFeasibleDs: "allFeasibleDs",
  userSelectedDs: "userSelectedDs",
  allFeasibleDsWithUserPreference: "allFeasibleDsWithUserPreference",
} as const;
export type HeartbeatDatastorePolicy = (typeof HeartbeatDatastorePolicy)[keyof typeof HeartbeatDatastorePolicy];

/** How far DRS acts by itself. */
export const DrsAutomationLevel = {
  manual: "manual",
  partiallyAutomated: "partiallyAutomated",
  fullyAutomated: "fullyAutomated",
} as const;
export type DrsAutomationLevel = (typeof DrsAutomationLevel)[keyof typeof DrsAutomationLevel];

/** How far distributed power management acts by itself. */
export const DpmAutomationLevel = { manual: "manual", automated: "automated" } as const;
export type DpmAutomationLevel = (typeof DpmAutomationLevel)[keyof typeof DpmAutomationLevel];

/** How far proactive HA acts by itself. The API capitalises these. */
export const ProactiveHaAutomationLevel = { Manual: "Manual", Automated: "Automated" } as const;
export type ProactiveHaAutomationLevel = (typeof ProactiveHaAutomationLevel)[keyof typeof ProactiveHaAutomationLevel];

/** What proactive HA does with a degraded host. The API capitalises these. */
export const Remediation = { MaintenanceMode: "MaintenanceMode", QuarantineMode: "QuarantineMode" } as const;
export type Remediation = (typeof Remediation)[keyof typeof Remediation];

/** Who may log in to a host directly. */
export const LockdownMode = { disabled: "disabled", normal: "normal", strict: "strict" } as const;
export type LockdownMode = (typeof LockdownMode)[keyof typeof LockdownMode];

/** Version of the NFS protocol. */
export const NfsVersion = { NFS: "NFS", NFS41: "NFS41" } as const;
export type NfsVersion = (typeof NfsVersion)[keyof typeof NfsVersion];

/** Virtual SCSI controller. */
export const ScsiType = { lsilogic: "lsilogic", lsilogicSas: "lsilogic-sas", pvscsi: "pvscsi" } as const;
export type ScsiType = (typeof ScsiType)[keyof typeof ScsiType];

/** Virtual network adapter. */
export const NetworkAdapter = { e1000: "e1000", e1000e: "e1000e", vmxnet3: "vmxnet3" } as const;
export type NetworkAdapter = (typeof NetworkAdapter)[keyof typeof NetworkAdapter];

/** Operating system of a test virtual machine. */
export const GuestOs = { ubuntu: "ubuntu", windowsxp: "windowsxp" } as const;
export type GuestOs = (typeof GuestOs)[keyof typeof GuestOs];
