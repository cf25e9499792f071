import type { VerificationConfig } from "../config";
import type { HostState, Inventory, VmState } from "../model";
import { unplaceable } from "./capacity";
import { hostLossExpectations } from "./hostLossExpectations";
import { surveyHost } from "./hostSurvey";
import type { PlannedVm, Planner, PlanOptions, VmBudget } from "./plan";
import { detectionBudget, hasHeartbeatDatastores, restartBudget, type Budget } from "./timing";

/** What failing a host would do, from one reading of the cluster. Pure: changes and asks nothing. */
export const planHostLoss: Planner = (inventory, config, hostName, options) => {
  const survey = surveyHost(inventory, config, hostName);
  if (!("host" in survey)) return survey;
  const { host, role, onHost, moves, targets, running: affected } = survey;
  const restarting = affected.filter(({ restartDisabled }) => !restartDisabled);
  const detection = detectionBudget(role, hasHeartbeatDatastores(inventory));
  const plan = {
    fault: { kind: "host-power" as const, host: host.name },
    host,
    role,
    onHost,
    moves,
    affected,
    targets,
    detection,
    budgets: budgets(inventory, config, restarting, detection),
    holdSeconds: 0,
    refusals: [
      ...haRefusals(inventory),
      ...survey.refusals,
      ...vmRefusals(onHost, host, options),
      ...unplaceable(
        inventory,
        host,
        restarting.map(({ vm }) => vm),
      ).map((reason) => `the cluster cannot lose ${host.name}: ${reason}; add capacity or free some`),
    ],
  };
  return { ...plan, expected: hostLossExpectations(plan) };
};

function budgets(
  inventory: Inventory,
  config: VerificationConfig,
  restarting: readonly PlannedVm[],
  detection: Budget,
): VmBudget[] {
  const bootSeconds = (vm: VmState): number | undefined => config.vms.find(({ name }) => name === vm.name)?.bootSeconds;
  const all = restarting.map(({ vm }) => ({ vm, bootSeconds: bootSeconds(vm) }));
  return restarting
    .filter(({ kind }) => kind === "target")
    .map(({ vm }) => {
      const restart = restartBudget(inventory, vm, all);
      const boot = { seconds: bootSeconds(vm) ?? 0, basis: "the VM's boot budget (configuration, vms[].bootSeconds)" };
      return { vm, detection, restart, boot, total: detection.seconds + restart.seconds + boot.seconds };
    });
}

function haRefusals({ cluster: { settings, name } }: Inventory): string[] {
  if (settings["haEnabled"] !== true) {
    return [`vSphere HA is off on cluster ${name}: nothing would restart; set haEnabled to true`];
  }
  if (settings["haHostMonitoring"] === "disabled") {
    return [`host monitoring is disabled on cluster ${name}: set haHostMonitoring to enabled`];
  }
  return [];
}

function vmRefusals(onHost: readonly PlannedVm[], host: HostState, options: PlanOptions): string[] {
  const running = onHost.filter(({ vm }) => vm.powerState === "poweredOn");
  const needed = running.filter(({ vm }) => vm.addresses.some((address) => options.keepUp.includes(address)));
  const others = running.filter((one) => one.kind === "other" && !needed.includes(one)).map(({ vm }) => vm.name);
  return [
    ...needed.map(
      ({ vm }) => `VM ${vm.name} on ${host.name} carries vCenter or this verification itself; move it to another host`,
    ),
    ...(others.length === 0 || options.includeBystanders
      ? []
      : [
          `${others.join(", ")} on ${host.name} ${others.length === 1 ? "is" : "are"} not of the target: ` +
            "move them to another host, or fail them too with --include-bystanders",
        ]),
  ];
}
