/** Settings of single virtual machines that protect them less than their cluster protects the others. */
import { clusterOf } from "../clusterOf";
import { type Declared, type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";

interface Scale {
  key: string;
  /** Values from least to most protection; equal protection in one step. */
  steps: string[][];
  /** The cluster's value where nothing is stated: the provider's default. */
  fallback: string;
  /** What an override is compared with when this stack does not declare the cluster; undefined: it is not judged. */
  least?: string;
}

const haScales: Scale[] = [
  {
    key: "haDatastorePdlResponse",
    steps: [["disabled"], ["warning"], ["restartAggressive"]],
    fallback: "disabled",
    least: "restartAggressive",
  },
  {
    key: "haDatastoreApdResponse",
    steps: [["disabled"], ["warning"], ["restartConservative", "restartAggressive"]],
    fallback: "disabled",
    least: "restartConservative",
  },
  { key: "haHostIsolationResponse", steps: [["none"], ["shutdown", "powerOff"]], fallback: "none" },
  {
    key: "haVmMonitoring",
    steps: [["vmMonitoringDisabled"], ["vmMonitoringOnly"], ["vmAndAppMonitoring"]],
    fallback: "vmMonitoringDisabled",
  },
];
const drsScale: Scale = {
  key: "drsAutomationLevel",
  steps: [["manual"], ["partiallyAutomated"], ["fullyAutomated"]],
  fallback: "manual",
};

const step = ({ steps }: Scale, value: unknown): number =>
  steps.findIndex((values) => values.includes(value as string));

/** Whether the scale counts: monitoring only where it replaces the cluster's. */
function counts({ key }: Scale, { props }: Declared): boolean {
  return key !== "haVmMonitoring" || stated(props, "haVmMonitoringUseClusterDefaults", true) === false;
}

function weaker(scale: Scale, override: Declared, cluster: Declared | undefined): string[] {
  const own = stated(override.props, scale.key);
  const clusters = cluster ? stated(cluster.props, scale.key, scale.fallback) : scale.least;
  const undone = step(scale, own) >= 0 && step(scale, own) < step(scale, clusters) && counts(scale, override);
  return undone ? [`${scale.key} is ${shown(own)}, must not protect less than the cluster's ${shown(clusters)}`] : [];
}

export const overrides: PolicyRule = {
  name: "vm-overrides",
  title: "no override protects a virtual machine less than its cluster does",
  group: "redundancy",
  level: "mandatory",
  severity: "high",
  source:
    "vSphere Availability, Customize an Individual Virtual Machine; vSphere Resource Management, DRS Automation Levels",
  remedy: "leave the setting to the cluster, or exempt the override with the reason",
  types: [types.haOverride, types.drsOverride],
  scope: "stack",
  judge: (override) => {
    const cluster = clusterOf(override, "computeClusterId");
    if (override.type === types.haOverride) return haScales.flatMap((scale) => weaker(scale, override, cluster));
    const off =
      stated(override.props, "drsEnabled", false) === false &&
      stated(cluster?.props ?? {}, "drsEnabled", true) !== false;
    return off ? ["drsEnabled is false, must be true: DRS does not evacuate it"] : weaker(drsScale, override, cluster);
  },
};
