import { hostCount } from "../clusterOf";
import type { PolicyRule } from "../rule";
import * as types from "../types";

export const hosts: PolicyRule = {
  name: "cluster-hosts",
  title: "a cluster has 2 hosts or more",
  group: "redundancy",
  level: "mandatory",
  severity: "critical",
  source: "vSphere Availability, vSphere HA Checklist",
  remedy: "add hosts",
  settings: { least: { type: "integer", default: 2, description: "hosts that a cluster must have" } },
  types: [types.cluster],
  scope: "stack",
  judge: (cluster, { number, stack }) => {
    const count = hostCount(cluster, stack);
    const least = number("least");
    return count === undefined || count >= least
      ? []
      : [`the number of hosts is ${String(count)}, must be ${String(least)} or more`];
  },
};
