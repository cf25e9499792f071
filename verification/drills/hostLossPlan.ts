import { unplaceable } from "./capacity";
import { haRefusals, restartBudgets, vmRefusals } from "./failover";
import { hostLossExpectations } from "./hostLossExpectations";
import { surveyHost } from "./hostSurvey";
import type { Planner } from "./plan";
import { detectionBudget, hasHeartbeatDatastores } from "./timing";

/** What failing a host would do, from one reading of the cluster. Pure: changes and asks nothing. */
export const planHostLoss: Planner = (inventory, config, hostName, options) => {
  const survey = surveyHost(inventory, config, hostName);
  if (!("host" in survey)) return survey;
  const { host, role, onHost, moves, targets, running: affected } = survey;
  const restarting = affected.filter(({ restartDisabled }) => !restartDisabled);
  const detection = detectionBudget(role, hasHeartbeatDatastores(inventory));
  const plan = {
    fault: { kind: "host-power" as const, host: host.name },
    host,
    role,
    onHost,
    moves,
    affected,
    targets,
    detection,
    budgets: restartBudgets(inventory, config, restarting, () => detection),
    holdSeconds: 0,
    refusals: [
      ...haRefusals(inventory),
      ...survey.refusals,
      ...vmRefusals(onHost, host, options),
      ...unplaceable(
        inventory,
        host,
        restarting.map(({ vm }) => vm),
      ).map((reason) => `the cluster cannot lose ${host.name}: ${reason}; add capacity or free some`),
    ],
  };
  return { ...plan, expected: hostLossExpectations(plan) };
};
