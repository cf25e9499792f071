import type { Fault } from "../faults/fault";
import type { FaultWords } from "../faults/words";
import { CouldNotRun } from "../problems";
import { hostFailedEvent, timed } from "./events";
import type { DrillObservation } from "./observation";
import type { DrillParts } from "./parts";
import type { DrillPlan } from "./plan";
import type { Timeline } from "./timeline";

/** Between two looks at vCenter's events; seconds of the Clock. */
const pollSeconds = 1;

interface Escalation {
  plan: DrillPlan;
  fault: Fault;
  words: FaultWords;
  timeline: Timeline;
  /** When the first was sent, on our clock, and how far vCenter's is ahead of it; wall ms. */
  faultSent: number;
  offsetMs: number;
}

/** Fails the second host when HA has declared the first one failed, and begins to restart its VMs; late HA is not waited for. */
export async function escalate(
  parts: DrillParts,
  { plan, fault, words, timeline, faultSent, offsetMs }: Escalation,
): Promise<DrillObservation["second"]> {
  const { clock, vcenter, interrupted } = parts;
  if (fault.escalate === undefined) return undefined;
  const until = faultSent + clock.wallMs(plan.detection.seconds);
  while (clock.now() < until) {
    try {
      const events = await vcenter.eventsSince(new Date(faultSent + offsetMs));
      if (hostFailedEvent(timed(events, offsetMs), plan.host.id) !== undefined) break;
    } catch (error) {
      if (!(error instanceof CouldNotRun)) throw error;
    }
    await clock.wait(pollSeconds, interrupted);
  }
  const sent = clock.now();
  timeline.say("fault", words.escalating ?? "");
  await fault.escalate();
  return { sent, confirmed: clock.now() };
}
