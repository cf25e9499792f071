import type { HostState, Inventory, SettingValue } from "../model";
import { survivors as survivorsOf, total, type Resource } from "../checks/capacity";
import { survivors, unplaceable } from "./capacity";
import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import { haRefusals, restartBudgets, vmRefusals } from "./failover";
import { plannedVm, surveyHost } from "./hostSurvey";
import type { DrillPlan, PlannedVm, Planner } from "./plan";
import { comesBack, restartsElsewhere } from "./restartExpectations";
import { detectionBudget, hasHeartbeatDatastores, type Budget } from "./timing";

/** For the drill to see HA's declaration, and to fail the second host. Our allowance. */
const reactionSeconds = 5;

/** What the loss of a second host would do while HA handles that of the first. */
export const planSecondFailure: Planner = (inventory, config, hostName, options) => {
  const survey = surveyHost(inventory, config, hostName);
  if (!("host" in survey)) return survey;
  const { host, role, moves, targets } = survey;
  const [second, third] = survivors(inventory, host);
  if (second === undefined || third === undefined) {
    return { refusals: [`of the hosts that run VMs, fewer than three are left with ${host.name}: add hosts`] };
  }
  const onSecond = inventory.vms
    .filter(({ hostId }) => hostId === second.id)
    .map((vm) => plannedVm(inventory, config, vm));
  const moved = new Set(moves.map(({ vm }) => vm.id));
  const affected = [
    ...survey.running,
    ...onSecond.filter(({ vm, kind }) => vm.powerState === "poweredOn" && kind !== "system" && !moved.has(vm.id)),
  ];
  const restarting = affected.filter(({ restartDisabled }) => !restartDisabled);
  const heartbeats = hasHeartbeatDatastores(inventory);
  const detection = detectionBudget(role, heartbeats);
  // Without its master, the cluster may choose the second host for the next one.
  const secondRole = role === "master" || second.fdmState === "master" ? "master" : "secondary";
  const secondDetection = detectionBudget(secondRole, heartbeats);
  const both = together(detection, secondDetection);
  const hosts = { first: host, second };
  const without = { ...inventory, hosts: inventory.hosts.filter(({ id }) => id !== second.id) };
  const plan = {
    fault: { kind: "second-failure" as const, host: host.name, second: second.name },
    host,
    second: { host: second, detection: secondDetection },
    role,
    onHost: [...survey.onHost, ...onSecond],
    moves,
    affected,
    targets,
    detection,
    budgets: restartBudgets(inventory, config, restarting, () => both),
    holdSeconds: 0,
  };
  return {
    ...plan,
    expected: expectations(plan, hosts),
    refusals: [
      ...haRefusals(inventory),
      ...survey.refusals,
      ...vmRefusals(survey.onHost, host, options),
      ...vmRefusals(onSecond, second, options),
      ...admissionRefusals(inventory),
      ...unplaceable(
        without,
        host,
        restarting.map(({ vm }) => vm),
      ).map(
        (reason) => `the cluster cannot lose ${host.name} and ${second.name}: ${reason}; add capacity or free some`,
      ),
    ],
  };
};

function together(first: Budget, second: Budget): Budget {
  return {
    seconds: first.seconds + reactionSeconds + second.seconds,
    basis:
      `the first host: ${first.basis}; ${reactionSeconds.toString()} s until the second is failed (our allowance); ` +
      `the second: ${second.basis}`,
  };
}

function expectations(
  plan: Pick<DrillPlan, "affected" | "budgets" | "targets" | "detection"> & { second: { detection: Budget } },
  { first, second }: { first: HostState; second: HostState },
): Expected[] {
  const both = `${first.name} and ${second.name}`;
  const affected = new Set(plan.affected.map(({ vm }) => vm.id));
  const disabled = (one: PlannedVm): boolean => one.restartDisabled;
  const declared = (
    kind: "host-declared-failed" | "second-declared-failed",
    name: string,
    budget: Budget,
  ): Expected => ({
    id: kind,
    kind,
    statement: `HA declares ${name} failed within ${budget.seconds.toString()} s of its own failure`,
    basis: budget.basis,
    vm: undefined,
    limitSeconds: budget.seconds,
  });
  return [
    observed,
    declared("host-declared-failed", first.name, plan.detection),
    declared("second-declared-failed", second.name, plan.second.detection),
    ...plan.budgets.flatMap((budget): Expected[] => [
      {
        ...aboutVm("vm-fails", budget.vm),
        statement: `${budget.vm.name} stops answering when its host fails`,
        basis: "it runs there; a probe that does not notice measures something else",
      },
      ...comesBack(budget, both),
    ]),
    ...plan.affected
      .filter((one) => !disabled(one))
      .flatMap(({ vm }) => restartsElsewhere(vm, both, "before the power of the hosts is restored")),
    ...plan.affected.filter(disabled).map(({ vm }) => ({
      ...aboutVm("vm-not-restarted", vm),
      statement: `${vm.name} is not restarted`,
      basis: "its restart priority is disabled",
    })),
    ...plan.targets
      .filter(({ vm }) => !affected.has(vm.id))
      .map(({ vm }) => undisturbed(vm, `it runs on another host than ${both}`)),
  ];
}

/** Two failures at once are survived only where admission control keeps room for two. */
function admissionRefusals({ cluster: { settings, name }, hosts }: Inventory): string[] {
  const policy = settings["haAdmissionControlPolicy"];
  const kept = failuresKeptFor(settings, hosts);
  if (kept >= 2) return [];
  const state =
    policy === "disabled" || typeof policy !== "string"
      ? "is off"
      : `(${policy}) keeps room for ${kept === 1 ? "1 host failure" : `${kept.toString()} host failures`}`;
  return [
    `admission control of cluster ${name} ${state}, and this drill fails two hosts: nothing promises that the VMs come ` +
      "back; set haAdmissionControlHostFailureTolerance to 2",
  ];
}

function failuresKeptFor(settings: Record<string, SettingValue>, hosts: HostState[]): number {
  const policy = settings["haAdmissionControlPolicy"];
  if (policy === "failoverHosts") {
    const named = settings["haAdmissionControlFailoverHostSystemIds"];
    return Array.isArray(named) ? named.length : 0;
  }
  if (policy !== "resourcePercentage" && policy !== "slotPolicy") return 0;
  const stated = (name: string, resource: Resource): number | undefined => {
    const percent = settings[name];
    return policy === "resourcePercentage" && typeof percent === "number"
      ? hostsWithin(hosts, resource, percent)
      : undefined;
  };
  const cpu = stated("haAdmissionControlResourcePercentageCpu", "cpuMhz");
  const memory = stated("haAdmissionControlResourcePercentageMemory", "memoryMb");
  if (cpu !== undefined && memory !== undefined) return Math.min(cpu, memory);
  const tolerance = settings["haAdmissionControlHostFailureTolerance"];
  return typeof tolerance === "number" ? tolerance : 1;
}

/** How many of the largest hosts a percentage of the whole cluster holds. */
function hostsWithin(hosts: HostState[], resource: Resource, percent: number): number {
  const all = total(hosts, resource);
  const lost = (count: number): number => (100 * (all - total(survivorsOf(hosts, count, resource), resource))) / all;
  const tooMany = hosts.findIndex((_, k) => lost(k + 1) > percent + 1e-9);
  return tooMany === -1 ? hosts.length : tooMany;
}
