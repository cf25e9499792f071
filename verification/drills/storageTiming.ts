import type { StorageLoss } from "../faults/fault";
import type { ClusterState, HostState, Moid, SettingValue } from "../model";
import { restartPriority } from "../restartPriority";
import { reportingSeconds, type Budget } from "./timing";

/** What HA does to a VM whose storage its host has lost. */
export interface StorageResponse {
  /** It is terminated, and restarted where the storage is; otherwise it is left alone. */
  restarts: boolean;
  /** Seconds from the time-out of APD; none of PDL. */
  delaySeconds: number;
  /** Where it comes from, in the settings' words. */
  because: string;
}

/** vCenter's default of the delay after the time-out of APD. */
const defaultDelay = 180;
/** For a host to notice the loss and for its agent to act. Our allowance: no figure is published. */
const noticeSeconds = 15;
/** A termination may come so much before its time and is not called early. Our allowance: hosts count by clocks of their own. */
const earlySeconds = 5;

/** The response that is in force: a VM's override, else the cluster's; undefined when vCenter does not tell. */
export function storageResponse(cluster: ClusterState, vm: Moid, loss: StorageLoss): StorageResponse | undefined {
  const { settings, overrides } = cluster;
  const own = overrides.find((one) => one.vm === vm)?.componentProtection;
  const delaySeconds = loss === "pdl" ? 0 : (own?.apdDelaySeconds ?? delayOf(settings["haDatastoreApdResponseDelay"]));
  const leaves = (because: string): StorageResponse => ({ restarts: false, delaySeconds, because });
  if (settings["haVmComponentProtection"] !== "enabled") return leaves("component protection is disabled");
  const name = loss === "pdl" ? "haDatastorePdlResponse" : "haDatastoreApdResponse";
  const word = (loss === "pdl" ? own?.pdl : own?.apd) ?? settings[name];
  if (typeof word !== "string") return undefined;
  const says =
    own?.[loss] === undefined ? `${name} is ${word}` : `the VM's own response to ${loss.toUpperCase()} is ${word}`;
  if (!word.startsWith("restart")) return leaves(says);
  // vSphere Availability, "VM Component Protection": without these it reports, and cannot restart.
  if (restartPriority(cluster, vm) === "disabled") return leaves("its restart priority is disabled");
  if (settings["haHostMonitoring"] === "disabled") return leaves("host monitoring is disabled");
  return { restarts: true, delaySeconds, because: says };
}

/** The host that loses storage. */
export type LosingHost = Pick<HostState, "name" | "apd">;

/** Why component protection cannot act, or not at a time that can be told. */
export function apdRefusals({ name, apd }: LosingHost): string[] {
  if (apd === undefined) {
    return [
      `vCenter does not tell how ${name} handles APD (advanced settings Misc.APDHandlingEnable and Misc.APDTimeout)`,
    ];
  }
  if (apd.handled) return [];
  return [
    `${name} does not handle APD: it retries without end, so that HA's component protection never acts; set its ` +
      "advanced setting Misc.APDHandlingEnable to 1",
  ];
}

/** Until HA has terminated a VM, so that it can restart elsewhere. */
export function terminationBudget(
  loss: StorageLoss,
  { delaySeconds, because }: StorageResponse,
  host: LosingHost,
): Budget {
  const late = noticeSeconds + reportingSeconds;
  const allowance = `${late.toString()} s more for the host to notice and vCenter to report it (our allowance)`;
  if (loss === "pdl") return { seconds: late, basis: `${because}, and comes at once; ${allowance}` };
  return {
    seconds: apdTimeout(host) + delaySeconds + late,
    basis:
      `${because}: ${apdTimeout(host).toString()} s until APD times out (${host.name}'s Misc.APDTimeout), ` +
      `${delaySeconds.toString()} s delay of the response; ${allowance}`,
  };
}

/** Before which no VM may be terminated, in seconds. */
export function earliestTermination(loss: StorageLoss, { delaySeconds }: StorageResponse, host: LosingHost): number {
  return loss === "pdl" ? 0 : apdTimeout(host) + delaySeconds - earlySeconds;
}

/** Of a host that does not tell it, the drill is refused. */
function apdTimeout({ apd }: LosingHost): number {
  return apd?.timeoutSeconds ?? 0;
}

function delayOf(value: SettingValue | undefined): number {
  return typeof value === "number" && value >= 0 ? value : defaultDelay;
}
