import type { VerificationConfig } from "../config";
import type { CheckResult, Inventory, Verdict } from "../model";
import type { OpenStackState } from "../openstack/model";
import { serviceOf } from "../probes/target";
import { apdHandled, apdTimeoutAlike } from "./apd";
import { admissionControlOn, admissionControlSatisfied } from "./admission";
import { vcenterCertificate } from "./certificate";
import { runCheck, type Check } from "./check";
import { withoutHostDevices } from "./devices";
import { guestHeartbeat, toolsRunning, vmsReachable } from "./guests";
import { haOn, hostMonitoring, secondariesConnected, singleMaster } from "./ha";
import { heartbeatDatastores } from "./heartbeat";
import { configIssues, hostsConnected, hostsInService, hostsPresent } from "./hosts";
import { hostClocks, hostVersionsAlike, managementNetworkRedundant } from "./hostCare";
import { isolationAddress } from "./isolation";
import { openstackChecks } from "./openstack";
import { overridesInEffect } from "./overrides";
import { notBoundToOneHost, orderMatchesDependencies, rulesAgree, rulesLeaveRoom } from "./rules";
import { drsSettings, haSettings } from "./settings";
import { vmsOnSharedNetworks, vmsOnSharedStorage, vmsPoweredOn, vmsPresent, vmsProtected, vmsRestart } from "./vms";

/** The checks of a cluster, in the order in which they are told. */
export const checks: readonly Check[] = [
  haSettings,
  drsSettings,
  haOn,
  hostMonitoring,
  admissionControlOn,
  admissionControlSatisfied,
  singleMaster,
  secondariesConnected,
  hostsPresent,
  hostsConnected,
  hostsInService,
  heartbeatDatastores,
  isolationAddress,
  managementNetworkRedundant,
  hostClocks,
  hostVersionsAlike,
  apdHandled,
  apdTimeoutAlike,
  configIssues,
  rulesAgree,
  rulesLeaveRoom,
  orderMatchesDependencies,
  overridesInEffect,
  vcenterCertificate,
  vmsPresent,
  vmsPoweredOn,
  vmsProtected,
  vmsRestart,
  vmsOnSharedStorage,
  vmsOnSharedNetworks,
  withoutHostDevices,
  notBoundToOneHost,
  vmsReachable,
  toolsRunning,
  guestHeartbeat,
];

/** What is checked of a target: its OpenStack too, where it has one. */
export function checksOf({ openstack }: Pick<VerificationConfig, "openstack">): readonly Check[] {
  return openstack === undefined ? checks : [...checks, ...openstackChecks];
}

export interface CheckContext {
  inventory: Inventory;
  config: VerificationConfig;
  /** Whether a TCP connection to a VM's service is accepted. */
  probe: (target: { vm: string; address: string; port: number }) => Promise<boolean>;
  /** Where an OpenStack is declared: what was read of it. */
  openstack?: OpenStackState | undefined;
}

/**
 * Probes every running declared VM once, then judges everything.
 *
 * @example
 * ```ts
 * import { connect, loadConfig, runChecks } from "vsphere-ha/verification";
 *
 * async function failed(): Promise<string[]> {
 *   const config = loadConfig(["cluster.json"], process.env);
 *   const vcenter = await connect(config, process.env);
 *   try {
 *     const results = await runChecks({
 *       inventory: await vcenter.inventory(),
 *       config,
 *       probe: ({ address, port }) => fetch(`http://${address}:${port}/`).then((answer) => answer.ok),
 *     });
 *     return results.filter(({ verdict }) => verdict === "failed").map(({ id, remedy }) => `${id}: ${remedy}`);
 *   } finally {
 *     await vcenter.close();
 *   }
 * }
 *
 * void failed().then(console.log);
 * ```
 */
export async function runChecks({ inventory, config, probe, openstack }: CheckContext): Promise<CheckResult[]> {
  const probed = config.vms.map(async (vm): Promise<[string, boolean][]> => {
    const state = inventory.vms.find(({ name }) => name === vm.name);
    const target = serviceOf(vm, state);
    if (state?.powerState !== "poweredOn" || target === undefined) return [];
    return [[vm.name, await probe(target)]];
  });
  const answered = new Map((await Promise.all(probed)).flat());
  return checksOf(config).map((check) => runCheck(check, { inventory, config, answered, openstack }));
}

/** Warnings are told and do not decide. What could not be observed is never a pass. */
export function verdictOf(results: readonly CheckResult[]): Verdict {
  const deciding = results.filter(({ severity }) => severity === "error").map(({ verdict }) => verdict);
  if (deciding.includes("failed")) return "failed";
  if (deciding.includes("inconclusive")) return "inconclusive";
  return deciding.includes("passed") ? "passed" : "inconclusive";
}
