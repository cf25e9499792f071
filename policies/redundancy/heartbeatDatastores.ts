import { countOf, type PolicyRule, stated } from "../rule";
import * as types from "../types";

export const heartbeatDatastores: PolicyRule = {
  name: "ha-heartbeat-datastores",
  title: "HA has 2 heartbeat datastores or more",
  group: "redundancy",
  level: "mandatory",
  severity: "high",
  source: "vSphere Availability, Datastore Heartbeating",
  remedy:
    "name shared datastores in haHeartbeatDatastoreIds, or let vCenter choose with haHeartbeatDatastorePolicy: allFeasibleDs",
  settings: { least: { type: "integer", default: 2, description: "heartbeat datastores that must be named" } },
  types: [types.cluster],
  scope: "resource",
  judge: ({ props }, { number }) => {
    const count = countOf(props, "haHeartbeatDatastoreIds");
    const policy = stated(props, "haHeartbeatDatastorePolicy", "allFeasibleDsWithUserPreference");
    const judged = stated(props, "haEnabled", false) !== false && policy !== undefined && policy !== "allFeasibleDs";
    const least = number("least");
    return !judged || count === undefined || count >= least
      ? []
      : [`the number of haHeartbeatDatastoreIds is ${String(count)}, must be ${String(least)} or more`];
  },
};
