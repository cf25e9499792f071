import type { CheckResult, Inventory } from "../model";
import { novaLagMs } from "../openstack/cloud";
import { CouldNotRun } from "../problems";
import type { DrillParts } from "./parts";

const pollSeconds = 3;

/** The cluster at rest: what was read, and that every check of severity error passed. */
export interface SteadyState {
  inventory: Inventory;
  checks: CheckResult[];
}

/** It did not come to rest in time. */
export class NotSteady extends CouldNotRun {
  override name = "NotSteady";
  constructor(
    message: string,
    readonly checks: CheckResult[],
    readonly inventory: Inventory | undefined,
  ) {
    super(message);
  }
}

export function holds(checks: readonly CheckResult[]): boolean {
  return broken(checks).length === 0;
}

/** A check that could not be answered does not hold either. */
function broken(checks: readonly CheckResult[]): CheckResult[] {
  return checks.filter(
    ({ severity, verdict }) => severity === "error" && verdict !== "passed" && verdict !== "not-applicable",
  );
}

/** A budget in seconds of the Clock, as long as nova takes to follow where there is one. */
export function nothingShorterThanNova({ clock, companion }: DrillParts, budgetSeconds: number): number {
  return companion === undefined ? budgetSeconds : Math.max(budgetSeconds, clock.seconds(novaLagMs));
}

type SteadyParts = Pick<DrillParts, "vcenter" | "checks" | "clock" | "progress">;

/** Reads and checks until the steady state holds; throws NotSteady, naming what does not, after the budget (seconds). */
export async function awaitSteadyState(
  parts: SteadyParts,
  budgetSeconds: number,
  signal: AbortSignal,
): Promise<SteadyState> {
  const { clock } = parts;
  const started = clock.now();
  let told = "";
  for (;;) {
    const attempt = await tryOnce(parts);
    if ("inventory" in attempt && holds(attempt.checks)) return attempt;
    if (clock.seconds(clock.now() - started) >= budgetSeconds) {
      throw new NotSteady(
        `the steady state of the cluster did not hold within ${budgetSeconds.toString()} s:\n` +
          `${"error" in attempt ? attempt.error : reasons(attempt.checks)}`,
        "checks" in attempt ? attempt.checks : [],
        "inventory" in attempt ? attempt.inventory : undefined,
      );
    }
    const text =
      "error" in attempt
        ? attempt.error
        : broken(attempt.checks)
            .map(({ id }) => id)
            .join(", ");
    if (text !== told) parts.progress(`waiting for the steady state: ${text}`);
    told = text;
    await clock.wait(pollSeconds, signal);
  }
}

/** vCenter may fail to answer for a moment while a host comes and goes. */
async function tryOnce({ vcenter, checks }: SteadyParts): Promise<SteadyState | { error: string }> {
  try {
    const inventory = await vcenter.inventory();
    return { inventory, checks: await checks(inventory) };
  } catch (error) {
    if (error instanceof CouldNotRun) return { error: error.message };
    throw error;
  }
}

function reasons(checks: readonly CheckResult[]): string {
  return broken(checks)
    .map(({ id, read, expected, remedy }) => `  ${id}: ${read}; expected ${expected}. ${remedy}`)
    .join("\n");
}
