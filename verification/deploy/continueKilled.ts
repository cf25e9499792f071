import { continued, pendingOf, pendingText } from "./state";
import type { PulumiStack } from "./stack";

/**
 * Takes what a killed deployment was at out of the state, so that the next one begins it anew, and says so: the engine only
 * warns of it, and keeps it there for ever.
 */
export async function continueKilled(stack: PulumiStack, note: (line: string) => void): Promise<void> {
  const state = await stack.state();
  const pending = pendingOf(state);
  if (pending.length === 0) return;
  note(
    `a deployment was killed while ${pending.map(pendingText).join(", ")}: this one begins that anew. What vCenter made ` +
      "of it all the same is then named as there already: remove it, or take it over with pulumi import, and deploy again",
  );
  await stack.putState(continued(state, []));
}
