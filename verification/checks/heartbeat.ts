import type { DatastoreState, Finding, Inventory } from "../model";
import { advancedNumber } from "./capacity";
import { haEnabled, list, notApplicable, outcome, plural, usableHosts, type Check } from "./check";

/** vSphere Availability, das.heartbeatDsPerHost: "The default is 2 and the maximum valid value is 5". */
const defaultPerHost = 2;

export const heartbeatDatastores: Check = {
  id: "heartbeat-datastores",
  title: "enough heartbeat datastores",
  severity: "error",
  settles: true,
  expected: "every usable host has as many feasible heartbeat datastores as das.heartbeatDsPerHost asks for (2)",
  why: "without them the master cannot tell a dead host from one whose network has failed",
  source: "vSphere Availability, Datastore Heartbeating",
  remedy: "mount another shared datastore on the host, or name further ones in haHeartbeatDatastoreIds",
  judge: ({ inventory }) => {
    if (haEnabled(inventory) === false) return notApplicable("HA is off");
    const hosts = usableHosts(inventory);
    if (hosts.length === 0) return notApplicable("no host is usable");
    const required = perHost(inventory);
    const candidates = feasible(inventory);
    const findings = hosts.flatMap(({ id, name }): Finding[] => {
      const own = candidates.filter((datastore) => datastore.hostIds.includes(id)).map((datastore) => datastore.name);
      if (own.length >= required) return [];
      return [{ subject: name, read: `${own.length.toString()}: ${list(own)}`, expected: required.toString() }];
    });
    return outcome(`${plural(candidates.length, "feasible datastore")}, ${required.toString()} asked for`, findings);
  },
};

function perHost({ cluster }: Inventory): number {
  const stated = advancedNumber(cluster.settings.haAdvancedOptions, "das.heartbeatDsPerHost");
  return stated !== undefined && stated > 0 ? stated : defaultPerHost;
}

/** Shared by at least two hosts and no vSAN; with the policy userSelectedDs only the selected ones. */
function feasible({ cluster, datastores }: Inventory): DatastoreState[] {
  const { haHeartbeatDatastorePolicy: policy, haHeartbeatDatastoreIds: selected } = cluster.settings;
  return datastores.filter(({ id, type, accessible, hostIds }) => {
    if (!accessible || hostIds.length < 2 || type.toLowerCase() === "vsan") return false;
    return policy !== "userSelectedDs" || (Array.isArray(selected) && selected.includes(id));
  });
}
