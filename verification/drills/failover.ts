import type { VerificationConfig } from "../config";
import type { HostState, Inventory, VmState } from "../model";
import type { PlannedVm, PlanOptions, VmBudget } from "./plan";
import { restartBudget, type Budget } from "./timing";

/**
 * When VMs of the target that HA restarts must answer again.
 *
 * @param restarting every VM that HA restarts: they wait for each other
 * @param detection until HA begins to restart one of them
 */
export function restartBudgets(
  inventory: Inventory,
  config: VerificationConfig,
  restarting: readonly PlannedVm[],
  detection: (vm: VmState) => Budget,
): VmBudget[] {
  const bootSeconds = (vm: VmState): number | undefined => config.vms.find(({ name }) => name === vm.name)?.bootSeconds;
  const all = restarting.map(({ vm }) => ({ vm, bootSeconds: bootSeconds(vm) }));
  return restarting
    .filter(({ kind }) => kind === "target")
    .map(({ vm }) => {
      const detected = detection(vm);
      const restart = restartBudget(inventory, vm, all);
      const boot = { seconds: bootSeconds(vm) ?? 0, basis: "the VM's boot budget (configuration, vms[].bootSeconds)" };
      return { vm, detection: detected, restart, boot, total: detected.seconds + restart.seconds + boot.seconds };
    });
}

/** Why HA would restart nothing at all. */
export function haRefusals({ cluster: { settings, name } }: Inventory): string[] {
  if (settings["haEnabled"] !== true) {
    return [`vSphere HA is off on cluster ${name}: nothing would restart; set haEnabled to true`];
  }
  if (settings["haHostMonitoring"] === "disabled") {
    return [`host monitoring is disabled on cluster ${name}: set haHostMonitoring to enabled`];
  }
  return [];
}

/** VMs on the host that must not go down with it. */
export function vmRefusals(onHost: readonly PlannedVm[], host: HostState, options: PlanOptions): string[] {
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
