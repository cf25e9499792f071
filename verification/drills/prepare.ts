import type { Fault, FaultRecord } from "../faults/fault";
import type { CheckResult } from "../model";
import { faultWords } from "../faults/words";
import { CouldNotRun } from "../problems";
import type { DrillParts, Prober } from "./parts";
import type { DrillPlan } from "./plan";
import { awaitSteadyState, nothingShorterThanNova, type SteadyState } from "./steadyState";
import type { Timeline } from "./timeline";
import { variantOf } from "./variants";

/** Seconds of the Clock. */
const steadyBudget = 180;
/** All services must answer without a break for so long before anything is broken. */
const baselineSeconds = 10;
/** DRS may move a VM away again before the fault. */
const moveAttempts = 3;

/** The drill's fault has no object on the host: nothing was done, and nothing shown. */
export class NotApplicable extends CouldNotRun {
  override name = "NotApplicable";
  constructor(
    message: string,
    readonly fault: FaultRecord,
    readonly checks: CheckResult[],
  ) {
    super(message);
  }
}

export interface Prepared {
  plan: DrillPlan;
  steady: SteadyState;
  fault: Fault;
}

/** What is to be done, from one steady state, and a fault that can be put back. Breaks nothing; throws CouldNotRun. */
export async function survey(parts: DrillParts, hostName: string, timeline: Timeline): Promise<Prepared> {
  const steady = await awaitSteadyState(parts, nothingShorterThanNova(parts, steadyBudget), parts.interrupted);
  timeline.say("steady-state", `the steady state holds (${steady.checks.length.toString()} checks)`);
  const plan = permitted(parts, steady, hostName);
  const fault = parts.fault(plan.fault);
  try {
    await fault.check();
  } catch (error) {
    await fault.close?.();
    throw error;
  }
  return { plan: { ...plan, fault: fault.record?.() ?? plan.fault }, steady, fault };
}

/** One VM of each guest OS on the host, and the steady state again. Breaks nothing; throws CouldNotRun. */
export async function moveVms(
  parts: DrillParts,
  prepared: Prepared,
  hostName: string,
  timeline: Timeline,
): Promise<Prepared> {
  const { fault } = prepared;
  let { plan, steady } = prepared;
  for (let attempt = 0; plan.moves.length > 0; attempt++) {
    if (attempt === moveAttempts) {
      const names = plan.moves.flatMap(({ vm, to }) => (to.id === plan.host.id ? vm.name : [])).join(", ");
      throw new CouldNotRun(`${names} did not stay on ${hostName}: does DRS move it away? Check its rules and groups`);
    }
    for (const { vm, from, to } of plan.moves) {
      parts.interrupted.throwIfAborted();
      timeline.say("plan", `moving ${vm.name} from ${from} to ${to.name}`);
      await parts.vcenter.moveVm(vm.id, to.id, parts.interrupted);
    }
    steady = await awaitSteadyState(parts, nothingShorterThanNova(parts, steadyBudget), parts.interrupted);
    plan = permitted(parts, steady, hostName);
  }
  return { plan: { ...plan, fault: fault.record?.() ?? plan.fault }, steady, fault };
}

/** Probes for a while; throws CouldNotRun when a service does not answer each time. */
export async function baseline(parts: DrillParts, prober: Prober, vms: readonly string[]): Promise<void> {
  await parts.clock.wait(baselineSeconds, parts.interrupted);
  const silent = vms.filter((vm) => prober.last(vm)?.outcome !== "up");
  const broken = prober.samples.filter(({ outcome }) => outcome === "down").map(({ vm }) => vm);
  const unsteady = [...new Set([...silent, ...broken])];
  if (unsteady.length > 0) {
    throw new CouldNotRun(
      `${unsteady.join(", ")} did not answer steadily for ${baselineSeconds.toString()} s before the fault; nothing was ` +
        "failed: check the service and the network between it and this machine",
    );
  }
}

function permitted(parts: DrillParts, { inventory, checks }: SteadyState, hostName: string): DrillPlan {
  const plan = variantOf(parts.drill ?? "host-loss").plan(inventory, parts.config, hostName, parts);
  if ("notApplicable" in plan && plan.notApplicable !== undefined)
    throw new NotApplicable(plan.refusals.join("; "), plan.notApplicable, checks);
  if (!("host" in plan) || plan.refusals.length > 0) {
    throw new CouldNotRun(refusalText(hostName, plan));
  }
  return plan;
}

function refusalText(subject: string, plan: DrillPlan | { refusals: string[] }): string {
  const head = "fault" in plan ? faultWords(plan.fault).refused : `${subject} must not be failed`;
  return [`${head}:`, ...plan.refusals.map((reason) => `  ${reason}`)].join("\n");
}
