import type { SettingValue } from "../model";
import { at, boolean, children, ids, integer, text, textAt, xsiType, type Xml } from "./xml";

/** How a setting is written: decides what a declared value must look like, and how two are compared. */
export type SettingKind = "boolean" | "integer" | "string" | "ids" | "options";

/** One HA or DRS setting: the provider's ComputeCluster field, and where ClusterConfigInfoEx has it. */
export interface Setting {
  name: string;
  kind: SettingKind;
  /** Undefined: vCenter does not tell, or the setting has no effect under the others. */
  read: (configuration: Xml) => SettingValue | undefined;
}

// Paths as in the vSphere API reference, ClusterConfigInfoEx; names as in the provider's ComputeCluster.
const defaults = ["dasConfig", "defaultVmSettings"];
const monitoring = [...defaults, "vmToolsMonitoringSettings"];
const protection = [...defaults, "vmComponentProtectionSettings"];
const readiness = ["orchestration", "defaultVmReadiness"];
const proactive = ["infraUpdateHaConfig"];

const admissionPolicies = ["resourcePercentage", "slotPolicy", "failoverHosts"];

export const settings: readonly Setting[] = [
  flag("haEnabled", "dasConfig", "enabled"),
  word("haHostMonitoring", "dasConfig", "hostMonitoring"),
  word("haVmRestartPriority", ...defaults, "restartPriority"),
  number("haVmRestartTimeout", ...defaults, "restartPriorityTimeout"),
  word("haHostIsolationResponse", ...defaults, "isolationResponse"),
  word("haVmDependencyRestartCondition", ...readiness, "readyCondition"),
  number("haVmRestartAdditionalDelay", ...readiness, "postReadyDelay"),
  options("haAdvancedOptions", "dasConfig", "option"),

  word("haVmComponentProtection", "dasConfig", "vmComponentProtecting"),
  word("haDatastorePdlResponse", ...protection, "vmStorageProtectionForPDL"),
  word("haDatastoreApdResponse", ...protection, "vmStorageProtectionForAPD"),
  word("haDatastoreApdRecoveryAction", ...protection, "vmReactionOnAPDCleared"),
  number("haDatastoreApdResponseDelay", ...protection, "vmTerminateDelayForAPDSec"),

  word("haVmMonitoring", "dasConfig", "vmMonitoring"),
  number("haVmFailureInterval", ...monitoring, "failureInterval"),
  number("haVmMinimumUptime", ...monitoring, "minUpTime"),
  number("haVmMaximumResets", ...monitoring, "maxFailures"),
  number("haVmMaximumFailureWindow", ...monitoring, "maxFailureWindow"),

  { name: "haAdmissionControlPolicy", kind: "string", read: admissionPolicy },
  underPolicy("haAdmissionControlHostFailureTolerance", "integer", admissionPolicies, (policy) => {
    return count(policy, "failoverLevel");
  }),
  underPolicy("haAdmissionControlPerformanceTolerance", "integer", admissionPolicies, (policy) => {
    return integer(at(policy, "resourceReductionToToleratePercent"));
  }),
  underPolicy("haAdmissionControlResourcePercentageAutoCompute", "boolean", ["resourcePercentage"], (policy) => {
    return boolean(at(policy, "autoComputePercentages"));
  }),
  underPolicy("haAdmissionControlResourcePercentageCpu", "integer", ["resourcePercentage"], (policy) => {
    return statedPercentage(policy, "cpuFailoverResourcesPercent");
  }),
  underPolicy("haAdmissionControlResourcePercentageMemory", "integer", ["resourcePercentage"], (policy) => {
    return statedPercentage(policy, "memoryFailoverResourcesPercent");
  }),
  underPolicy("haAdmissionControlSlotPolicyUseExplicitSize", "boolean", ["slotPolicy"], (policy) => {
    return at(policy, "slotPolicy") !== undefined;
  }),
  underPolicy("haAdmissionControlSlotPolicyExplicitCpu", "integer", ["slotPolicy"], (policy) => {
    return integer(at(policy, "slotPolicy", "cpu"));
  }),
  underPolicy("haAdmissionControlSlotPolicyExplicitMemory", "integer", ["slotPolicy"], (policy) => {
    return integer(at(policy, "slotPolicy", "memory"));
  }),
  underPolicy("haAdmissionControlFailoverHostSystemIds", "ids", ["failoverHosts"], (policy) => {
    return ids(children(policy, "failoverHosts"));
  }),

  word("haHeartbeatDatastorePolicy", "dasConfig", "hBDatastoreCandidatePolicy"),
  idList("haHeartbeatDatastoreIds", "dasConfig", "heartbeatDatastore"),

  flag("drsEnabled", "drsConfig", "enabled"),
  word("drsAutomationLevel", "drsConfig", "defaultVmBehavior"),
  number("drsMigrationThreshold", "drsConfig", "vmotionRate"),
  flag("drsEnableVmOverrides", "drsConfig", "enableVmBehaviorOverrides"),
  flag("drsEnablePredictiveDrs", "proactiveDrsConfig", "enabled"),
  options("drsAdvancedOptions", "drsConfig", "option"),

  flag("dpmEnabled", "dpmConfigInfo", "enabled"),
  word("dpmAutomationLevel", "dpmConfigInfo", "defaultDpmBehavior"),
  number("dpmThreshold", "dpmConfigInfo", "hostPowerActionRate"),

  flag("proactiveHaEnabled", ...proactive, "enabled"),
  word("proactiveHaAutomationLevel", ...proactive, "behavior"),
  word("proactiveHaModerateRemediation", ...proactive, "moderateRemediation"),
  word("proactiveHaSevereRemediation", ...proactive, "severeRemediation"),
  idList("proactiveHaProviderIds", "infraUpdateHaConfig", "providers"),
];

/** ClusterConfigInfoEx in the provider's names and values; what vCenter does not tell is absent. */
export function translateSettings(configuration: Xml): Record<string, SettingValue> {
  const read = settings.map(({ name, read }) => [name, read(configuration)] as const);
  return Object.fromEntries(read.filter((pair): pair is [string, SettingValue] => pair[1] !== undefined));
}

function flag(name: string, ...path: string[]): Setting {
  return { name, kind: "boolean", read: (config) => boolean(at(config, ...path)) };
}

function word(name: string, ...path: string[]): Setting {
  return { name, kind: "string", read: (config) => text(at(config, ...path)) };
}

function number(name: string, ...path: string[]): Setting {
  const parent = path.slice(0, -1);
  return { name, kind: "integer", read: (config) => count(at(config, ...parent), path.at(-1) ?? "") };
}

/** An optional integer of an object that is there: serialisers of the API leave out zero. */
function count(parent: Xml | undefined, name: string): number | undefined {
  if (parent === undefined) return undefined;
  const child = at(parent, name);
  return child === undefined ? 0 : integer(child);
}

function options(name: string, ...path: string[]): Setting {
  const parent = path.slice(0, -1);
  return {
    name,
    kind: "options",
    read: (config) => {
      const block = at(config, ...parent);
      if (block === undefined) return undefined;
      const pairs = children(block, path.at(-1) ?? "").map((option) => {
        return [textAt(option, "key"), textAt(option, "value")];
      });
      return Object.fromEntries(pairs) as Record<string, string>;
    },
  };
}

function idList(name: string, block: string, member: string): Setting {
  return {
    name,
    kind: "ids",
    read: (config) => {
      const parent = at(config, block);
      return parent === undefined ? undefined : ids(children(parent, member));
    },
  };
}

/** The policy's class in the API, by the provider's word. */
const policyClasses: Record<string, string> = {
  ClusterFailoverResourcesAdmissionControlPolicy: "resourcePercentage",
  ClusterFailoverLevelAdmissionControlPolicy: "slotPolicy",
  ClusterFailoverHostAdmissionControlPolicy: "failoverHosts",
};

function admissionPolicy(config: Xml): string | undefined {
  const enabled = boolean(at(config, "dasConfig", "admissionControlEnabled"));
  if (enabled === false) return "disabled";
  const type = xsiType(at(config, "dasConfig", "admissionControlPolicy"));
  return enabled === undefined || type === undefined ? undefined : policyClasses[type];
}

function underPolicy(
  name: string,
  kind: SettingKind,
  policies: readonly string[],
  read: (policy: Xml) => SettingValue | undefined,
): Setting {
  return {
    name,
    kind,
    read: (config) => {
      const current = admissionPolicy(config);
      const policy = at(config, "dasConfig", "admissionControlPolicy");
      return policy !== undefined && current !== undefined && policies.includes(current) ? read(policy) : undefined;
    },
  };
}

/** A percentage that was set; one that vCenter computes by itself moves with the hosts and is no setting. */
function statedPercentage(policy: Xml, name: string): number | undefined {
  return boolean(at(policy, "autoComputePercentages")) === true ? undefined : integer(at(policy, name));
}
