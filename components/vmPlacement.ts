import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import { digestOf } from "./digest";
import type { ClusterTarget } from "./esxiCluster";
import { placementRules } from "./placementRules";
import { validated } from "./validation";
import {
  ApdRecoveryActionOverride,
  ApdResponseOverride,
  DrsAutomationLevel,
  IsolationResponseOverride,
  PdlResponseOverride,
  RestartPriorityOverride,
  VmMonitoring,
} from "./values";

/** HA settings of one virtual machine; what is left out stays as the cluster has it. */
export interface HaOverrideArgs {
  /** Name of the virtual machine. */
  vm: string;
  /** Restart priority. Default: clusterRestartPriority. */
  vmRestartPriority?: pulumi.Input<RestartPriorityOverride>;
  /** Longest wait until it is ready, in seconds, 0 or more, or -1 for the cluster's. Default: -1. */
  vmRestartTimeout?: pulumi.Input<number>;
  /** What an isolated host does with it. Default: clusterIsolationResponse. */
  hostIsolationResponse?: pulumi.Input<IsolationResponseOverride>;
  /** Response to permanent device loss. Default: clusterDefault. */
  datastorePdlResponse?: pulumi.Input<PdlResponseOverride>;
  /** Response to the loss of all paths. Default: clusterDefault. */
  datastoreApdResponse?: pulumi.Input<ApdResponseOverride>;
  /** What happens when the paths come back. Default: useClusterDefault. */
  datastoreApdRecoveryAction?: pulumi.Input<ApdRecoveryActionOverride>;
  /** Wait between the APD timeout and the response, in seconds, 0 or more, or -1 for the cluster's. Default: -1. */
  datastoreApdResponseDelay?: pulumi.Input<number>;
  /** Monitoring of its own, see there. Default: the cluster's. */
  monitoring?: VmMonitoringArgs;
}

/** Monitoring of one virtual machine, in place of the cluster's. */
export interface VmMonitoringArgs {
  /** What HA watches. Default: vmMonitoringOnly. */
  vmMonitoring?: pulumi.Input<VmMonitoring>;
  /** Time without heartbeat after which it is reset, in seconds, 1 or more. Default: 30. */
  vmFailureInterval?: pulumi.Input<number>;
  /** Time after power-on in which heartbeats are not yet watched, in seconds, 0 or more. Default: 120. */
  vmMinimumUptime?: pulumi.Input<number>;
  /** Most resets in the failure window, 1 or more. Default: 3. */
  vmMaximumResets?: pulumi.Input<number>;
  /** Failure window in seconds, 1 or more, or -1 for no window. Default: -1. */
  vmMaximumFailureWindow?: pulumi.Input<number>;
}

/** DRS settings of one virtual machine. */
export interface DrsOverrideArgs {
  /** Name of the virtual machine. */
  vm: string;
  /** Whether DRS places it. Default: true. */
  enabled?: pulumi.Input<boolean>;
  /** How far DRS acts by itself. Default: fullyAutomated. */
  automationLevel?: pulumi.Input<DrsAutomationLevel>;
}

/** Virtual machines that stay together (affinity) or apart (anti-affinity). */
export interface VmRuleArgs {
  /** Name in vCenter, used once in the cluster. */
  name: string;
  /** Names of the virtual machines, 2 or more. */
  vms: string[];
  /** Refuse what would violate the rule, a restart included. Default: false. */
  mandatory?: pulumi.Input<boolean>;
  /** Whether the rule is in force. Default: true. */
  enabled?: pulumi.Input<boolean>;
}

/** A named group of virtual machines. */
export interface VmGroupArgs {
  /** Name in vCenter, used once in the cluster. */
  name: string;
  /** Names of the virtual machines, 1 or more. */
  vms: string[];
}

/** A named group of hosts. */
export interface HostGroupArgs {
  /** Name in vCenter, used once in the cluster. */
  name: string;
  /** Names of the hosts, 1 or more. */
  hosts: string[];
}

/** Where the virtual machines of a group run, or do not run. */
export interface VmHostRuleArgs {
  /** Name in vCenter, used once in the cluster. */
  name: string;
  /** Name of the group of virtual machines. */
  vmGroup: string;
  /** Name of the group of hosts. */
  hostGroup: string;
  /** Keep them off those hosts instead of on them. Default: false. */
  keepOff?: boolean;
  /** Refuse what would violate the rule, a restart included. Default: false. */
  mandatory?: pulumi.Input<boolean>;
  /** Whether the rule is in force. Default: true. */
  enabled?: pulumi.Input<boolean>;
}

/** One group of virtual machines restarts only after another. */
export interface DependencyRuleArgs {
  /** Name in vCenter, used once in the cluster. */
  name: string;
  /** Name of the group that restarts later. */
  vmGroup: string;
  /** Name of the group that restarts first. */
  dependsOnVmGroup: string;
  /** Refuse what would violate the rule. Default: false. */
  mandatory?: pulumi.Input<boolean>;
  /** Whether the rule is in force. Default: true. */
  enabled?: pulumi.Input<boolean>;
}

/** How the virtual machines of one cluster are placed and restarted. */
export interface VmPlacementArgs {
  /** The cluster. */
  target: ClusterTarget;
  /** UUIDs of the virtual machines, by the names that the rest uses. */
  vms: Record<string, pulumi.Input<string>>;
  /** HA settings of single virtual machines. Default: none. */
  haOverrides?: HaOverrideArgs[];
  /** DRS settings of single virtual machines. Default: none. */
  drsOverrides?: DrsOverrideArgs[];
  /** Virtual machines that stay on one host. Default: none. */
  affinityRules?: VmRuleArgs[];
  /** Virtual machines that stay on different hosts. Default: none. */
  antiAffinityRules?: VmRuleArgs[];
  /** Groups of virtual machines, for rules. Default: none. */
  vmGroups?: VmGroupArgs[];
  /** Groups of hosts, for rules. Default: none. */
  hostGroups?: HostGroupArgs[];
  /** Where groups of virtual machines run. Default: none. */
  vmHostRules?: VmHostRuleArgs[];
  /** The order of restarts. Default: none. */
  dependencyRules?: DependencyRuleArgs[];
}

/** The provider's arguments of an override; every one is stated, so that the provider's own defaults never count. */
export function haOverrideArgs(
  override: HaOverrideArgs,
): Omit<vsphere.HaVmOverrideArgs, "computeClusterId" | "virtualMachineId"> {
  const { monitoring } = override;
  return {
    haVmRestartPriority: override.vmRestartPriority ?? RestartPriorityOverride.clusterRestartPriority,
    haVmRestartTimeout: override.vmRestartTimeout ?? -1,
    haHostIsolationResponse: override.hostIsolationResponse ?? IsolationResponseOverride.clusterIsolationResponse,
    haDatastorePdlResponse: override.datastorePdlResponse ?? PdlResponseOverride.clusterDefault,
    haDatastoreApdResponse: override.datastoreApdResponse ?? ApdResponseOverride.clusterDefault,
    haDatastoreApdRecoveryAction: override.datastoreApdRecoveryAction ?? ApdRecoveryActionOverride.useClusterDefault,
    haDatastoreApdResponseDelay: override.datastoreApdResponseDelay ?? -1,
    // Without this switch vCenter stores the monitoring of a virtual machine and does not use it.
    haVmMonitoringUseClusterDefaults: monitoring === undefined,
    haVmMonitoring: monitoring ? (monitoring.vmMonitoring ?? VmMonitoring.vmMonitoringOnly) : "vmMonitoringDisabled",
    haVmFailureInterval: monitoring?.vmFailureInterval ?? 30,
    haVmMinimumUptime: monitoring?.vmMinimumUptime ?? 120,
    haVmMaximumResets: monitoring?.vmMaximumResets ?? 3,
    haVmMaximumFailureWindow: monitoring?.vmMaximumFailureWindow ?? -1,
  };
}

/**
 * HA and DRS overrides, groups and rules for virtual machines of a cluster.
 *
 * @example
 * ```ts
 * import { type ClusterTarget, type UbuntuVm, VmPlacement } from "vsphere-ha";
 *
 * declare const target: ClusterTarget; // an EsxiCluster has it
 * declare const [first, second]: [UbuntuVm, UbuntuVm];
 *
 * new VmPlacement("placement", {
 *   target,
 *   vms: { "web-1": first.vmId, "web-2": second.vmId },
 *   antiAffinityRules: [{ name: "web-apart", vms: ["web-1", "web-2"] }],
 *   haOverrides: [{ vm: "web-1", vmRestartPriority: "highest" }],
 * });
 * ```
 */
export class VmPlacement extends pulumi.ComponentResource {
  /** Changes when anything declared here does; PostDeployCheck takes it. */
  public readonly digest: pulumi.Output<string>;

  /** @throws pulumi.RunError that lists everything wrong with the arguments, before anything is created. */
  constructor(name: string, args: VmPlacementArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "vsphere-ha:index:VmPlacement",
      name,
      {},
      validated(`VmPlacement ${JSON.stringify(name)}`, args, placementRules, opts),
    );
    const child = { parent: this };
    const computeClusterId = args.target.clusterId;
    const vmId = (vm: string): pulumi.Input<string> => args.vms[vm] ?? "";
    const rule = ({ mandatory, enabled }: Pick<VmRuleArgs, "mandatory" | "enabled">) => ({
      mandatory: mandatory ?? false,
      enabled: enabled ?? true,
    });

    for (const override of args.haOverrides ?? []) {
      new vsphere.HaVmOverride(
        `${name}-ha-${override.vm}`,
        { computeClusterId, virtualMachineId: vmId(override.vm), ...haOverrideArgs(override) },
        child,
      );
    }
    for (const { vm, enabled, automationLevel } of args.drsOverrides ?? []) {
      new vsphere.DrsVmOverride(
        `${name}-drs-${vm}`,
        {
          computeClusterId,
          virtualMachineId: vmId(vm),
          drsEnabled: enabled ?? true,
          drsAutomationLevel: automationLevel ?? DrsAutomationLevel.fullyAutomated,
        },
        child,
      );
    }
    for (const affinity of args.affinityRules ?? []) {
      new vsphere.ComputeClusterVmAffinityRule(
        `${name}-${affinity.name}`,
        { computeClusterId, name: affinity.name, virtualMachineIds: affinity.vms.map(vmId), ...rule(affinity) },
        child,
      );
    }
    for (const separate of args.antiAffinityRules ?? []) {
      new vsphere.ComputeClusterVmAntiAffinityRule(
        `${name}-${separate.name}`,
        { computeClusterId, name: separate.name, virtualMachineIds: separate.vms.map(vmId), ...rule(separate) },
        child,
      );
    }

    // Rules take the names of groups from the groups themselves, so that a group is there before its rules.
    const vmGroups: Record<string, pulumi.Output<string>> = {};
    for (const { name: group, vms } of args.vmGroups ?? []) {
      vmGroups[group] = new vsphere.ComputeClusterVmGroup(
        `${name}-${group}`,
        { computeClusterId, name: group, virtualMachineIds: vms.map(vmId) },
        child,
      ).name;
    }
    const hostGroups: Record<string, pulumi.Output<string>> = {};
    for (const { name: group, hosts } of args.hostGroups ?? []) {
      hostGroups[group] = new vsphere.ComputeClusterHostGroup(
        `${name}-${group}`,
        { computeClusterId, name: group, hostSystemIds: hosts.map((host) => args.target.hostIds[host] ?? "") },
        child,
      ).name;
    }
    for (const placed of args.vmHostRules ?? []) {
      const hostGroup = hostGroups[placed.hostGroup] ?? "";
      new vsphere.ComputeClusterVmHostRule(
        `${name}-${placed.name}`,
        {
          computeClusterId,
          name: placed.name,
          vmGroupName: vmGroups[placed.vmGroup] ?? "",
          ...(placed.keepOff ? { antiAffinityHostGroupName: hostGroup } : { affinityHostGroupName: hostGroup }),
          ...rule(placed),
        },
        child,
      );
    }
    for (const dependency of args.dependencyRules ?? []) {
      new vsphere.ComputeClusterVmDependencyRule(
        `${name}-${dependency.name}`,
        {
          computeClusterId,
          name: dependency.name,
          vmGroupName: vmGroups[dependency.vmGroup] ?? "",
          dependencyVmGroupName: vmGroups[dependency.dependsOnVmGroup] ?? "",
          ...rule(dependency),
        },
        child,
      );
    }

    this.digest = digestOf(args);
    this.registerOutputs({ digest: this.digest });
  }
}
