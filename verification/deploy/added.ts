import type { ClusterRule, VmOverride } from "../clusterRules";
import type { CheckResult, Finding, Inventory, Moid } from "../model";
import { plural } from "../report/format";
import { resourcesOf, type StackState } from "./state";

const haOverride = "vsphere:index/haVmOverride:HaVmOverride";
const drsOverride = "vsphere:index/drsVmOverride:DrsVmOverride";
const machine = "vsphere:index/virtualMachine:VirtualMachine";
const rule = /^vsphere:index\/computeClusterVm(Affinity|AntiAffinity|Host|Dependency)Rule:/;

/**
 * Overrides and rules of the cluster that bind a VM of the stack and are in no resource of it: a refresh reads what
 * resources have, and cannot see them. Those that bind only VMs of others are theirs to declare.
 *
 * @param checked names of the VMs that are verified, whoever made them
 */
export function addedResult({ cluster, vms }: Inventory, state: StackState, checked: readonly string[]): CheckResult {
  const resources = resourcesOf(state);
  const idsOf = (type: string): Set<string | undefined> =>
    new Set(resources.filter((one) => one.type === type).map(({ id }) => id));
  const [ofHa, ofDrs, machines] = [idsOf(haOverride), idsOf(drsOverride), idsOf(machine)];
  const ruleNames = new Set(
    resources.filter(({ type, inputs }) => rule.test(type) && inputs?.computeClusterId === cluster.id).map(nameIn),
  );
  const own = new Map(
    vms.filter(({ name, uuid }) => checked.includes(name) || machines.has(uuid)).map((vm) => [vm.id, vm]),
  );
  const nameOfVm = (id: Moid): string => vms.find((vm) => vm.id === id)?.name ?? id;

  const overrides = cluster.overrides.flatMap((override): Finding[] => {
    const vm = own.get(override.vm);
    if (vm === undefined) return [];
    const id = `${cluster.id}:${vm.uuid}`;
    const ha = haText(override);
    return [
      ...(ha === "" || ofHa.has(id) ? [] : [added(vm.name, `an HA override: ${ha}`, "no HA override")]),
      ...(override.drs === undefined || ofDrs.has(id)
        ? []
        : [added(vm.name, `a DRS override: ${override.drs}`, "no DRS override")]),
    ];
  });
  const rules = cluster.rules.flatMap((one): Finding[] => {
    if (ruleNames.has(one.name) || !boundBy(one).some((vm) => own.has(vm))) return [];
    const off = one.enabled ? "" : ", turned off";
    return [added(`rule ${one.name}`, `${ruleText(one, nameOfVm)}${off}`, "no such rule")];
  });
  const findings = [...overrides, ...rules];
  return {
    id: "nothing-added",
    title: "no override and no rule was added by other means",
    severity: "error",
    expected: "every HA or DRS override, and every rule, of a VM of the stack is a resource of the stack",
    why: "an override can take a VM's protection away, and a rule the hosts that it could restart on",
    source: "vSphere API reference, ClusterConfigInfoEx: dasVmConfig, drsVmConfig, vmOrchestration, rule",
    remedy:
      "deployment does not touch it: remove it in vCenter; or declare it, take it over with pulumi import, and deploy",
    verdict: findings.length > 0 ? "failed" : "passed",
    read: `${plural(cluster.overrides.length, "VM")} with overrides, ${plural(cluster.rules.length, "rule")}`,
    findings,
  };
}

function nameIn({ inputs }: { inputs?: Record<string, unknown> }): unknown {
  return inputs?.name;
}

function added(subject: string, read: string, expected: string): Finding {
  return { subject, read, expected: `${expected}, as declared` };
}

/** What an override sets for HA, in vCenter's words; empty when it sets nothing. */
function haText(override: VmOverride): string {
  const { restartPriority, restartTimeoutSeconds, readiness, isolationResponse, monitoring } = override;
  const { apd, pdl, apdDelaySeconds, apdCleared } = override.componentProtection ?? {};
  const told: [string, string | number | undefined][] = [
    ["restart priority", restartPriority],
    ["restart timeout in s", restartTimeoutSeconds],
    ["next priority starts after", readiness?.condition],
    ["additional delay in s", readiness?.delaySeconds],
    ["isolation response", isolationResponse],
    ["response to APD", apd],
    ["its delay in s", apdDelaySeconds],
    ["after APD", apdCleared],
    ["response to PDL", pdl],
    ["VM monitoring", monitoring?.followsCluster === false ? (monitoring.mode ?? "its own") : undefined],
  ];
  return told.flatMap(([what, value]) => (value === undefined ? [] : `${what} ${value.toString()}`)).join(", ");
}

function boundBy(one: ClusterRule): Moid[] {
  return one.kind === "dependency" ? [...one.vms, ...one.dependsOn] : one.vms;
}

function ruleText(one: ClusterRule, nameOfVm: (id: Moid) => string): string {
  const names = (ids: readonly Moid[]): string => ids.map(nameOfVm).join(", ");
  switch (one.kind) {
    case "together":
    case "apart":
      return `${names(one.vms)} ${one.kind}`;
    case "vm-host":
      return `${names(one.vms)} ${one.mandatory ? "must" : "should"} ${one.avoid ? "not " : ""}run on ${plural(one.hosts.length, "host")}`;
    case "dependency":
      return `${names(one.vms)} after ${names(one.dependsOn)}`;
  }
}
