import type { Finding, HostState } from "../model";
import { isConnected, judgeEach, notApplicable, outcome, plural, type Check, type CheckInput } from "./check";

export const hostsPresent: Check = {
  id: "hosts-present",
  title: "declared hosts are in the cluster",
  severity: "error",
  settles: false,
  expected: "every declared host is a member of the cluster",
  why: "redundancy was planned for the declared number of hosts",
  source: "the declared configuration",
  remedy: "run pulumi up --refresh, or add the host to the cluster",
  judge: ({ inventory, config }) => {
    if (config.hosts.length === 0) return notApplicable("no host is declared");
    const members = inventory.hosts.map(({ name }) => name);
    const missing = config.hosts.filter(({ name }) => !members.includes(name));
    const read = `${(config.hosts.length - missing.length).toString()} of ${plural(config.hosts.length, "host")} are members`;
    return outcome(
      read,
      missing.map(({ name }) => ({ subject: name, read: "not in the cluster", expected: "member of the cluster" })),
    );
  },
};

export const hostsConnected: Check = {
  id: "hosts-connected",
  title: "hosts are connected and powered on",
  severity: "error",
  settles: true,
  expected: "every host of the cluster is connected and powered on",
  why: "a host that is away is no room to fail over to",
  source: "vSphere API reference, HostRuntimeInfo",
  remedy: "power the host on, check its management network, and connect it in vCenter",
  judge: (input) => {
    return everyHost(input, (host) => {
      if (isConnected(host)) return undefined;
      return {
        subject: host.name,
        read: `${host.connectionState}, ${host.powerState}`,
        expected: "connected, poweredOn",
      };
    });
  },
};

export const hostsInService: Check = {
  id: "hosts-not-in-maintenance",
  title: "no host is in maintenance mode",
  severity: "error",
  settles: true,
  expected: "no host of the cluster is in maintenance mode",
  why: "HA restarts nothing on a host in maintenance mode",
  source: "vSphere Availability, vSphere HA Interoperability; vSphere API reference, HostRuntimeInfo.inMaintenanceMode",
  remedy: "take the host out of maintenance mode",
  judge: (input) => {
    return everyHost(input, ({ name, inMaintenanceMode }) => {
      const expected = "in service";
      return inMaintenanceMode ? { subject: name, read: "in maintenance mode", expected } : undefined;
    });
  },
};

export const configIssues: Check = {
  id: "no-config-issues",
  title: "vCenter reports no configuration issues",
  severity: "warning",
  settles: true,
  expected: "neither the cluster nor a host has a configuration issue",
  why: "vCenter tells here about missing heartbeat datastores, a management network without redundancy and the like",
  source: "vSphere API reference, ManagedEntity.configIssue",
  remedy: "resolve the issue, or suppress its warning in vCenter when it is meant to be so",
  judge: ({ inventory: { cluster, hosts } }) => {
    const findings = [cluster, ...hosts].flatMap(({ name, configIssues: issues }) => {
      return issues.map((read) => ({ subject: name, read, expected: "no issue" }));
    });
    return outcome(plural(findings.length, "issue"), findings);
  },
};

function everyHost(
  { inventory: { hosts } }: CheckInput,
  find: (host: HostState) => Finding | undefined,
): ReturnType<typeof outcome> {
  if (hosts.length === 0) return notApplicable("the cluster has no hosts");
  return judgeEach(hosts, "host", find);
}
