import type { Expected } from "./expected";
import { planHostLoss } from "./hostLossPlan";
import type { Planner } from "./plan";

/** A host loss that vCenter does not see: HA works without it, so the same is expected, by the same numbers. */
export const planVcenterDown: Planner = (...given) => {
  const plan = planHostLoss(...given);
  if (!("host" in plan)) return plan;
  return {
    ...plan,
    fault: { kind: "host-loss-vcenter-down", host: plan.host.name },
    unseen: true,
    expected: plan.expected.map(unseen),
  };
};

/** What vCenter has of HA's doings was told to it afterwards. */
function unseen(one: Expected): Expected {
  if (one.kind !== "host-declared-failed" && one.kind !== "vm-restarted") return one;
  return {
    ...one,
    basis: `${one.basis}. From events that vCenter has when its service runs again; where it has none, this stays open`,
    mayBeUnreported: true,
  };
}
