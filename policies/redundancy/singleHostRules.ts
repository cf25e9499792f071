import { clusterOf, hostCount } from "../clusterOf";
import { countOf, type Declared, type PolicyRule, stated } from "../rule";
import * as types from "../types";

export const singleHostRules: PolicyRule = {
  name: "vm-host-rules",
  title: "no mandatory rule leaves virtual machines fewer than 2 hosts",
  group: "redundancy",
  level: "mandatory",
  severity: "critical",
  source: "vSphere Resource Management, VM-Host Affinity Rules",
  remedy: "add hosts to the group, or make the rule a preference (mandatory: false)",
  settings: { least: { type: "integer", default: 2, description: "hosts that a mandatory rule must leave" } },
  types: [types.vmHostRule],
  scope: "stack",
  judge: (rule, { number, stack }) => {
    if (stated(rule.props, "mandatory", false) !== true || stated(rule.props, "enabled", true) === false) return [];
    const on = groupOf(rule, "affinityHostGroupName", stack);
    const off = groupOf(rule, "antiAffinityHostGroupName", stack);
    const cluster = clusterOf(rule, "computeClusterId");
    const all = cluster && hostCount(cluster, stack);
    const kept = off && countOf(off.props, "hostSystemIds");
    const left = on
      ? countOf(on.props, "hostSystemIds")
      : kept === undefined || all === undefined
        ? undefined
        : all - kept;
    const least = number("least");
    return left === undefined || left >= least
      ? []
      : [`the number of hosts left is ${String(left)}, must be ${String(least)} or more`];
  },
};

/** The group that a rule names; groups of other clusters may have its name, so the dependency counts first. */
function groupOf(rule: Declared, property: string, stack: Declared[]): Declared | undefined {
  const name = stated(rule.props, property);
  const groups = [...rule.from(property), ...stack].filter(({ type }) => type === types.hostGroup);
  return typeof name === "string" && name !== ""
    ? groups.find(({ props }) => stated(props, "name") === name)
    : groups.find((group) => rule.from(property).includes(group));
}
