import * as pulumi from "@pulumi/pulumi";
import {
  AdmissionControlPolicy,
  ApdRecoveryAction,
  ApdResponse,
  HeartbeatDatastorePolicy,
  IsolationResponse,
  PdlResponse,
  RestartCondition,
  RestartPriority,
  ServiceState,
  VmMonitoring,
} from "./values";

/**
 * vSphere HA. Names are those of the provider's ComputeCluster without the prefix `ha`; defaults are this library's,
 * which are safe for a cluster that must survive the loss of a host.
 */
export interface HaArgs {
  /** HA as a whole. Default: true. */
  enabled?: pulumi.Input<boolean>;
  /** Whether HA restarts virtual machines when a host fails. Default: enabled. */
  hostMonitoring?: pulumi.Input<ServiceState>;

  /** Restart priority of virtual machines without an override. Default: medium. */
  vmRestartPriority?: pulumi.Input<RestartPriority>;
  /** What must be true of one priority before HA restarts the next. Default: none, do not wait. */
  vmDependencyRestartCondition?: pulumi.Input<RestartCondition>;
  /** Further wait after that condition, in seconds, 0 or more. Default: 0. */
  vmRestartAdditionalDelay?: pulumi.Input<number>;
  /** Longest wait for that condition, in seconds, 0 or more. Default: 600. */
  vmRestartTimeout?: pulumi.Input<number>;

  /**
   * What an isolated host does with its virtual machines. Default: powerOff, because an isolated host on IP storage
   * mostly loses the storage too, and a copy that stays on delays the restart elsewhere.
   */
  hostIsolationResponse?: pulumi.Input<IsolationResponse>;

  /** Virtual machine component protection (VMCP). Default: enabled. */
  vmComponentProtection?: pulumi.Input<ServiceState>;
  /** Response to permanent device loss; SCSI sense codes tell it, so it concerns VMFS only. Default: restartAggressive. */
  datastorePdlResponse?: pulumi.Input<PdlResponse>;
  /** Response to the loss of all paths. Default: restartConservative, restart only where another host has room. */
  datastoreApdResponse?: pulumi.Input<ApdResponse>;
  /** What happens when the paths come back before the response. Default: none. */
  datastoreApdRecoveryAction?: pulumi.Input<ApdRecoveryAction>;
  /** Wait between the APD timeout (140 s) and the response, in seconds, 0 or more. Default: 180. */
  datastoreApdResponseDelay?: pulumi.Input<number>;

  /** What HA watches inside virtual machines. Default: vmMonitoringOnly, the heartbeat of VMware Tools. */
  vmMonitoring?: pulumi.Input<VmMonitoring>;
  /** Time without heartbeat after which a virtual machine is reset, in seconds, 1 or more. Default: 30. */
  vmFailureInterval?: pulumi.Input<number>;
  /** Time after power-on in which heartbeats are not yet watched, in seconds, 0 or more. Default: 120. */
  vmMinimumUptime?: pulumi.Input<number>;
  /** Most resets in the failure window, 1 or more. Default: 3. */
  vmMaximumResets?: pulumi.Input<number>;
  /** Failure window in seconds, 1 or more, or -1 for no window. Default: -1. */
  vmMaximumFailureWindow?: pulumi.Input<number>;

  /** How room for restarts is kept. Default: resourcePercentage. */
  admissionControlPolicy?: pulumi.Input<AdmissionControlPolicy>;
  /** Host failures to keep room for, from 1 to one less than the number of hosts. Default: 1. */
  admissionControlHostFailureTolerance?: pulumi.Input<number>;
  /** Loss of performance after a failover that raises no warning, in percent, 0 to 100. Default: 100, never warn. */
  admissionControlPerformanceTolerance?: pulumi.Input<number>;
  /** Compute the percentages from the failure tolerance. Default: true. */
  admissionControlResourcePercentageAutoCompute?: pulumi.Input<boolean>;
  /** CPU to reserve, in percent, 1 to 100; only with auto-compute off. Default: 100. */
  admissionControlResourcePercentageCpu?: pulumi.Input<number>;
  /** Memory to reserve, in percent, 1 to 100; only with auto-compute off. Default: 100. */
  admissionControlResourcePercentageMemory?: pulumi.Input<number>;
  /**
   * State the slot size instead of deriving it from reservations; only with slotPolicy. Default: false.
   * terraform-provider-vsphere 1.26 sends the two percentages (100) in place of the sizes: a verification then fails on
   * the sizes, and admission control really has slots of 100 MHz and 100 MB.
   */
  admissionControlSlotPolicyUseExplicitSize?: pulumi.Input<boolean>;
  /** CPU of a slot in MHz, 1 or more; only with an explicit size. Default: 32. */
  admissionControlSlotPolicyExplicitCpu?: pulumi.Input<number>;
  /** Memory of a slot in MB, 1 or more; only with an explicit size. Default: 100. */
  admissionControlSlotPolicyExplicitMemory?: pulumi.Input<number>;
  /** Names of the hosts that are kept free; only with failoverHosts. Default: none. */
  admissionControlFailoverHosts?: string[];

  /** How heartbeat datastores are chosen. Default: allFeasibleDsWithUserPreference. */
  heartbeatDatastorePolicy?: pulumi.Input<HeartbeatDatastorePolicy>;
  /** Names of the preferred heartbeat datastores; none: vCenter chooses. Default: all datastores of the cluster. */
  heartbeatDatastores?: string[];

  /** Advanced options (`das.…`, `fdm.…`), values as text. Default: none. */
  advancedOptions?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** This library's defaults; `heartbeatDatastores` defaults to all datastores and is added where these are known. */
export const haDefaults = {
  enabled: true,
  hostMonitoring: ServiceState.enabled,
  vmRestartPriority: RestartPriority.medium,
  vmDependencyRestartCondition: RestartCondition.none,
  vmRestartAdditionalDelay: 0,
  vmRestartTimeout: 600,
  hostIsolationResponse: IsolationResponse.powerOff,
  vmComponentProtection: ServiceState.enabled,
  datastorePdlResponse: PdlResponse.restartAggressive,
  datastoreApdResponse: ApdResponse.restartConservative,
  datastoreApdRecoveryAction: ApdRecoveryAction.none,
  datastoreApdResponseDelay: 180,
  vmMonitoring: VmMonitoring.vmMonitoringOnly,
  vmFailureInterval: 30,
  vmMinimumUptime: 120,
  vmMaximumResets: 3,
  vmMaximumFailureWindow: -1,
  admissionControlPolicy: AdmissionControlPolicy.resourcePercentage,
  admissionControlHostFailureTolerance: 1,
  admissionControlPerformanceTolerance: 100,
  admissionControlResourcePercentageAutoCompute: true,
  admissionControlResourcePercentageCpu: 100,
  admissionControlResourcePercentageMemory: 100,
  admissionControlSlotPolicyUseExplicitSize: false,
  admissionControlSlotPolicyExplicitCpu: 32,
  admissionControlSlotPolicyExplicitMemory: 100,
  heartbeatDatastorePolicy: HeartbeatDatastorePolicy.allFeasibleDsWithUserPreference,
} as const;
