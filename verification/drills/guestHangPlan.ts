import type { Inventory, VmState } from "../model";
import { vmMonitoring, type VmMonitoring } from "../vmMonitoring";
import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import { plannedVm, probedTargets, targetRefusals } from "./hostSurvey";
import type { Planner, VmBudget } from "./plan";
import type { Budget } from "./timing";

/** For the agent to look and vCenter to stamp its event. Our allowance: no figure is published. */
const lookSeconds = 10;

/** What hanging a guest would do. HA must reset just that VM, where it runs. */
export const planGuestHang: Planner = (inventory, config, vmName) => {
  const vm = inventory.vms.find(({ name, template }) => name === vmName && !template);
  const host = inventory.hosts.find(({ id }) => id === vm?.hostId);
  const vmConfig = config.vms.find(({ name }) => name === vmName);
  if (vm === undefined || host === undefined || vmConfig === undefined) {
    const known = config.vms.map(({ name }) => name).join(", ") || "none";
    return {
      refusals: [
        `VM ${vmName} runs on no host of cluster ${inventory.cluster.name}, or is not in the configuration, which has ${known}`,
      ],
    };
  }
  const monitoring = vmMonitoring(inventory.cluster, vm.id);
  const detection = detectionOf(monitoring, vm);
  const boot = { seconds: vmConfig.bootSeconds, basis: "the VM's boot budget (configuration, vms[].bootSeconds)" };
  const restart = { seconds: 0, basis: "a reset takes no time of its own" };
  const budget: VmBudget = { vm, detection, restart, boot, total: detection.seconds + boot.seconds };
  const targets = probedTargets(inventory, config);
  return {
    fault: { kind: "guest-hang", host: host.name, vm: vm.name },
    host,
    role: host.fdmState === "master" ? "master" : "secondary",
    onHost: inventory.vms.filter(({ hostId }) => hostId === host.id).map((one) => plannedVm(inventory, config, one)),
    moves: [],
    affected: [plannedVm(inventory, config, vm)],
    targets,
    detection,
    budgets: [budget],
    holdSeconds: 0,
    staysOnHost: true,
    expected: expectations(
      budget,
      targets.map((target) => target.vm),
    ),
    refusals: [...monitoringRefusals(inventory, monitoring, vm), ...targetRefusals(inventory, config)],
  };
};

function detectionOf({ failureInterval, ioSeconds, minUpTime }: VmMonitoring, { uptimeSeconds }: VmState): Budget {
  const silent = Math.max(failureInterval, ioSeconds);
  const young = Math.max(0, minUpTime - (uptimeSeconds ?? 0));
  return {
    seconds: Math.max(silent, young) + lookSeconds,
    basis:
      `no Tools heartbeat for ${failureInterval.toString()} s (failureInterval) and no disk or network I/O for ` +
      `${ioSeconds.toString()} s (das.iostatsinterval), not before it has run for ${minUpTime.toString()} s (minUpTime); ` +
      `${lookSeconds.toString()} s more for the agent to look and vCenter to report it (our allowance)`,
  };
}

function expectations({ vm, detection, boot, total }: VmBudget, probed: readonly VmState[]): Expected[] {
  return [
    observed,
    {
      ...aboutVm("vm-fails", vm),
      statement: `${vm.name} stops answering when its guest hangs`,
      basis: "a probe that does not notice measures something else",
    },
    {
      ...aboutVm("vm-reset", vm),
      statement: `HA resets ${vm.name} within ${detection.seconds.toString()} s`,
      basis: detection.basis,
      limitSeconds: detection.seconds,
    },
    {
      ...aboutVm("vm-answers", vm),
      statement: `${vm.name} answers again within ${total.toString()} s`,
      basis: `reset ${detection.seconds.toString()} s, boot ${boot.seconds.toString()} s. ${boot.basis}`,
      limitSeconds: total,
    },
    {
      ...aboutVm("vm-stays", vm),
      statement: `${vm.name} runs where it ran`,
      basis: "VM monitoring resets a VM on its host; only a lost host's VMs go elsewhere",
    },
    {
      ...aboutVm("vm-protected", vm),
      statement: `${vm.name} is protected afterwards`,
      basis: "the next failure must find it protected",
    },
    ...probed
      .filter(({ id }) => id !== vm.id)
      .map((other) => undisturbed(other, `nothing happens to it: only ${vm.name} hangs`)),
  ];
}

function monitoringRefusals({ cluster }: Inventory, { on }: VmMonitoring, vm: VmState): string[] {
  if (cluster.settings["haEnabled"] !== true) {
    return [`vSphere HA is off on cluster ${cluster.name}: nobody would reset ${vm.name}; set haEnabled to true`];
  }
  const refusals: string[] = [];
  if (!on) {
    const own = cluster.settings["haVmMonitoring"] === "vmMonitoringDisabled" ? "" : ", by its override";
    refusals.push(
      `the drill is not applicable: VM monitoring of ${vm.name} is off${own}, and HA does not reset it; set haVmMonitoring`,
    );
  }
  if (vm.guestHeartbeat !== "green") {
    refusals.push(
      `VMware Tools of ${vm.name} send no heartbeat (${vm.guestHeartbeat ?? "not told"}): HA resets only a VM whose heartbeat it has seen`,
    );
  }
  return refusals;
}
