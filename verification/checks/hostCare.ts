import type { HostState } from "../model";
import {
  judgeEach,
  notApplicable,
  usableHosts,
  type Check,
  type CheckInput,
  type Outcome,
  type UnreadFinding,
} from "./check";

export const managementNetworkRedundant: Check = {
  id: "management-network-redundant",
  title: "the management network has no single cable",
  severity: "warning",
  settles: false,
  expected: "every usable host carries its management traffic over at least two physical adapters",
  why: "HA's heartbeats run there: one broken cable isolates the host and stops or restarts its VMs",
  source: "vSphere Availability, Best Practices for Networking: Network Path Redundancy",
  remedy: "team a second physical adapter with the first one, or add a second management adapter on another switch",
  judge: (input) => {
    return everyUsableHost(input, ({ name, management }) => {
      const expected = "two physical adapters or more";
      if (management === undefined) return { subject: name, read: "vCenter does not tell", expected, unread: true };
      const uplinks = [...new Set(management.flatMap((one) => one.uplinks))];
      if (uplinks.length >= 2) return undefined;
      const adapters = management.map(({ adapter }) => adapter).join(", ") || "no management adapter";
      return { subject: name, read: `${adapters} over ${uplinks.join(", ") || "no physical adapter"}`, expected };
    });
  },
};

export const hostClocks: Check = {
  id: "host-clocks-kept",
  title: "host clocks are kept right",
  severity: "warning",
  settles: false,
  expected: "every usable host names a time server, and its time service runs",
  why: "with clocks apart, logs and events of a failover cannot be put in order, and certificates and logins fail",
  source: "vSphere Security, Synchronizing Clocks on the vSphere Network",
  remedy: "name NTP servers on the host and set the ntpd service to start with it",
  judge: (input) => {
    return everyUsableHost(input, ({ name, clock }) => {
      const expected = "time servers, service running";
      if (clock === undefined) return { subject: name, read: "vCenter does not tell", expected, unread: true };
      if (clock.servers.length > 0 && clock.running) return undefined;
      const servers = clock.servers.length === 0 ? "no time server" : clock.servers.join(", ");
      return { subject: name, read: `${servers}, service ${clock.running ? "running" : "stopped"}`, expected };
    });
  },
};

export const hostVersionsAlike: Check = {
  id: "host-versions-alike",
  title: "hosts run the same version",
  severity: "warning",
  settles: false,
  expected: "all usable hosts run one version and build of ESXi",
  why: "a VM may use what an older host does not have, and then does not start there",
  source: "vSphere Availability, vSphere HA Checklist; vCenter Server and Host Management, host version compatibility",
  remedy: "bring the hosts to the same version, one after the other in maintenance mode",
  judge: (input) => {
    const hosts = usableHosts(input.inventory);
    const most = mostCommon(hosts.flatMap(({ version }) => version ?? []));
    return everyUsableHost(input, ({ name, version }) => {
      if (version === undefined) {
        return { subject: name, read: "vCenter does not tell", expected: "a version", unread: true };
      }
      return version === most ? undefined : { subject: name, read: version, expected: most ?? "" };
    });
  },
};

/** Of equally common ones, the highest. */
export function mostCommon(versions: string[]): string | undefined {
  const count = (version: string): number => versions.filter((one) => one === version).length;
  const newestFirst = [...new Set(versions)].sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return newestFirst.sort((a, b) => count(b) - count(a))[0];
}

function everyUsableHost({ inventory }: CheckInput, find: (host: HostState) => UnreadFinding | undefined): Outcome {
  const hosts = usableHosts(inventory);
  if (hosts.length === 0) return notApplicable("no host is usable");
  return judgeEach(hosts, "host", find);
}
