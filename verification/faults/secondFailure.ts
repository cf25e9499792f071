import { CouldNotRun, messageOf } from "../problems";
import type { Fault } from "./fault";

/** Two hosts that lose their power, the second while HA handles the loss of the first. */
export function secondFailureFault(first: Fault, second: Fault): Fault {
  return {
    async check() {
      await first.check();
      await second.check();
    },
    inject: () => first.inject(),
    escalate: () => second.inject(),
    async restore() {
      // Both, whatever becomes of one of them.
      const results = await Promise.allSettled([first.restore(), second.restore()]);
      const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
      const texts = failed.map((error) => messageOf(error));
      if (texts.length > 0) throw new CouldNotRun(texts.join("; "));
    },
    async close() {
      await first.close?.();
      await second.close?.();
    },
  };
}
