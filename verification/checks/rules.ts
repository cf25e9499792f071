import type { ClusterRule } from "../clusterRules";
import type { Finding, HostState, Moid } from "../model";
import { restartPriority } from "../restartPriority";
import { hostFailures } from "./admission";
import { advancedOption } from "./capacity";
import { declaredVms, list, notApplicable, outcome, plural, type Check, type CheckInput } from "./check";
import { everyVm } from "./vms";

type RuleOf<Kind extends ClusterRule["kind"]> = Extract<ClusterRule, { kind: Kind }>;

export const notBoundToOneHost: Check = {
  id: "vms-not-bound-to-one-host",
  title: "rules leave declared VMs more than one host",
  severity: "error",
  settles: false,
  expected: "the mandatory VM-host rules leave every declared VM at least two hosts",
  why: "HA never breaks a mandatory rule: a VM that must run on one host stays down when that host fails",
  source: "vSphere Resource Management, VM-Host Affinity Rules; vSphere Availability, VM-host affinity and vSphere HA",
  remedy: "add hosts to the rule's host group, or make the rule a preference (mandatory: false)",
  judge: (input) => {
    const { hosts } = input.inventory;
    if (hosts.length < 2) return notApplicable("the cluster has fewer than two hosts");
    return everyVm(declaredVms(input), "no declared VM is in the cluster", ({ name, state: { id } }) => {
      const rules = bindingOf(input, id);
      const left = allowedHosts(hosts, rules);
      if (left.length >= 2) return undefined;
      const names = left.map((host) => host.name);
      const read = `${list(names)} by ${rules.map((rule) => rule.name).join(", ")}`;
      return { subject: name, read, expected: "two hosts or more" };
    });
  },
};

export const rulesAgree: Check = {
  id: "rules-agree",
  title: "no two rules contradict each other",
  severity: "error",
  settles: false,
  expected: "no two VMs are to run together and apart, none together on disjoint hosts, none after itself",
  why: "DRS cannot satisfy both rules, and turns one off or refuses to start the VM",
  source: "vSphere Resource Management, VM-VM Affinity Rule Conflicts; vSphere Availability, VM dependency restart",
  remedy: "remove one of the rules, or take the VM out of it",
  judge: (input) => {
    const rules = enabledRules(input);
    if (rules.length === 0) return notApplicable("no rule is enabled");
    const findings = [...opposites(input, rules), ...disjoint(input, rules), ...cycles(input, rules)];
    return outcome(plural(rules.length, "enabled rule"), findings);
  },
};

export const rulesLeaveRoom: Check = {
  id: "rules-leave-room-for-failover",
  title: "VMs that are kept apart have hosts left after a failure",
  severity: "error",
  settles: false,
  expected: "every anti-affinity rule names no more VMs than hosts remain after the declared failures",
  why: "HA enforces these rules (das.respectVmVmAntiAffinityRules) and does not restart a VM beside one that it must avoid",
  source: "vSphere Availability, vSphere HA Advanced Options, das.respectVmVmAntiAffinityRules",
  remedy: "add a host, shorten the rule, or set das.respectVmVmAntiAffinityRules to false",
  judge: (input) => {
    const { inventory } = input;
    const apart = ofKind(enabledRules(input), "apart");
    if (apart.length === 0) return notApplicable("no anti-affinity rule is enabled");
    const respected = advancedOption(inventory.cluster.settings.haAdvancedOptions, "das.respectVmVmAntiAffinityRules");
    if (respected?.toLowerCase() === "false") return notApplicable("HA is told not to respect anti-affinity rules");
    const left = Math.max(0, inventory.hosts.length - hostFailures(input));
    const running = new Set(inventory.vms.filter(({ powerState }) => powerState === "poweredOn").map(({ id }) => id));
    const findings = apart.flatMap(({ name, vms }): Finding[] => {
      const count = vms.filter((vm) => running.has(vm)).length;
      if (count <= left) return [];
      return [{ subject: name, read: `${plural(count, "running VM")} apart`, expected: `at most ${left.toString()}` }];
    });
    return outcome(`${plural(apart.length, "rule")}, ${plural(left, "host")} after the declared failures`, findings);
  },
};

const priorities = ["lowest", "low", "medium", "high", "highest"];

export const orderMatchesDependencies: Check = {
  id: "restart-order-matches-dependencies",
  title: "restart priorities agree with the dependencies",
  severity: "warning",
  settles: false,
  expected: "no VM has a higher restart priority than one that it depends on",
  why: "HA goes by priority first: the dependent VM is tried before what it waits for",
  source: "vSphere Resource Management, VM-VM dependency rules; vSphere Availability, VM Restart Priority",
  remedy: "raise the priority of what others depend on, or lower that of the dependent VM",
  judge: (input) => {
    const { cluster } = input.inventory;
    const rules = ofKind(enabledRules(input), "dependency");
    if (rules.length === 0) return notApplicable("no dependency rule is enabled");
    const rank = (vm: Moid): number => priorities.indexOf(restartPriority(cluster, vm));
    const findings = rules.flatMap(({ vms, dependsOn }) =>
      vms.flatMap((vm) =>
        dependsOn
          .filter((other) => rank(other) < rank(vm))
          .map((other): Finding => {
            const read = `${restartPriority(cluster, vm)}, depends on ${nameOf(input, other)} of ${restartPriority(cluster, other)}`;
            return { subject: nameOf(input, vm), read, expected: "not above what it depends on" };
          }),
      ),
    );
    return outcome(plural(rules.length, "dependency rule"), findings);
  },
};

function enabledRules({ inventory: { cluster } }: CheckInput): ClusterRule[] {
  return cluster.rules.filter(({ enabled }) => enabled);
}

function ofKind<Kind extends ClusterRule["kind"]>(rules: ClusterRule[], kind: Kind): RuleOf<Kind>[] {
  return rules.filter((rule): rule is RuleOf<Kind> => rule.kind === kind);
}

/** The mandatory rules that say where a VM may run. */
function bindingOf(input: CheckInput, vm: Moid): RuleOf<"vm-host">[] {
  return ofKind(enabledRules(input), "vm-host").filter(({ mandatory, vms }) => mandatory && vms.includes(vm));
}

function allowedHosts(hosts: HostState[], rules: RuleOf<"vm-host">[]): HostState[] {
  return hosts.filter(({ id }) => rules.every((rule) => rule.hosts.includes(id) !== rule.avoid));
}

function opposites(input: CheckInput, rules: ClusterRule[]): Finding[] {
  const apartRules = ofKind(rules, "apart");
  return ofKind(rules, "together").flatMap((together) =>
    apartRules.flatMap((apart): Finding[] => {
      const both = together.vms.filter((vm) => apart.vms.includes(vm)).map((vm) => nameOf(input, vm));
      if (both.length < 2) return [];
      return [contradiction(both, `together by ${together.name}, apart by ${apart.name}`)];
    }),
  );
}

function disjoint(input: CheckInput, rules: ClusterRule[]): Finding[] {
  const { hosts } = input.inventory;
  return ofKind(rules, "together").flatMap(({ name, vms }): Finding[] => {
    const bound = vms.map((vm) => bindingOf(input, vm));
    const each = bound.every((own) => allowedHosts(hosts, own).length > 0);
    if (!each || allowedHosts(hosts, bound.flat()).length > 0) return [];
    const held = [...new Set(bound.flat().map((rule) => rule.name))].join(", ");
    return [
      contradiction(
        vms.map((vm) => nameOf(input, vm)),
        `together by ${name}, on no common host by ${held}`,
      ),
    ];
  });
}

function cycles(input: CheckInput, rules: ClusterRule[]): Finding[] {
  const after = new Map<Moid, Moid[]>();
  for (const { vms, dependsOn } of ofKind(rules, "dependency")) {
    for (const vm of vms) after.set(vm, [...(after.get(vm) ?? []), ...dependsOn]);
  }
  const looping = [...after.keys()].filter((vm) => reaches(after, vm));
  return looping.length === 0
    ? []
    : [
        contradiction(
          looping.map((vm) => nameOf(input, vm)),
          "each depends on itself, by way of the others",
        ),
      ];
}

/** Whether a VM depends on itself. */
function reaches(after: Map<Moid, Moid[]>, vm: Moid): boolean {
  const seen = new Set<Moid>();
  const open = [...(after.get(vm) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === vm) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(after.get(next) ?? []));
  }
  return false;
}

function contradiction(vms: string[], read: string): Finding {
  return { subject: vms.join(", "), read, expected: "rules that can hold at once" };
}

function nameOf({ inventory: { vms } }: CheckInput, id: Moid): string {
  return vms.find((vm) => vm.id === id)?.name ?? id;
}
