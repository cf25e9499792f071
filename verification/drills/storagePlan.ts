import type { VerificationConfig } from "../config";
import type { FaultRecord, StorageLoss, StorageRecord } from "../faults/fault";
import type { DatastoreState, HostState, Inventory, VmState } from "../model";
import { unplaceable } from "./capacity";
import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import { haRefusals, restartBudgets, vmRefusals } from "./failover";
import { surveyHost } from "./hostSurvey";
import { sshRefusals } from "./isolationPlan";
import type { DrillPlan, PlannedVm, Planner } from "./plan";
import { comesBack, restartsElsewhere } from "./restartExpectations";
import {
  apdRefusals,
  earliestTermination,
  storageResponse,
  terminationBudget,
  type StorageResponse,
} from "./storageTiming";

/** After a termination would have come, so that a VM that is to be left alone is seen to be; seconds. */
const watchSeconds = 30;

/** Rule sets of ESXi's firewall for its NFS clients (vSphere Security, "NFS Client Firewall Behavior"). */
const nfsRulesets: Record<string, string> = { NFS: "nfsClient", NFS41: "nfs41Client" };

export const planApd: Planner = planStorageLoss("apd");
export const planPdl: Planner = planStorageLoss("pdl");

/** What losing the storage of one datastore would do to a host; of NFS, all datastores that the same client mounts. */
function planStorageLoss(loss: StorageLoss): Planner {
  return (inventory, config, hostName, options) => {
    const { cluster } = inventory;
    const host = inventory.hosts.find(({ name }) => name === hostName);
    const lost = host === undefined ? [] : lostDatastores(inventory, config, host, loss);
    if (host !== undefined && lost.length === 0) {
      return { refusals: [inapplicable(loss, host)], notApplicable: recordOf(loss, host.name, []) };
    }
    const ids = lost.map(({ id }) => id);
    const isOn = (vm: VmState): boolean => vm.datastoreIds.some((id) => ids.includes(id));
    const survey = surveyHost(inventory, config, hostName, isOn);
    if (!("host" in survey)) return survey;
    const hit = survey.running.filter(({ vm }) => isOn(vm));
    const responseOf = ({ id }: VmState): StorageResponse | undefined => storageResponse(cluster, id, loss);
    const terminated = hit.filter(({ vm }) => responseOf(vm)?.restarts === true);
    const left = hit.filter((one) => !terminated.includes(one));
    const budgetOf = (vm: VmState): { seconds: number; basis: string } => {
      const response = responseOf(vm) ?? { restarts: false, delaySeconds: 0, because: "not told" };
      return terminationBudget(loss, response, survey.host);
    };
    const longest = Math.max(0, ...hit.map(({ vm }) => budgetOf(vm).seconds));
    const untold = hit.filter(({ vm }) => responseOf(vm) === undefined).map(({ vm }) => vm.name);
    const plan = {
      fault: recordOf(loss, host?.name ?? hostName, lost),
      host: survey.host,
      role: survey.role,
      onHost: survey.onHost,
      moves: survey.moves,
      affected: terminated,
      targets: survey.targets,
      detection: { seconds: longest, basis: "the latest termination" },
      budgets: restartBudgets(inventory, config, terminated, budgetOf),
      holdSeconds: longest + watchSeconds,
      refusals: [
        ...haRefusals(inventory),
        ...survey.refusals,
        ...vmRefusals(
          survey.onHost.filter(({ vm }) => isOn(vm)),
          survey.host,
          options,
        ),
        ...sshRefusals(config, hostName),
        ...(loss === "apd" ? apdRefusals(survey.host) : []),
        ...(untold.length === 0
          ? []
          : [`vCenter does not tell how ${untold.join(", ")} are protected from lost storage`]),
        ...unplaceable(
          inventory,
          survey.host,
          terminated.map(({ vm }) => vm),
        ).map((reason) => `nowhere else to run: ${reason}; add capacity or free some`),
      ],
    };
    return { ...plan, expected: expectations(plan, { loss, terminated, left, responseOf }) };
  };
}

/** The datastore that most VMs of the target are on; a VMFS one where as many are, because it can be lost alone. */
function lostDatastores(
  { datastores, vms }: Inventory,
  config: VerificationConfig,
  host: HostState,
  loss: StorageLoss,
): DatastoreState[] {
  const targets = vms.filter(({ name, template }) => !template && config.vms.some((vm) => vm.name === name));
  const shared = datastores.filter(({ id, hostIds }) => host.datastoreIds.includes(id) && hostIds.length > 1);
  const groups = [
    ...shared.filter(({ type, devices }) => type === "VMFS" && devices.length > 0).map((one) => [one]),
    ...(loss === "apd" ? Object.keys(nfsRulesets).map((type) => shared.filter((one) => one.type === type)) : []),
  ];
  const count = (group: DatastoreState[]): number =>
    targets.filter((vm) => group.some(({ id }) => vm.datastoreIds.includes(id))).length;
  const best = groups.sort((a, b) => count(b) - count(a))[0] ?? [];
  return count(best) === 0 ? [] : best;
}

function inapplicable(loss: StorageLoss, { name }: HostState): string {
  return loss === "pdl"
    ? `not applicable to ${name}: no VM of the target is on a shared VMFS datastore there. Permanent device loss is told by ` +
        "SCSI sense codes, which other storage does not have"
    : `not applicable to ${name}: no VM of the target is on a shared VMFS or NFS datastore there`;
}

function recordOf(kind: StorageLoss, host: string, lost: readonly DatastoreState[]): StorageRecord & FaultRecord {
  return {
    kind,
    host,
    datastores: lost.map(({ name }) => name),
    devices: lost.flatMap(({ devices }) => devices),
    paths: [],
    rulesets: [...new Set(lost.flatMap(({ type }) => nfsRulesets[type] ?? []))],
  };
}

interface Hit {
  loss: StorageLoss;
  terminated: readonly PlannedVm[];
  left: readonly PlannedVm[];
  responseOf: (vm: VmState) => StorageResponse | undefined;
}

function expectations(
  { host, fault, targets, budgets }: Omit<DrillPlan, "expected" | "fault"> & { fault: StorageRecord },
  { loss, terminated, left, responseOf }: Hit,
): Expected[] {
  const names = fault.datastores.join(", ");
  const hit = new Set([...terminated, ...left].map(({ vm }) => vm.id));
  return [
    observed,
    {
      id: "storage-lost",
      kind: loss === "apd" ? "storage-apd" : "storage-pdl",
      statement: `${host.name} reports ${loss === "apd" ? "all paths down" : "a permanent device loss"}`,
      basis: `without a loss of ${names} nothing would be shown (vSphere Storage, detecting PDL and APD conditions)`,
      vm: undefined,
      limitSeconds: undefined,
    },
    ...terminated.flatMap(({ vm }): Expected[] => {
      const response = responseOf(vm);
      if (response === undefined) return [];
      const { seconds, basis } = terminationBudget(loss, response, host);
      const earliest = earliestTermination(loss, response, host);
      return [
        {
          ...aboutVm("vm-terminated", vm),
          statement:
            `HA terminates ${vm.name} within ${seconds.toString()} s` +
            (earliest > 0 ? `, and not before ${earliest.toString()} s` : ""),
          basis,
          limitSeconds: seconds,
          notBeforeSeconds: earliest,
        },
        ...restartsElsewhere(vm, host.name, "before the host has its storage back"),
      ];
    }),
    ...budgets.flatMap((budget) => comesBack(budget, host.name)),
    ...left.map(({ vm }) => ({
      ...aboutVm("vm-left-alone", vm),
      statement: `${vm.name} is neither terminated nor reset nor restarted`,
      basis: responseOf(vm)?.because ?? "not told",
    })),
    ...targets
      .filter(({ vm }) => !hit.has(vm.id))
      .map(({ vm }) => undisturbed(vm, `it needs nothing of ${names} at ${host.name}`)),
  ];
}
