import type { VerificationConfig } from "../config";
import type { HostState, Inventory } from "../model";
import { unplaceable } from "./capacity";
import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import { haRefusals, restartBudgets, vmRefusals } from "./failover";
import { surveyHost } from "./hostSurvey";
import { earliestResponse, isolationBudget, isolationResponse, responseBudget } from "./isolationTiming";
import { observationSeconds } from "./observe";
import type { DrillPlan, PlannedVm, Planner } from "./plan";
import { comesBack, restartsElsewhere } from "./restartExpectations";
import { storageRefusals } from "./storageNetwork";
import { hasHeartbeatDatastores } from "./timing";

/** After the response would have come, so that a VM that is to stay up is seen to; seconds. */
const watchSeconds = 30;
/** The host ends its isolation so long after the longest observation; seconds. */
const marginSeconds = 30;

/** What cutting a host off from the management network would do. */
export const planIsolation: Planner = (inventory, config, hostName, options) => {
  const survey = surveyHost(inventory, config, hostName);
  if (!("host" in survey)) return survey;
  const { host, role, onHost, moves, targets, running } = survey;
  const { cluster } = inventory;
  const responseOf = ({ vm }: PlannedVm): ReturnType<typeof isolationResponse> => isolationResponse(cluster, vm.id);
  const stopped = running.filter((one) => !["none", undefined].includes(responseOf(one)));
  const longest = responseBudget(
    role,
    stopped.some((one) => responseOf(one) === "shutdown") ? "shutdown" : "powerOff",
    cluster,
  );
  const plan = {
    host,
    role,
    onHost,
    moves,
    affected: stopped,
    targets,
    detection: longest,
    budgets: restartBudgets(inventory, config, stopped, (vm) =>
      responseBudget(role, isolationResponse(cluster, vm.id) ?? "none", cluster),
    ),
    holdSeconds: longest.seconds + watchSeconds,
    refusals: [
      ...haRefusals(inventory),
      ...survey.refusals,
      ...vmRefusals(onHost, host, options),
      ...isolationRefusals(inventory, host, running),
      ...storageRefusals(
        host,
        running.map(({ vm }) => vm),
        managementAdapters(host) ?? [],
        { datastores: inventory.datastores, addresses: options.addresses ?? new Map<string, string[]>() },
      ),
      ...sshRefusals(config, hostName),
      ...unplaceable(
        inventory,
        host,
        stopped.map(({ vm }) => vm),
      ).map((reason) => `the cluster cannot do without ${host.name}: ${reason}; add capacity or free some`),
    ],
  };
  const fault = {
    kind: "host-isolation" as const,
    host: host.name,
    adapters: managementAdapters(host) ?? [],
    undoSeconds: observationSeconds(plan).most + marginSeconds,
  };
  return { ...plan, fault, expected: expectations({ ...plan, fault }, running, inventory) };
};

/** Drills that act in a host's ESXi Shell need a way into it. */
export function sshRefusals({ hosts }: VerificationConfig, hostName: string): string[] {
  if (hosts.find(({ name }) => name === hostName)?.ssh !== undefined) return [];
  return [`host ${hostName} has no SSH in the configuration; this drill acts in its ESXi Shell: set hosts[].ssh`];
}

function managementAdapters({ management }: HostState): string[] | undefined {
  const names = management?.map(({ adapter }) => adapter);
  return names === undefined || names.length === 0 ? undefined : [...new Set(names)].sort();
}

function isolationRefusals(inventory: Inventory, host: HostState, running: readonly PlannedVm[]): string[] {
  const { cluster, datastores } = inventory;
  const silent = running.filter(({ vm }) => isolationResponse(cluster, vm.id) === undefined);
  return [
    ...(managementAdapters(host) === undefined
      ? [`vCenter does not tell which adapters of ${host.name} carry management traffic, so it cannot be cut off`]
      : []),
    // vSphere Availability, "Using vSAN and vSphere HA": heartbeats use the vSAN network then.
    ...(datastores.some(({ type, hostIds }) => type.toLowerCase() === "vsan" && hostIds.includes(host.id))
      ? [`HA's heartbeats of ${host.name} go over the vSAN network: without management traffic it is not isolated`]
      : []),
    ...(hasHeartbeatDatastores(inventory)
      ? []
      : ["without heartbeat datastores an isolated host is taken for a dead one; let HA have two"]),
    ...(silent.length === 0
      ? []
      : [`vCenter does not tell the isolation response of ${silent.map(({ vm }) => vm.name).join(", ")}`]),
  ];
}

function expectations(
  { host, role, targets, affected, budgets }: Omit<DrillPlan, "expected">,
  running: readonly PlannedVm[],
  { cluster }: Inventory,
): Expected[] {
  const declared = isolationBudget(role);
  const earliest = earliestResponse(role, cluster);
  const stopped = new Set(affected.map(({ vm }) => vm.id));
  const left = running.filter(({ vm }) => !stopped.has(vm.id));
  return [
    observed,
    {
      id: "host-isolated",
      kind: "host-isolated",
      statement: `HA reports ${host.name} isolated within ${declared.seconds.toString()} s`,
      basis: declared.basis,
      vm: undefined,
      limitSeconds: declared.seconds,
    },
    ...budgets.flatMap((budget): Expected[] => [
      {
        ...aboutVm("vm-runs-until", budget.vm),
        statement: `${budget.vm.name} answers for at least ${earliest.seconds.toString()} s, and stops then`,
        basis: `${earliest.basis}. Its isolation response is ${isolationResponse(cluster, budget.vm.id) ?? "not told"}`,
        limitSeconds: earliest.seconds,
      },
      ...comesBack(budget, host.name),
    ]),
    ...affected.flatMap(({ vm }) => restartsElsewhere(vm, host.name, "before the isolation ends")),
    ...left.map(({ vm }) => ({
      ...aboutVm("vm-not-restarted", vm),
      statement: `${vm.name} stays on ${host.name}, and HA does not restart it`,
      basis: "its isolation response is none, or its restart priority is disabled, and then no response is made",
    })),
    ...targets
      .filter(({ vm }) => !stopped.has(vm.id))
      .map(({ vm }) =>
        undisturbed(
          vm,
          left.some((one) => one.vm.id === vm.id)
            ? `it stays on ${host.name}, and the fault leaves the networks of VMs alone`
            : `it runs on another host than ${host.name}`,
        ),
      ),
  ];
}
