import type { HostState, Inventory } from "../model";
import {
  haEnabled,
  judgeEach,
  notApplicable,
  usableHosts,
  type Check,
  type CheckInput,
  type Outcome,
  type UnreadFinding,
} from "./check";
import { mostCommon } from "./hostCare";

export const apdHandled: Check = {
  id: "apd-handled",
  title: "hosts let component protection act on lost paths",
  severity: "error",
  settles: false,
  expected: "where HA responds to all paths down (APD), every usable host handles it: Misc.APDHandlingEnable is 1",
  why: "a host that does not handle APD retries without end: component protection never acts, and its VMs hang",
  source: "vSphere Storage, Disable Storage APD Handling; vSphere Availability, VM Component Protection",
  remedy: "set the host's advanced setting Misc.APDHandlingEnable to 1, or declare haDatastoreApdResponse: disabled",
  judge: (input) => {
    return everyHost(input, ({ name }, { handled }) => {
      return handled ? undefined : { subject: name, read: "Misc.APDHandlingEnable 0", expected: "1" };
    });
  },
};

export const apdTimeoutAlike: Check = {
  id: "apd-timeout-alike",
  title: "hosts give up lost paths after the same time",
  severity: "warning",
  settles: false,
  expected: "where HA responds to all paths down (APD), all usable hosts have the same Misc.APDTimeout",
  why: "HA's delay counts from that time-out: how long VMs hang would depend on the host that they run on",
  source: "vSphere Storage, Change Timeout Limits for Storage APD; vSphere Availability, VM Component Protection",
  remedy: "set the hosts' advanced setting Misc.APDTimeout to one value; 140 is ESXi's default",
  judge: (input) => {
    const seconds = (host: HostState): string => `${host.apd?.timeoutSeconds.toString() ?? ""} s`;
    const told = usableHosts(input.inventory).filter(({ apd }) => apd?.handled);
    const most = mostCommon(told.map(seconds));
    return everyHost(input, (host, { handled }) => {
      if (!handled || seconds(host) === most) return undefined;
      return { subject: host.name, read: seconds(host), expected: most ?? "" };
    });
  },
};

function everyHost(
  { inventory }: CheckInput,
  find: (host: HostState, apd: NonNullable<HostState["apd"]>) => UnreadFinding | undefined,
): Outcome {
  if (haEnabled(inventory) === false) return notApplicable("HA is off");
  if (!responds(inventory)) return notApplicable("HA does not respond to APD");
  const hosts = usableHosts(inventory);
  if (hosts.length === 0) return notApplicable("no host is usable");
  return judgeEach(hosts, "host", (host) => {
    if (host.apd !== undefined) return find(host, host.apd);
    return { subject: host.name, read: "vCenter does not tell", expected: "advanced settings of APD", unread: true };
  });
}

/** Whether any VM is to be protected: by the cluster's settings, or by an override. */
function responds({ cluster: { settings, overrides } }: Inventory): boolean {
  if (settings["haVmComponentProtection"] !== "enabled") return false;
  const responses = [settings["haDatastoreApdResponse"], ...overrides.map((one) => one.componentProtection?.apd)];
  return responses.some((response) => typeof response === "string" && response !== "disabled");
}
