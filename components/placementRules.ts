import {
  known,
  nonEmpty,
  oneOf,
  orMinusOne,
  Plain,
  Rule,
  unique,
  valuesAt,
  Violation,
  wholeNumber,
} from "./validation";
import * as values from "./values";
import type { VmPlacementArgs, VmRuleArgs } from "./vmPlacement";

type Args = Plain<VmPlacementArgs>;

const monitoring = "haOverrides[].monitoring";
const ruleLists = ["affinityRules", "antiAffinityRules", "vmHostRules", "dependencyRules"] as const;
const named = [...ruleLists, "vmGroups", "hostGroups"].map((list) => `${list}[].name`);
const vmLists = ["affinityRules[].vms[]", "antiAffinityRules[].vms[]", "vmGroups[].vms[]"];
const vmGroupNames = ["vmHostRules[].vmGroup", "dependencyRules[].vmGroup", "dependencyRules[].dependsOnVmGroup"];

const inEffect = (rules: Plain<VmRuleArgs>[] | undefined): { rule: Plain<VmRuleArgs>; index: number }[] =>
  (rules ?? []).map((rule, index) => ({ rule, index })).filter(({ rule }) => rule.enabled !== false);

/** Seconds from `least`, or -1 for the cluster's. */
function orClusters(path: string): Rule<VmPlacementArgs> {
  return orMinusOne(
    path,
    "must be a whole number of seconds, 0 or more, or -1 for the cluster's",
    "write a whole number of seconds, or leave it out",
    0,
  );
}

/** Lists that are too short or name a member twice. */
function members(paths: string[], least: number): Rule<VmPlacementArgs> {
  return {
    rule: `must name ${String(least)} or more, each once`,
    remedy: "add what is missing, leave out what is stated twice",
    broken: (args) =>
      paths.flatMap((path) =>
        valuesAt(args, path).filter(
          ({ value }) => Array.isArray(value) && (value.length < least || new Set(value).size < value.length),
        ),
      ),
    limits: { paths, schema: { minItems: least, uniqueItems: true } },
  };
}

/** Affinity rules join their virtual machines transitively: a–b and b–c keep a and c together too. */
function together(args: Args): Map<string, string> {
  const leader = new Map<string, string>();
  const find = (vm: string): string => {
    const next = leader.get(vm);
    return next === undefined || next === vm ? vm : find(next);
  };
  for (const { rule } of inEffect(args.affinityRules)) {
    for (const vm of rule.vms) {
      leader.set(find(vm), find(rule.vms[0] ?? vm));
    }
  }
  return new Map(Object.keys(args.vms).map((vm) => [vm, find(vm)]));
}

const contradictions: Rule<VmPlacementArgs>[] = [
  {
    rule: "must not separate virtual machines that affinity rules keep together",
    remedy: "drop one of the rules, or disable it",
    broken: (args) => {
      const group = together(args);
      return inEffect(args.antiAffinityRules).flatMap(({ rule, index }) => {
        const groups = rule.vms.map((vm) => group.get(vm) ?? vm);
        const clash = new Set(groups).size < new Set(rule.vms).size;
        return clash ? [{ path: `antiAffinityRules[${String(index)}].vms`, value: rule.vms }] : [];
      });
    },
  },
  {
    rule: "must not separate more virtual machines than the cluster has hosts",
    remedy: "leave virtual machines out, or add hosts",
    broken: (args) =>
      inEffect(args.antiAffinityRules).flatMap(({ rule, index }) =>
        new Set(rule.vms).size > Object.keys(args.target.hostIds).length
          ? [{ path: `antiAffinityRules[${String(index)}].vms`, value: rule.vms }]
          : [],
      ),
  },
  {
    rule: "must not contradict another rule of the same two groups",
    remedy: "drop one of the rules",
    broken: ({ vmHostRules = [] }) =>
      vmHostRules.flatMap((rule, index): Violation[] => {
        const clash = vmHostRules
          .slice(0, index)
          .some(
            (other) =>
              other.vmGroup === rule.vmGroup &&
              other.hostGroup === rule.hostGroup &&
              (other.keepOff ?? false) !== (rule.keepOff ?? false),
          );
        return clash ? [{ path: `vmHostRules[${String(index)}]`, value: rule.name }] : [];
      }),
  },
  {
    rule: "must not depend, directly or through others, on what depends on it",
    remedy: "break the circle",
    broken: ({ dependencyRules = [] }) => {
      const reaches = (from: string, to: string, seen: string[]): boolean =>
        from === to ||
        dependencyRules.some(
          (next) =>
            next.vmGroup === from &&
            !seen.includes(next.dependsOnVmGroup) &&
            reaches(next.dependsOnVmGroup, to, [...seen, next.dependsOnVmGroup]),
        );
      return dependencyRules.flatMap(({ vmGroup, dependsOnVmGroup }, index) =>
        reaches(dependsOnVmGroup, vmGroup, [dependsOnVmGroup])
          ? [{ path: `dependencyRules[${String(index)}].dependsOnVmGroup`, value: dependsOnVmGroup }]
          : [],
      );
    },
  },
];

/** Groups share one name space in a cluster, and so do rules. */
function uniqueAmong(paths: string[], what: string): Rule<VmPlacementArgs> {
  return {
    rule: `must not be the name of two ${what}`,
    remedy: "give each its own name",
    broken: (args) => {
      const found = paths.flatMap((path) => valuesAt(args, path));
      return found.filter(({ value }, index) => found.findIndex((other) => other.value === value) < index);
    },
  };
}

/** What must hold of overrides, groups and rules before any is created. */
export const placementRules: Rule<VmPlacementArgs>[] = [
  nonEmpty(named, "the name that it has in vCenter"),
  uniqueAmong(
    ruleLists.map((list) => `${list}[].name`),
    "rules",
  ),
  uniqueAmong(["vmGroups[].name", "hostGroups[].name"], "groups"),
  unique("haOverrides[].vm", "virtual machine"),
  unique("drsOverrides[].vm", "virtual machine"),
  known([...vmLists, "haOverrides[].vm", "drsOverrides[].vm"], "vms", ({ vms }) => Object.keys(vms)),
  known("hostGroups[].hosts[]", "hosts of the cluster", ({ target }) => Object.keys(target.hostIds)),
  known(vmGroupNames, "vmGroups", ({ vmGroups = [] }) => vmGroups.map(({ name }) => name)),
  known("vmHostRules[].hostGroup", "hostGroups", ({ hostGroups = [] }) => hostGroups.map(({ name }) => name)),
  members(["affinityRules[].vms", "antiAffinityRules[].vms"], 2),
  members(["vmGroups[].vms", "hostGroups[].hosts"], 1),
  ...contradictions,
  oneOf("haOverrides[].vmRestartPriority", values.RestartPriorityOverride),
  oneOf("haOverrides[].hostIsolationResponse", values.IsolationResponseOverride),
  oneOf("haOverrides[].datastorePdlResponse", values.PdlResponseOverride),
  oneOf("haOverrides[].datastoreApdResponse", values.ApdResponseOverride),
  oneOf("haOverrides[].datastoreApdRecoveryAction", values.ApdRecoveryActionOverride),
  orClusters("haOverrides[].vmRestartTimeout"),
  orClusters("haOverrides[].datastoreApdResponseDelay"),
  oneOf(`${monitoring}.vmMonitoring`, values.VmMonitoring),
  wholeNumber(`${monitoring}.vmFailureInterval`, "seconds", 1),
  wholeNumber(`${monitoring}.vmMinimumUptime`, "seconds", 0),
  wholeNumber(`${monitoring}.vmMaximumResets`, "resets", 1),
  orClusters(`${monitoring}.vmMaximumFailureWindow`),
  oneOf("drsOverrides[].automationLevel", values.DrsAutomationLevel),
];
