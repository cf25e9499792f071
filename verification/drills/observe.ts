import { CouldNotRun } from "../problems";
import type { Inventory } from "../model";
import type { DrillParts, Prober } from "./parts";
import type { DrillPlan } from "./plan";
import type { Timeline } from "./timeline";

/** Seconds of the Clock. */
const pollSeconds = 1;
/** Beyond the budget, so that a VM that is late is seen to be late. */
const graceSeconds = 10;

export interface Observing {
  plan: DrillPlan;
  prober: Prober;
  timeline: Timeline;
  /** When the first fault was sent; wall ms. */
  faultSent: number;
  /** Has vCenter tell again what it could not while the fault was there. */
  reveal: () => Promise<void>;
}

/**
 * Waits until all VMs that must come back answer again, or their budget is over; then reads where they run.
 *
 * @returns the cluster after the failover; undefined when vCenter did not answer
 */
export async function observe(
  parts: DrillParts,
  { plan, prober, timeline, faultSent, reveal }: Observing,
): Promise<Inventory | undefined> {
  const { clock, interrupted } = parts;
  const started = clock.now();
  const { least, most } = observationSeconds(plan);
  const waiting = new Map(plan.budgets.map(({ vm }) => [vm.name, "up"]));
  while (clock.seconds(clock.now() - started) < most) {
    for (const [name, state] of waiting) {
      const outcome = prober.last(name)?.outcome;
      const after = `${clock.seconds(clock.now() - faultSent).toFixed(0)} s after the fault`;
      if (state === "up" && outcome === "down") {
        waiting.set(name, "down");
        timeline.say("probe", `${name} does not answer`);
      } else if (state === "down" && outcome === "up") {
        waiting.delete(name);
        timeline.say("probe", `${name} answers again, ${after}`);
      }
    }
    if (waiting.size === 0 && clock.seconds(clock.now() - started) >= least) {
      if (plan.unseen === true) break;
      const inventory = await read(parts, timeline);
      if (inventory === undefined || allRestarted(inventory, plan)) return inventory;
    }
    await clock.wait(pollSeconds, interrupted);
  }
  for (const name of waiting.keys()) timeline.say("probe", `${name} still does not answer`);
  await reveal();
  return read(parts, timeline);
}

/** The shortest and longest observation: VMs that must not restart need time in which they could have. */
export function observationSeconds({
  affected,
  budgets,
  detection,
  holdSeconds,
}: Pick<DrillPlan, "affected" | "budgets" | "detection" | "holdSeconds">): { least: number; most: number } {
  const restarted = detection.seconds + Math.max(0, ...budgets.map(({ restart }) => restart.seconds));
  const unprobed = affected.some(({ restartDisabled, kind }) => restartDisabled || kind !== "target");
  return {
    least: Math.max(holdSeconds, affected.some(({ restartDisabled }) => restartDisabled) ? restarted : 0),
    most: Math.max(holdSeconds, unprobed ? restarted : 0, ...budgets.map(({ total }) => total)) + graceSeconds,
  };
}

function allRestarted(inventory: Inventory, { affected, host, second, staysOnHost }: DrillPlan): boolean {
  return affected
    .filter(({ restartDisabled }) => !restartDisabled)
    .every(({ vm }) => {
      const now = inventory.vms.find(({ id }) => id === vm.id);
      if (now !== undefined && now.hostId === second?.host.id) return false;
      return now?.powerState === "poweredOn" && (now.hostId === host.id) === (staysOnHost === true);
    });
}

async function read({ vcenter }: DrillParts, timeline: Timeline): Promise<Inventory | undefined> {
  try {
    return await vcenter.inventory();
  } catch (error) {
    if (!(error instanceof CouldNotRun)) throw error;
    timeline.say("note", `vCenter did not answer: ${error.message}`);
    return undefined;
  }
}
