import { advancedNumber } from "./checks/capacity";
import type { ClusterState, Moid, SettingValue } from "./model";

/** VM monitoring as it is in force for one VM (vSphere API reference, ClusterVmToolsMonitoringSettings). Seconds. */
export interface VmMonitoring {
  /** HA resets the VM when its guest falls silent. */
  on: boolean;
  /** So long no Tools heartbeat … */
  failureInterval: number;
  /** … and no disk or network I/O (das.iostatsinterval; 0: that does not count). */
  ioSeconds: number;
  /** Not earlier than this after the start of the VM. */
  minUpTime: number;
  /** At most so many resets … */
  maxFailures: number;
  /** … in this time; undefined: ever. */
  windowSeconds: number | undefined;
}

/** vSphere Availability, VM and Application Monitoring: the default of das.iostatsinterval. */
const defaultIoSeconds = 120;
/** Defaults of ClusterVmToolsMonitoringSettings. */
const defaults = { failureInterval: 30, minUpTime: 120, maxFailures: 3, maxFailureWindow: -1 };

/** What the cluster says, or the VM's own settings where it does not follow the cluster: never more than the cluster allows. */
export function vmMonitoring({ settings, overrides }: ClusterState, vm: Moid): VmMonitoring {
  const override = overrides.find((one) => one.vm === vm)?.monitoring;
  const own = override?.followsCluster === false ? override : undefined;
  const isOn = (mode: SettingValue | undefined): boolean => typeof mode === "string" && mode !== "vmMonitoringDisabled";
  const number = (mine: number | undefined, name: string, otherwise: number): number => {
    const cluster = settings[name];
    return mine ?? (typeof cluster === "number" ? cluster : otherwise);
  };
  const window = number(own?.maxFailureWindow, "haVmMaximumFailureWindow", defaults.maxFailureWindow);
  return {
    on: isOn(settings["haVmMonitoring"]) && (own?.mode === undefined || isOn(own.mode)),
    failureInterval: number(own?.failureInterval, "haVmFailureInterval", defaults.failureInterval),
    ioSeconds: advancedNumber(settings["haAdvancedOptions"], "das.iostatsinterval") ?? defaultIoSeconds,
    minUpTime: number(own?.minUpTime, "haVmMinimumUptime", defaults.minUpTime),
    maxFailures: number(own?.maxFailures, "haVmMaximumResets", defaults.maxFailures),
    windowSeconds: window < 0 ? undefined : window,
  };
}
