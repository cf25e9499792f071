import type { VerificationConfig, VmConfig } from "../config";
import type { HostState, Inventory, VmState } from "../model";
import { serviceOf } from "../probes/target";
import { restartPriority } from "../restartPriority";
import { missingOn, survivors } from "./capacity";
import type { DrillPlan, Move, PlannedVm } from "./plan";
import type { FdmRole } from "./timing";

/** What a drill on a host starts from. */
export interface HostSurvey extends Pick<DrillPlan, "host" | "role" | "onHost" | "moves" | "targets"> {
  /** VMs that run on the host once the moves are done, the platform's own left out. */
  running: PlannedVm[];
  /** Why nothing may be done to this host, whatever it is. */
  refusals: string[];
}

/**
 * A host with the VMs on it and the moves that put one VM of each guest OS there.
 *
 * @param concerns which VMs the drill is about, when not about all that run on the host
 */
export function surveyHost(
  inventory: Inventory,
  config: VerificationConfig,
  hostName: string,
  concerns: (vm: VmState) => boolean = () => true,
): HostSurvey | { refusals: string[] } {
  const host = inventory.hosts.find(({ name }) => name === hostName);
  if (host === undefined) {
    const known = inventory.hosts.map(({ name }) => name).join(", ");
    return { refusals: [`host ${hostName} is not in cluster ${inventory.cluster.name}, which has ${known || "none"}`] };
  }
  const role: FdmRole = host.fdmState === "master" ? "master" : "secondary";
  const targets = probedTargets(inventory, config);
  const planned = (vm: VmState): PlannedVm => plannedVm(inventory, config, vm);
  const onHost = inventory.vms.filter(({ hostId }) => hostId === host.id).map(planned);
  const { moves, unmovable } = planMoves(inventory, host, targets, concerns);
  const leaving = new Set(moves.filter(({ to }) => to.id !== host.id).map(({ vm }) => vm.id));
  const coming = moves.filter(({ to }) => to.id === host.id).map(({ vm }) => planned(vm));
  const running = [...onHost.filter(({ vm }) => !leaving.has(vm.id)), ...coming].filter(
    ({ vm, kind }) => vm.powerState === "poweredOn" && kind !== "system",
  );
  const refusals = [...hostRefusals(inventory, host), ...targetRefusals(inventory, config), ...unmovable];
  return { host, role, onHost, moves, targets, running, refusals };
}

/** VMs of the target with the services that are probed. */
export function probedTargets(inventory: Inventory, config: VerificationConfig): DrillPlan["targets"] {
  return config.vms.flatMap((vmConfig) => {
    const vm = inventory.vms.find(({ name, template }) => name === vmConfig.name && !template);
    const service = serviceOf(vmConfig, vm);
    return vm === undefined || service === undefined ? [] : [{ vm, config: vmConfig, service }];
  });
}

export function plannedVm({ cluster }: Inventory, config: VerificationConfig, vm: VmState): PlannedVm {
  const target = config.vms.find(({ name }) => name === vm.name);
  return {
    vm,
    kind: target !== undefined ? "target" : vm.system ? "system" : "other",
    guestOs: target?.guestOs,
    restartDisabled: restartPriority(cluster, vm.id) === "disabled",
  };
}

function hostRefusals(inventory: Inventory, host: HostState): string[] {
  const refusals: string[] = [];
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
    refusals.push(`${host.name} is the only host of cluster ${inventory.cluster.name} that runs VMs; add another`);
  }
  return refusals;
}

/** Why the VMs of the target cannot be observed. */
export function targetRefusals(inventory: Inventory, config: VerificationConfig): string[] {
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

/**
 * One VM of each guest OS belongs onto the host: that is what its cell of the guest × host table measures. Those that nova
 * launched count apart: what becomes of them is told by two. A VM that must not run beside one that comes changes places
 * with it.
 */
function planMoves(
  inventory: Inventory,
  host: HostState,
  targets: DrillPlan["targets"],
  concerns: (vm: VmState) => boolean,
): { moves: Move[]; unmovable: string[] } {
  const moves: Move[] = [];
  const unmovable: string[] = [];
  const concerned = targets.filter(({ vm }) => concerns(vm));
  const restarts = concerned.filter(({ vm }) => restartPriority(inventory.cluster, vm.id) !== "disabled");
  for (const kind of new Set(concerned.map(({ config }) => kindOf(config)))) {
    const ofThisOs = restarts.filter(({ vm, config }) => kindOf(config) === kind && vm.powerState === "poweredOn");
    if (ofThisOs.some(({ vm }) => vm.hostId === host.id)) continue;
    const crowd = (hostId: string | undefined): number => ofThisOs.filter(({ vm }) => vm.hostId === hostId).length;
    const [candidate] = ofThisOs
      .filter(({ vm }) => missingOn(host, vm, inventory) === undefined)
      .sort((a, b) => crowd(b.vm.hostId) - crowd(a.vm.hostId) || a.vm.name.localeCompare(b.vm.name));
    const from = inventory.hosts.find(({ id }) => id === candidate?.vm.hostId);
    if (candidate === undefined || from === undefined) {
      unmovable.push(`no ${kind} VM of the target can run on ${host.name} and be restarted by HA`);
      continue;
    }
    for (const { id, name } of keptApart(inventory, candidate.vm, host)) {
      const other = targets.find(({ vm }) => vm.id === id);
      if (other === undefined) unmovable.push(`${candidate.vm.name} must not run beside ${name} on ${host.name}`);
      else moves.push({ vm: other.vm, guestOs: other.config.guestOs, from: host.name, to: from });
    }
    moves.push({ vm: candidate.vm, guestOs: candidate.config.guestOs, from: from.name, to: host });
  }
  return { moves, unmovable };
}

/** VMs on the host that a rule keeps apart from this one: left together, DRS would move one of them when it likes. */
function keptApart({ cluster, vms }: Inventory, vm: VmState, host: HostState): VmState[] {
  const apart = cluster.rules.filter((rule) => rule.enabled && rule.kind === "apart" && rule.vms.includes(vm.id));
  const others = new Set(apart.flatMap((rule) => rule.vms));
  return vms.filter(({ id, hostId, powerState }) => {
    return id !== vm.id && others.has(id) && hostId === host.id && powerState === "poweredOn";
  });
}

function kindOf({ guestOs, openstack }: VmConfig): string {
  return openstack === undefined ? guestOs : `nova-launched ${guestOs}`;
}
