import type { Clock } from "../clock";
import { CouldNotRun, messageOf } from "../problems";
import type { VCenter } from "../vcenter/client";
import type { VcenterService } from "../vcenter/service";
import type { Fault } from "./fault";

/** Until vCenter answers again once its service has started, and between two looks; seconds of the Clock. */
const answerSeconds = 600;
const pollSeconds = 1;

/** A host's loss while vCenter's own service is stopped: from just before it until what became of the VMs is to be read. */
export function hostLossWithoutVcenter(
  power: Fault,
  service: VcenterService,
  vcenter: Pick<VCenter, "currentTime">,
  clock: Pick<Clock, "now" | "wait" | "wallMs">,
): Fault {
  async function start(): Promise<void> {
    await service.start();
    const until = clock.now() + clock.wallMs(answerSeconds);
    for (;;) {
      try {
        await vcenter.currentTime();
        return;
      } catch (error) {
        if (!(error instanceof CouldNotRun) || clock.now() > until) throw error;
      }
      await clock.wait(pollSeconds);
    }
  }

  return {
    async check() {
      const state = await service.state();
      if (state !== "STARTED") throw new CouldNotRun(`vCenter's service is ${state}; start it first`);
      await power.check();
    },
    arm: () => service.stop(),
    inject: () => power.inject(),
    reveal: start,
    async restore() {
      // Both, whatever becomes of one of them.
      const results = await Promise.allSettled([start(), power.restore()]);
      const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
      if (failed.length > 0) throw new CouldNotRun(failed.map(messageOf).join("; "));
    },
    async close() {
      await service.close();
      await power.close?.();
    },
  };
}
