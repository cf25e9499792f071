import type { VerificationConfig } from "../config";
import { faultWords } from "../faults/words";
import type { Companion } from "./companion";
import type { DrillPlan, PlannedVm } from "./plan";
import { stopStatement } from "./stopConditions";

const kinds: Record<PlannedVm["kind"], string> = {
  target: "of the target",
  system: "of the platform: left out",
  other: "not of the target",
};

/** What a drill would do and be judged by, for people. */
export function describePlan(plan: DrillPlan, stop: VerificationConfig["stop"], companion?: Companion): string {
  const { role, onHost, moves, affected, targets } = plan;
  const words = faultWords(plan.fault);
  const affectedIds = new Set(affected.map(({ vm }) => vm.id));
  const lines = [
    `${words.named} (HA ${role})`,
    "  VMs on it now:",
    ...(onHost.length === 0 ? ["    none"] : onHost.map((one) => `    ${describeVm(one)}`)),
    "  first:",
    ...(moves.length === 0
      ? ["    nothing to move: a VM of each guest OS is there"]
      : moves.map(({ vm, guestOs, from, to }) => `    move ${vm.name} (${guestOs}) from ${from} to ${to.name}`)),
    `  then: ${words.breaks}, observe, ${words.undo}`,
    "  probed all the time:",
    ...targets.map(({ vm, service }) => {
      const fate = affectedIds.has(vm.id) ? words.hits : "must not notice";
      return `    ${vm.name} at ${service.address}:${service.port.toString()}: ${fate}`;
    }),
    "  expected:",
    ...(companion?.undo === undefined ? [] : [`    (afterwards: ${companion.undo})`]),
    ...[...plan.expected, ...(companion?.expectations(plan) ?? []), stopStatement(stop)].flatMap(
      ({ statement, basis }) => [`    ${statement}`, `      ${basis}`],
    ),
  ];
  if (plan.refusals.length > 0) lines.push("  refused:", ...plan.refusals.map((reason) => `    ${reason}`));
  return lines.join("\n");
}

function describeVm({ vm, kind, restartDisabled }: PlannedVm): string {
  const state = vm.template ? "template" : vm.powerState;
  return `${vm.name} (${state}, ${kinds[kind]}${restartDisabled ? ", restart disabled" : ""})`;
}
