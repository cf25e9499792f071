import type { HostState, Inventory, VmState } from "../model";
import { unplaceable } from "./capacity";
import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import { surveyHost, type HostSurvey } from "./hostSurvey";
import type { Planner } from "./plan";

/** How long the host stays in maintenance mode, so that what follows the moves is seen too; seconds. */
const holdSeconds = 30;
const nothing = { seconds: 0, basis: "nothing fails" };

/** What evacuating a host would do. Nobody may notice: not one VM of the target. */
export const planMaintenance: Planner = (inventory, config, hostName) => {
  const survey = surveyHost(inventory, config, hostName);
  if (!("host" in survey)) return survey;
  const { host, role, onHost, moves, targets, running } = survey;
  const moving = running.map(({ vm }) => vm);
  return {
    fault: { kind: "maintenance-mode", host: host.name },
    host,
    role,
    onHost,
    moves,
    affected: [],
    targets,
    detection: nothing,
    budgets: [],
    holdSeconds,
    expected: expectations(survey),
    refusals: [
      ...survey.refusals,
      ...automationRefusals(inventory),
      ...overrideRefusals(inventory, moving),
      ...lastOtherHost(inventory, host),
      ...unplaceable(inventory, host, moving).map((reason) => `${host.name} cannot be evacuated: ${reason}`),
    ],
  };
};

function expectations({ host, targets, running }: HostSurvey): Expected[] {
  const leaving = running.filter(({ kind }) => kind === "target");
  return [
    observed,
    {
      id: "host-evacuated",
      kind: "host-evacuated",
      statement: `${host.name} is in maintenance mode and runs no VM`,
      basis: "EnterMaintenanceMode_Task ends when the running VMs have left; those of the platform aside",
      vm: undefined,
      limitSeconds: undefined,
    },
    ...targets.map(({ vm }) => undisturbed(vm, "vMotion moves a running VM without an interruption of its service")),
    ...leaving.map(({ vm }) => ({
      ...aboutVm("vm-elsewhere", vm),
      statement: `${vm.name} runs on another host than ${host.name}`,
      basis: "read from vCenter while the host is in maintenance mode",
    })),
    ...leaving.map(({ vm }) => ({
      ...aboutVm("vm-protected", vm),
      statement: `${vm.name} is protected when ${host.name} is back`,
      basis: "the next failure must find it protected",
    })),
  ];
}

function automationRefusals({ cluster: { settings, name } }: Inventory): string[] {
  const { drsEnabled, drsAutomationLevel } = settings;
  if (drsEnabled === true && drsAutomationLevel === "fullyAutomated") return [];
  return [
    `DRS of cluster ${name} is not fully automated: nobody would move the VMs; set drsEnabled to true and ` +
      "drsAutomationLevel to fullyAutomated",
  ];
}

/** VMs that DRS leaves where they are, whatever it does with the others. */
function overrideRefusals({ cluster: { overrides, settings } }: Inventory, moving: readonly VmState[]): string[] {
  if (settings["drsEnableVmOverrides"] === false) return [];
  return moving.flatMap(({ id, name }) => {
    const level = overrides.find(({ vm }) => vm === id)?.drs;
    if (level === undefined || level === "fullyAutomated") return [];
    return [`DRS does not move ${name} by itself: its override says ${level}; remove it, or move the VM elsewhere`];
  });
}

/** With one host left, HA has nowhere to restart anything while the drill lasts. */
function lastOtherHost({ hosts }: Inventory, host: HostState): string[] {
  const left = hosts.filter(({ id, inMaintenanceMode, connectionState }) => {
    return id !== host.id && !inMaintenanceMode && connectionState === "connected";
  });
  if (left.length >= 2) return [];
  const names = left.map(({ name }) => name).join(", ") || "no host";
  return [
    `without ${host.name}, ${names} would be left: a failure during the drill had nowhere to fail over; add a host`,
  ];
}
