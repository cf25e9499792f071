import { aboutVm, observed, undisturbed, type Expected } from "./expected";
import type { DrillPlan } from "./plan";
import { comesBack, restartsElsewhere } from "./restartExpectations";

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
      statement: `HA declares ${host} failed within ${plan.detection.seconds.toString()} s`,
      basis: plan.detection.basis,
      vm: undefined,
      limitSeconds: plan.detection.seconds,
    },
    ...plan.budgets.flatMap((budget): Expected[] => [
      {
        ...aboutVm("vm-fails", budget.vm),
        statement: `${budget.vm.name} stops answering when ${host} fails`,
        basis: "it runs there; a probe that does not notice measures something else",
      },
      ...comesBack(budget, host),
    ]),
    ...restarting.flatMap(({ vm }) => restartsElsewhere(vm, host, "before the power of the host is restored")),
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
