import type { Clock } from "../clock";
import type { CheckResult } from "../model";
import { checks, verdictOf } from "./index";
import { openstackChecks } from "./openstack";

/** Time that a freshly changed cluster gets: FDM election, protection, guests that boot. Seconds of the clock. */
export const settleSeconds = 300;
/** Between two looks, in seconds of the clock. */
const pollSeconds = 5;

const settling = new Set([...checks, ...openstackChecks].filter(({ settles }) => settles).map(({ id }) => id));

/** Looks again while something that comes by itself is missing, for at most `budgetSeconds`; resolves to the last look. */
export async function settle(
  look: () => Promise<CheckResult[]>,
  { clock, budgetSeconds = settleSeconds, signal, waiting }: SettleOptions,
): Promise<CheckResult[]> {
  const until = clock.now() + clock.wallMs(budgetSeconds);
  for (;;) {
    const results = await look();
    const open = results.filter(
      ({ id, verdict }) => settling.has(id) && verdict !== "passed" && verdict !== "not-applicable",
    );
    if (open.length === 0 || clock.now() >= until) return results;
    if (verdictOf(results) === "passed") return results;
    waiting?.(open);
    await clock.wait(pollSeconds, signal);
  }
}

export interface SettleOptions {
  clock: Clock;
  budgetSeconds?: number;
  signal?: AbortSignal;
  /** Told before each wait: what is not there yet. */
  waiting?: (open: CheckResult[]) => void;
}

/** What is waited for, in one line. */
export function waitingText(open: readonly CheckResult[]): string {
  return `waiting for the cluster to settle: ${open.map(({ id, read }) => `${id} (${read})`).join(", ")}`;
}
