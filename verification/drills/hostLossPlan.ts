import type { VerificationConfig, VmConfig } from "../config";
import type { HostState, Inventory, VmState } from "../model";
import { serviceOf } from "../probes/target";
import { restartPriority } from "../restartPriority";
import { missingOn, survivors, unplaceable } from "./capacity";
import { hostLossExpectations } from "./hostLossExpectations";
import type { DrillPlan, Move, PlannedVm, Planner, PlanOptions, VmBudget } from "./plan";
import { detectionBudget, hasHeartbeatDatastores, restartBudget, type Budget, type FdmRole } from "./timing";

/** What failing a host would do, from one reading of the cluster. Pure: changes and asks nothing. */
export const planHostLoss: Planner = (inventory, config, hostName, options) => {
  const host = inventory.hosts.find(({ name }) => name === hostName);
  if (host === undefined) {
    const known = inventory.hosts.map(({ name }) => name).join(", ");
    return { refusals: [`host ${hostName} is not in cluster ${inventory.cluster.name}, which has ${known || "none"}`] };
  }
  const role: FdmRole = host.fdmState === "master" ? "master" : "secondary";
  const targets = config.vms.flatMap((vmConfig) => {
    const vm = inventory.vms.find(({ name, template }) => name === vmConfig.name && !template);
    const service = serviceOf(vmConfig, vm);
    return vm === undefined || service === undefined ? [] : [{ vm, config: vmConfig, service }];
  });
  const planned = (vm: VmState): PlannedVm => {
    const target = config.vms.find(({ name }) => name === vm.name);
    return {
      vm,
      kind: target !== undefined ? "target" : vm.system ? "system" : "other",
      guestOs: target?.guestOs,
      restartDisabled: restartPriority(inventory.cluster, vm.id) === "disabled",
    };
  };
  const onHost = inventory.vms.filter(({ hostId }) => hostId === host.id).map(planned);
  const { moves, unmovable } = planMoves(inventory, host, targets);
  const affected = [...onHost, ...moves.map(({ vm }) => planned(vm))].filter(
    ({ vm, kind }) => vm.powerState === "poweredOn" && kind !== "system",
  );
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
    refusals: [
      ...clusterRefusals(inventory, host),
      ...targetRefusals(inventory, config),
      ...unmovable,
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

function clusterRefusals(inventory: Inventory, host: HostState): string[] {
  const { settings, name } = inventory.cluster;
  const refusals: string[] = [];
  if (settings["haEnabled"] !== true) {
    refusals.push(`vSphere HA is off on cluster ${name}: nothing would restart; set haEnabled to true`);
  } else if (settings["haHostMonitoring"] === "disabled") {
    refusals.push(`host monitoring is disabled on cluster ${name}: set haHostMonitoring to enabled`);
  }
  if (host.connectionState !== "connected" || host.powerState !== "poweredOn" || host.inMaintenanceMode) {
    const state = host.inMaintenanceMode ? "in maintenance mode" : `${host.connectionState}, ${host.powerState}`;
    refusals.push(`host ${host.name} is ${state}; bring it back first`);
  }
  if (host.fdmState !== "master" && host.fdmState !== "connectedToMaster") {
    refusals.push(
      `the HA agent of ${host.name} is ${host.fdmState ?? "not running"}; it must be master or connectedToMaster`,
    );
  }
  if (survivors(inventory, host).length === 0) {
    refusals.push(`${host.name} is the only host of cluster ${name} that runs VMs; add another`);
  }
  return refusals;
}

function targetRefusals(inventory: Inventory, config: VerificationConfig): string[] {
  if (config.vms.length === 0) return ["the configuration names no VM: there is nothing to observe; set vms"];
  return config.vms.flatMap((vmConfig) => {
    const vm = inventory.vms.find(({ name, template }) => name === vmConfig.name && !template);
    if (vm === undefined) return [`VM ${vmConfig.name} is not in cluster ${inventory.cluster.name}; check vms[].name`];
    if (vm.powerState !== "poweredOn") return [`VM ${vm.name} is ${vm.powerState}; power it on`];
    if (serviceOf(vmConfig, vm) === undefined) {
      return [`VM ${vm.name} has no address: VMware Tools report none; set vms[].address`];
    }
    return [];
  });
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

/**
 * One VM of each guest OS belongs onto the host: that is what its cell of the guest × host table measures. Those that nova
 * launched count apart: what becomes of them is told by two.
 */
function planMoves(
  inventory: Inventory,
  host: HostState,
  targets: DrillPlan["targets"],
): { moves: Move[]; unmovable: string[] } {
  const moves: Move[] = [];
  const unmovable: string[] = [];
  const restarts = targets.filter(({ vm }) => restartPriority(inventory.cluster, vm.id) !== "disabled");
  for (const kind of new Set(targets.map(({ config }) => kindOf(config)))) {
    const ofThisOs = restarts.filter(({ vm, config }) => kindOf(config) === kind && vm.powerState === "poweredOn");
    if (ofThisOs.some(({ vm }) => vm.hostId === host.id)) continue;
    const crowd = (hostId: string | undefined): number => ofThisOs.filter(({ vm }) => vm.hostId === hostId).length;
    const [candidate] = ofThisOs
      .filter(({ vm }) => missingOn(host, vm, inventory) === undefined)
      .sort((a, b) => crowd(b.vm.hostId) - crowd(a.vm.hostId) || a.vm.name.localeCompare(b.vm.name));
    if (candidate !== undefined) {
      const from = inventory.hosts.find(({ id }) => id === candidate.vm.hostId)?.name ?? "elsewhere";
      moves.push({ vm: candidate.vm, guestOs: candidate.config.guestOs, from });
    } else {
      unmovable.push(`no ${kind} VM of the target can run on ${host.name} and be restarted by HA`);
    }
  }
  return { moves, unmovable };
}

function kindOf({ guestOs, openstack }: VmConfig): string {
  return openstack === undefined ? guestOs : `nova-launched ${guestOs}`;
}
