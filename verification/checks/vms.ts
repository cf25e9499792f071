import type { Finding, Moid } from "../model";
import { restartPriority } from "../restartPriority";
import {
  declaredVms,
  haEnabled,
  judgeEach,
  list,
  notApplicable,
  outcome,
  plural,
  runningVms,
  usableHosts,
  type Check,
  type CheckInput,
  type DeclaredVm,
  type Outcome,
  type UnreadFinding,
} from "./check";

export const vmsPresent: Check = {
  id: "vms-present",
  title: "declared VMs are in the cluster",
  severity: "error",
  settles: false,
  expected: "every declared VM is in the cluster, once, and vCenter can manage it",
  why: "what is not there cannot fail over",
  source: "the declared configuration",
  remedy: "run pulumi up --refresh; an inaccessible VM lacks its datastore or host",
  judge: ({ inventory, config }) => {
    if (config.vms.length === 0) return notApplicable("no VM is declared");
    const findings = config.vms.flatMap(({ name }): Finding[] => {
      const found = inventory.vms.filter((vm) => vm.name === name);
      const expected = "one VM of that name, connected";
      if (found.length !== 1) return [{ subject: name, read: `${plural(found.length, "VM")} of that name`, expected }];
      const state = found[0]?.connectionState ?? "unknown";
      return state === "connected" ? [] : [{ subject: name, read: state, expected }];
    });
    const there = config.vms.length - findings.length;
    return outcome(`${there.toString()} of ${plural(config.vms.length, "VM")}`, findings);
  },
};

export const vmsPoweredOn: Check = {
  id: "vms-powered-on",
  title: "declared VMs are powered on",
  severity: "error",
  settles: true,
  expected: "every declared VM is powered on",
  why: "HA restarts only VMs that were running",
  source: "vSphere API reference, VirtualMachineRuntimeInfo.powerState",
  remedy: "power the VM on; if it does not start, see its events in vCenter",
  judge: (input) => {
    return everyVm(declaredVms(input), "no declared VM is in the cluster", ({ name, state: { powerState } }) => {
      return powerState === "poweredOn" ? undefined : { subject: name, read: powerState, expected: "poweredOn" };
    });
  },
};

export const vmsProtected: Check = {
  id: "vms-ha-protected",
  title: "declared VMs are protected by HA",
  severity: "error",
  settles: true,
  expected: "HA says of every running declared VM that it is protected",
  why: "HA restarts only VMs that its master has on the list of protected VMs",
  source: "vSphere API reference, VirtualMachineRuntimeInfoDasProtectionState",
  remedy: "see the VM's vSphere HA Protection in vCenter; check the FDM master and the heartbeat datastores",
  judge: (input) => {
    if (haEnabled(input.inventory) === false) return notApplicable("HA is off");
    const running = runningVms(input).filter(({ state }) => !isRestartDisabled(input, state.id));
    return everyVm(running, "no declared VM runs that HA is to restart", ({ name, state: { haProtected } }) => {
      if (haProtected === true) return undefined;
      const finding = { subject: name, expected: "protected" };
      if (haProtected === false) return { ...finding, read: "not protected" };
      return { ...finding, read: "vCenter does not tell", unread: true };
    });
  },
};

export const vmsRestart: Check = {
  id: "vms-restart-not-disabled",
  title: "restart is not disabled for declared VMs",
  severity: "error",
  settles: false,
  expected: "no declared VM has the restart priority disabled, by override or by the cluster's default",
  why: "a VM whose restart is disabled stays down after its host fails",
  source: "vSphere Availability, VM Restart Priority; vSphere API reference, ClusterDasVmSettings.restartPriority",
  remedy: "remove the override, or set a priority from lowest to highest",
  judge: (input) => {
    if (haEnabled(input.inventory) === false) return notApplicable("HA is off");
    return everyVm(declaredVms(input), "no declared VM is in the cluster", ({ name, state: { id } }) => {
      const expected = "lowest to highest";
      return isRestartDisabled(input, id) ? { subject: name, read: "disabled", expected } : undefined;
    });
  },
};

export const vmsOnSharedStorage: Check = {
  id: "vms-on-shared-storage",
  title: "declared VMs are on storage that all hosts have",
  severity: "error",
  settles: false,
  expected: "every datastore of a declared VM is accessible on every usable host",
  why: "a host can restart only VMs whose files it reads",
  source: "vSphere Availability, vSphere HA Checklist",
  remedy: "mount the datastore on the hosts that lack it, or move the VM's files",
  judge: (input) => onAllHosts(input, "datastore", "datastoreIds", input.inventory.datastores),
};

export const vmsOnSharedNetworks: Check = {
  id: "vms-on-shared-networks",
  title: "declared VMs are on networks that all hosts have",
  severity: "error",
  settles: false,
  expected: "every network of a declared VM is there on every usable host",
  why: "a VM that restarts on a host without its network is up but unreachable, or does not start",
  source: "vSphere Availability, vSphere HA Checklist",
  remedy: "create the port group on the hosts that lack it, with the same name",
  judge: (input) => onAllHosts(input, "network", "networkIds", input.inventory.networks),
};

/** One finding a VM at most; of none, why not. */
export function everyVm(vms: DeclaredVm[], none: string, find: (vm: DeclaredVm) => UnreadFinding | undefined): Outcome {
  if (vms.length === 0) return notApplicable(none);
  return judgeEach(vms, "VM", find);
}

function isRestartDisabled({ inventory: { cluster } }: CheckInput, vm: Moid): boolean {
  return restartPriority(cluster, vm) === "disabled";
}

interface Shared {
  id: string;
  name: string;
  hostIds: string[];
}

function onAllHosts(input: CheckInput, what: string, ids: "datastoreIds" | "networkIds", there: Shared[]): Outcome {
  const hosts = usableHosts(input.inventory);
  if (hosts.length === 0) return notApplicable("no host is usable");
  return everyVm(declaredVms(input), "no declared VM is in the cluster", ({ name, state }) => {
    const used = state[ids];
    const expected = `on ${plural(hosts.length, "host")}`;
    if (used.length === 0) return { subject: name, read: `vCenter tells no ${what}`, expected, unread: true };
    const lacks = used.flatMap((id) => {
      const shared = there.find((candidate) => candidate.id === id);
      const missing = hosts.filter((host) => shared?.hostIds.includes(host.id) !== true).map((host) => host.name);
      return missing.length === 0 ? [] : [`${what} ${shared?.name ?? id} is missing on ${list(missing)}`];
    });
    return lacks.length === 0 ? undefined : { subject: name, read: lacks.join("; "), expected };
  });
}
