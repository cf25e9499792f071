import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import type { DrillPlan } from "./plan";
import type { Budget } from "./timing";

/** What HA promises of a host loss. Pure, so that `--plan` shows just what the drill will be judged by. */
export function hostLossExpectations(plan: Omit<DrillPlan, "expected">): Expected[] {
  const host = plan.host.name;
  const restarting = plan.affected.filter(({ restartDisabled }) => !restartDisabled);
  const disabled = plan.affected.filter(({ restartDisabled }) => restartDisabled);
  const affected = new Set(plan.affected.map(({ vm }) => vm.id));
  return [
    observed,
    {
      id: "host-declared-failed",
      kind: "host-declared-failed",
      statement: `HA declares ${host} failed within ${text(plan.detection)} s`,
      basis: plan.detection.basis,
      vm: undefined,
      limitSeconds: plan.detection.seconds,
    },
    ...plan.budgets.flatMap(({ vm, detection, restart, boot, total }): Expected[] => [
      {
        ...aboutVm("vm-fails", vm),
        statement: `${vm.name} stops answering when ${host} fails`,
        basis: "it runs there; a probe that does not notice measures something else",
      },
      {
        ...aboutVm("vm-answers", vm),
        statement: `${vm.name} answers again within ${total.toString()} s`,
        basis:
          `detection ${text(detection)} s, restart ${text(restart)} s, boot ${text(boot)} s. ` +
          `${detection.basis}. ${restart.basis}. ${boot.basis}`,
        limitSeconds: total,
      },
      {
        ...aboutVm("vm-protected", vm),
        statement: `${vm.name} is protected again when ${host} is back`,
        basis: "the next failure must find it protected",
      },
    ]),
    ...restarting.flatMap(({ vm }): Expected[] => [
      {
        ...aboutVm("vm-restarted", vm),
        statement: `HA restarts ${vm.name}`,
        basis: "VmRestartedByHAEvent: it came back by HA, not by a person or DRS",
      },
      {
        ...aboutVm("vm-elsewhere", vm),
        statement: `${vm.name} runs on another host than ${host}`,
        basis: "read from vCenter before the power of the host is restored",
      },
    ]),
    ...disabled.map(({ vm }) => ({
      ...aboutVm("vm-not-restarted", vm),
      statement: `${vm.name} is not restarted`,
      basis: "its restart priority is disabled",
    })),
    ...plan.targets
      .filter(({ vm }) => !affected.has(vm.id))
      .map(({ vm }) => undisturbed(vm, `it runs on another host than ${host}`)),
  ];
}

function text({ seconds }: Budget): string {
  return seconds.toString();
}
