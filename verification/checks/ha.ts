import type { Finding, HostState } from "../model";
import { haEnabled, list, notApplicable, outcome, plural, usableHosts, type Check, type CheckInput } from "./check";

export const haOn: Check = {
  id: "ha-enabled",
  title: "HA is on",
  severity: "error",
  settles: false,
  expected: "vSphere HA is enabled on the cluster",
  why: "without HA no VM restarts after a host fails",
  source: "vSphere Availability, Creating a vSphere HA Cluster",
  remedy: "declare haEnabled: true, or turn vSphere HA on in the cluster's settings",
  judge: ({ inventory }) => {
    const expected = "true";
    const on = haEnabled(inventory);
    if (on === undefined)
      return outcome("not told", [], [{ subject: "haEnabled", read: "vCenter does not tell", expected }]);
    return outcome(`haEnabled ${String(on)}`, on ? [] : [{ subject: "haEnabled", read: "false", expected }]);
  },
};

export const hostMonitoring: Check = {
  id: "ha-host-monitoring",
  title: "HA monitors the hosts",
  severity: "error",
  settles: false,
  expected: "host monitoring is enabled",
  why: "with host monitoring off, HA stays on but does not react to a failed host",
  source: "vSphere Availability, Host Failure Types",
  remedy: "declare haHostMonitoring: enabled; it is often left off after network maintenance",
  judge: ({ inventory }) => {
    if (haEnabled(inventory) === false) return notApplicable("HA is off");
    const read = inventory.cluster.settings.haHostMonitoring;
    const finding = { subject: "haHostMonitoring", expected: "enabled" };
    if (typeof read !== "string") return outcome("not told", [], [{ ...finding, read: "vCenter does not tell" }]);
    return outcome(`haHostMonitoring ${read}`, read === "enabled" ? [] : [{ ...finding, read }]);
  },
};

export const singleMaster: Check = {
  id: "fdm-single-master",
  title: "one HA primary host",
  severity: "error",
  settles: true,
  expected: "exactly one host has the FDM role master",
  why: "the master restarts VMs; none means no failover, two mean a partitioned network",
  source: "vSphere Availability, Primary and Secondary Hosts; vSphere API reference, ClusterDasFdmAvailabilityState",
  remedy: "check the management network between the hosts; then reconfigure the hosts for vSphere HA",
  judge: (input) => {
    const hosts = agents(input);
    if (hosts === undefined) return notApplicable("HA is off");
    const masters = hosts.filter(({ fdmState }) => fdmState === "master").map(({ name }) => name);
    const read = `${plural(masters.length, "master")}: ${list(masters)}`;
    const finding = { subject: "FDM master", read: list(masters), expected: "one host" };
    const unknown = hosts.filter(({ fdmState }) => fdmState === undefined);
    if (masters.length > 1) return outcome(read, [finding]);
    if (masters.length === 1) return outcome(read, []);
    return unknown.length > 0 || hosts.length === 0 ? outcome(read, [], [finding]) : outcome(read, [finding]);
  },
};

export const secondariesConnected: Check = {
  id: "fdm-secondaries-connected",
  title: "HA agents of all other hosts are connected to it",
  severity: "error",
  settles: true,
  expected: "every connected host that is not the master is connectedToMaster",
  why: "VMs of a host that the master does not hear are not restarted as they should be",
  source: "vSphere API reference, ClusterDasFdmAvailabilityState",
  remedy: "see the host's HA state in vCenter; check its management network; reconfigure it for vSphere HA",
  judge: (input) => {
    const hosts = agents(input);
    if (hosts === undefined) return notApplicable("HA is off");
    const others = hosts.filter(({ fdmState }) => fdmState !== "master");
    if (others.length === 0) return notApplicable("no connected host besides the master");
    const good = others.filter(({ fdmState }) => fdmState === "connectedToMaster");
    const finding = ({ name, fdmState }: HostState): Finding => {
      return { subject: name, read: fdmState ?? "vCenter does not tell", expected: "connectedToMaster" };
    };
    const unknown = others.filter(({ fdmState }) => fdmState === undefined);
    const bad = others.filter((host) => !good.includes(host) && !unknown.includes(host));
    const read = `${good.length.toString()} of ${plural(others.length, "host")} connectedToMaster`;
    return outcome(read, bad.map(finding), unknown.map(finding));
  },
};

/** Hosts whose agent has a role: connected and not in maintenance; undefined when HA is off. */
function agents({ inventory }: CheckInput): HostState[] | undefined {
  return haEnabled(inventory) === false ? undefined : usableHosts(inventory);
}
