import type { ClusterRule, VmOverride } from "../clusterRules";
import type { Moid } from "../model";
import { decodeName } from "./names";
import { at, boolean, children, ids, integer, text, textAt, xsiType, type Xml } from "./xml";

/** Rules of ClusterConfigInfoEx; those of a class that this library does not know are left out. */
export function readRules(configuration: Xml): ClusterRule[] {
  const vmGroups = groups(configuration, "ClusterVmGroup", "vm");
  const hostGroups = groups(configuration, "ClusterHostGroup", "host");
  return children(configuration, "rule").flatMap((rule): ClusterRule[] => {
    const name = decodeName(textAt(rule, "name"));
    // The reference calls the flag optional; a rule without it is one that nobody turned off.
    const common = { name, enabled: boolean(at(rule, "enabled")) !== false };
    const named = (from: Map<string, Moid[]>, field: string): Moid[] => from.get(textAt(rule, field)) ?? [];
    switch (xsiType(rule)) {
      case "ClusterAffinityRuleSpec":
        return [{ ...common, kind: "together", vms: ids(children(rule, "vm")) }];
      case "ClusterAntiAffinityRuleSpec":
        return [{ ...common, kind: "apart", vms: ids(children(rule, "vm")) }];
      case "ClusterVmHostRuleInfo": {
        const avoid = at(rule, "antiAffineHostGroupName") !== undefined;
        const hosts = named(hostGroups, avoid ? "antiAffineHostGroupName" : "affineHostGroupName");
        const mandatory = boolean(at(rule, "mandatory")) === true;
        return [{ ...common, kind: "vm-host", vms: named(vmGroups, "vmGroupName"), hosts, avoid, mandatory }];
      }
      case "ClusterDependencyRuleInfo": {
        const dependsOn = named(vmGroups, "dependsOnVmGroup");
        return [{ ...common, kind: "dependency", vms: named(vmGroups, "vmGroup"), dependsOn }];
      }
      case undefined:
      default:
        return [];
    }
  });
}

function groups(configuration: Xml, type: string, member: string): Map<string, Moid[]> {
  const ofType = children(configuration, "group").filter((group) => xsiType(group) === type);
  return new Map(ofType.map((group) => [textAt(group, "name"), ids(children(group, member))]));
}

/** HA and DRS overrides of ClusterConfigInfoEx, one entry a VM. */
export function readOverrides(configuration: Xml): VmOverride[] {
  const ha = children(configuration, "dasVmConfig");
  const drs = children(configuration, "drsVmConfig");
  const order = children(configuration, "vmOrchestration");
  const vmOf = (entry: Xml): Moid | undefined => text(at(entry, "key") ?? at(entry, "vm"));
  const vms = new Set([...ha, ...drs, ...order].flatMap((entry) => vmOf(entry) ?? []));
  const of = (entries: Xml[], vm: Moid): Xml | undefined => entries.find((entry) => vmOf(entry) === vm);
  return [...vms].map((vm) => ({
    vm,
    ...haOverride(of(ha, vm)),
    readiness: readinessOverride(of(order, vm)),
    drs: drsOverride(of(drs, vm)),
  }));
}

/** ClusterVmReadiness of one VM, where it differs from the cluster's: `useClusterDefault` and -1 stand for that. */
function readinessOverride(entry: Xml | undefined): VmOverride["readiness"] {
  const condition = ownWord(text(at(entry, "vmReadiness", "readyCondition")), "useClusterDefault");
  const delaySeconds = ownNumber(integer(at(entry, "vmReadiness", "postReadyDelay")));
  return condition === undefined && delaySeconds === undefined ? undefined : { condition, delaySeconds };
}

function haOverride(entry: Xml | undefined): Omit<VmOverride, "vm" | "drs" | "readiness"> {
  const settings = at(entry, "dasSettings");
  const monitoring = at(settings, "vmToolsMonitoringSettings");
  const protection = at(settings, "vmComponentProtectionSettings");
  // `restartPriority` beside `dasSettings` is the form of API 2.5, which vCenter still fills in.
  const priority = text(at(settings, "restartPriority")) ?? text(at(entry, "restartPriority"));
  const own = {
    apd: ownWord(text(at(protection, "vmStorageProtectionForAPD")), "clusterDefault"),
    pdl: ownWord(text(at(protection, "vmStorageProtectionForPDL")), "clusterDefault"),
    apdDelaySeconds: ownNumber(integer(at(protection, "vmTerminateDelayForAPDSec"))),
    apdCleared: ownWord(text(at(protection, "vmReactionOnAPDCleared")), "useClusterDefault"),
  };
  return {
    restartPriority: ownWord(priority, "clusterRestartPriority"),
    restartTimeoutSeconds: ownNumber(integer(at(settings, "restartPriorityTimeout"))),
    isolationResponse: ownWord(text(at(settings, "isolationResponse")), "clusterIsolationResponse"),
    monitoring:
      monitoring === undefined
        ? undefined
        : {
            mode: text(at(monitoring, "vmMonitoring")),
            followsCluster: boolean(at(monitoring, "clusterSettings")) === true,
            failureInterval: integer(at(monitoring, "failureInterval")),
            minUpTime: integer(at(monitoring, "minUpTime")),
            maxFailures: integer(at(monitoring, "maxFailures")),
            maxFailureWindow: integer(at(monitoring, "maxFailureWindow")),
          },
    componentProtection: stated(own) ? own : undefined,
  };
}

function stated(values: object): boolean {
  return Object.values(values).some((value) => value !== undefined);
}

/** A value, unless it is the one that stands for the cluster's. */
function ownWord(value: string | undefined, cluster: string): string | undefined {
  return value === cluster ? undefined : value;
}

/** A number, unless it is -1, which stands for the cluster's. */
function ownNumber(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}

function drsOverride(entry: Xml | undefined): string | undefined {
  if (entry === undefined) return undefined;
  return boolean(at(entry, "enabled")) === false ? "disabled" : text(at(entry, "behavior"));
}
