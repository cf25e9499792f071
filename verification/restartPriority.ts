import type { ClusterState, Moid } from "./model";

/** The restart priority that is in force for a VM: its override, else the cluster's. vCenter's default is medium. */
export function restartPriority({ overrides, settings }: ClusterState, vm: Moid): string {
  const own = overrides.find((one) => one.vm === vm)?.restartPriority;
  const inherited = settings.haVmRestartPriority;
  return own ?? (typeof inherited === "string" ? inherited : "medium");
}
