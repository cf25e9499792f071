import { advancedNumber } from "../checks/capacity";
import type { ClusterState, Moid } from "../model";
import { restartPriority } from "../restartPriority";
import { reportingSeconds, type Budget, type FdmRole } from "./timing";

/** What an isolated host does to a VM (vSphere API reference, ClusterDasVmSettingsIsolationResponse). */
export type IsolationResponse = "none" | "powerOff" | "shutdown";

// The timeline that VMware documents (vSphere HA deep dive, "Isolation detection"). Secondary: T10 election, T25 it pings
// the isolation addresses, T30 it declares itself isolated, and its master reads so on the heartbeat datastores. Master: T5
// it declares itself isolated; the others elect a new master by T25, which has judged who is missing by T50.
const declared: Record<FdmRole, number> = { secondary: 30, master: 5 };
const known: Record<FdmRole, number> = { secondary: 30, master: 50 };
/** From the declaration to the response; fdm.isolationPolicyDelaySec may make it longer, not shorter. */
const leastDelay = 30;
/** das.isolationshutdowntimeout: how long a guest may take to shut down before it is powered off. */
const defaultShutdown = 300;
/** A response may come so much before its time and is not called early. Our allowance: hosts count by clocks of their own. */
const earlySeconds = 15;

/** A VM's response: its override, else the cluster's; undefined when vCenter does not tell. */
export function isolationResponse(cluster: ClusterState, vm: Moid): IsolationResponse | undefined {
  // vSphere Availability, "Host Isolation Response": none is made where the restart priority is disabled.
  if (restartPriority(cluster, vm) === "disabled") return "none";
  const own = cluster.overrides.find((one) => one.vm === vm)?.isolationResponse;
  const response = own ?? cluster.settings["haHostIsolationResponse"];
  return response === "none" || response === "powerOff" || response === "shutdown" ? response : undefined;
}

/** Until vCenter must have reported the host as isolated. */
export function isolationBudget(role: FdmRole): Budget {
  return {
    seconds: known[role] + reportingSeconds,
    basis:
      (role === "master"
        ? `an isolated master declares itself isolated after ${declared.master.toString()} s, and its successor has judged ` +
          `who is missing by ${known.master.toString()} s`
        : `an isolated secondary declares itself isolated ${declared.secondary.toString()} s after it was cut off`) +
      ` (vSphere HA timeline); ${reportingSeconds.toString()} s more for vCenter to report it (our allowance)`,
  };
}

/** From the isolation until HA begins to restart what the host has stopped. */
export function responseBudget(
  role: FdmRole,
  response: IsolationResponse,
  { settings }: Pick<ClusterState, "settings">,
): Budget {
  const options = settings["haAdvancedOptions"];
  const delay = responseDelay(settings);
  const shutdown =
    response === "shutdown" ? (advancedNumber(options, "das.isolationshutdowntimeout") ?? defaultShutdown) : 0;
  const stopped = declared[role] + delay + shutdown;
  return {
    seconds: Math.max(stopped, known[role]) + reportingSeconds,
    basis: [
      `a ${role} host declares itself isolated after ${declared[role].toString()} s (vSphere HA timeline)`,
      `it waits ${delay.toString()} s (fdm.isolationPolicyDelaySec, 30 or more)`,
      response === "shutdown"
        ? `a guest has ${shutdown.toString()} s to shut down (das.isolationshutdowntimeout)`
        : "it powers the VM off",
      ...(known[role] > stopped ? [`the new master knows of it by ${known[role].toString()} s`] : []),
      `${reportingSeconds.toString()} s more for the master to read of it on the heartbeat datastores (our allowance)`,
    ].join("; "),
  };
}

/** Before which no response is made. */
export function earliestResponse(role: FdmRole, { settings }: Pick<ClusterState, "settings">): Budget {
  const delay = responseDelay(settings);
  return {
    seconds: declared[role] + delay - earlySeconds,
    basis:
      `a ${role} host declares itself isolated after ${declared[role].toString()} s and waits ${delay.toString()} s; ` +
      `${earlySeconds.toString()} s less as our allowance. Until then its VMs keep their own networks`,
  };
}

function responseDelay(settings: ClusterState["settings"]): number {
  return Math.max(
    leastDelay,
    advancedNumber(settings["haAdvancedOptions"], "fdm.isolationPolicyDelaySec") ?? leastDelay,
  );
}
