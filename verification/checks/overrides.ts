import type { VmOverride } from "../clusterRules";
import type { Finding, SettingValue } from "../model";
import { notApplicable, outcome, plural, type Check } from "./check";

type Settings = Record<string, SettingValue>;

/** Why an override does nothing, and what would let it. */
interface Reason {
  read: string;
  expected: string;
}

export const overridesInEffect: Check = {
  id: "overrides-in-effect",
  title: "overrides of VMs have an effect",
  severity: "warning",
  settles: false,
  expected: "every HA and DRS override of a VM is one that the cluster's settings let take effect",
  why: "an override that does nothing looks like protection that is not there",
  source:
    "vSphere Availability, Customize an Individual Virtual Machine; vSphere API reference, ClusterDasVmSettings, " +
    "ClusterVmToolsMonitoringSettings.clusterSettings, ClusterDrsConfigInfo.enableVmBehaviorOverrides",
  remedy: "change the named setting of the cluster or of the override, or remove the override",
  judge: ({ inventory: { cluster, vms } }) => {
    const { overrides, settings } = cluster;
    if (overrides.length === 0) return notApplicable("no VM has an override");
    const findings = overrides.flatMap((override): Finding[] => {
      const subject = vms.find(({ id }) => id === override.vm)?.name ?? override.vm;
      return idle(override, settings).map((reason) => ({ subject, ...reason }));
    });
    return outcome(plural(overrides.length, "VM") + " with overrides", findings);
  },
};

function idle(override: VmOverride, settings: Settings): Reason[] {
  return [...haReasons(override, settings), ...drsReasons(override, settings)];
}

function haReasons({ monitoring, componentProtection }: VmOverride, settings: Settings): Reason[] {
  // That HA is off is the check ha-enabled's to tell.
  if (settings.haEnabled === false) return [];
  const reasons: Reason[] = [];
  if (monitoring?.followsCluster === true && monitoring.mode !== undefined) {
    const read = `VM monitoring ${monitoring.mode}, and the VM follows the cluster's settings`;
    reasons.push({ read, expected: "haVmMonitoringUseClusterDefaults false" });
  }
  if (componentProtection !== undefined && settings.haVmComponentProtection === "disabled") {
    const read = "component protection, and the cluster has it disabled";
    reasons.push({ read, expected: "haVmComponentProtection enabled" });
  }
  return reasons;
}

function drsReasons({ drs }: VmOverride, settings: Settings): Reason[] {
  if (drs === undefined) return [];
  if (settings.drsEnabled === false) return [{ read: `DRS ${drs}, and DRS is off`, expected: "drsEnabled true" }];
  if (settings.drsEnableVmOverrides === false) {
    return [{ read: `DRS ${drs}, and the cluster ignores overrides`, expected: "drsEnableVmOverrides true" }];
  }
  return [];
}
