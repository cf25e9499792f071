import { faultWords } from "../faults/words";
import type { JournalFile } from "../journal";
import type { DrillResult } from "../model";
import { CouldNotRun, messageOf } from "../problems";
import type { Companion } from "./companion";
import { escalate } from "./escalate";
import type { DrillObservation } from "./observation";
import { observe } from "./observe";
import type { DrillParts, Prober } from "./parts";
import type { Prepared } from "./prepare";
import type { StopConditions } from "./stopConditions";
import type { Timeline } from "./timeline";
import type { Offset } from "./vcenterTime";

export interface Seen extends Pick<
  DrillObservation,
  "faultSent" | "faultConfirmed" | "second" | "undone" | "failedOver"
> {
  /** What ended the observation early. */
  error: Error | undefined;
}

interface Acting extends Prepared {
  companion: Companion | undefined;
  prober: Prober;
  timeline: Timeline;
  offset: Offset;
  stop: StopConditions;
}

/** The fault, the observation, the undo. Throws only when the host could not be put back. */
export async function failAndRestore(
  parts: DrillParts,
  file: JournalFile,
  result: DrillResult,
  acting: Acting,
): Promise<Seen> {
  const { plan, fault, companion, timeline, stop } = acting;
  const { clock, interrupted } = parts;
  const words = faultWords(plan.fault);
  const now = clock.now();
  const seen: Seen = { faultSent: now, faultConfirmed: now, undone: now, failedOver: undefined, error: undefined };
  try {
    interrupted.throwIfAborted();
    result.faultAt = new Date(now).toISOString();
    await file.save(); // From here on a dead process leaves word of what to undo.
    await companion?.begin(plan);
    stop.faultBegins(plan);
    if (words.arming !== undefined) timeline.say("fault", words.arming);
    await fault.arm?.();
    interrupted.throwIfAborted();
    seen.faultSent = clock.now();
    timeline.say("fault", `${words.breaking} (${plan.role})`);
    await fault.inject(interrupted);
    seen.faultConfirmed = clock.now();
    timeline.say("fault", words.broken);
    await watchFailover(parts, seen, acting);
  } catch (error) {
    seen.error = error instanceof Error ? error : new Error(String(error));
    if (stop.stopped === undefined) timeline.say("note", interrupted.aborted ? "interrupted" : seen.error.message);
  }
  seen.undone = clock.now();
  timeline.say("recovery", words.restoring);
  const failed = await undo([() => fault.restore(), async () => companion?.restore()]);
  if (failed.length > 0) {
    const before = seen.error === undefined ? "" : `${seen.error.message}\n`;
    throw new CouldNotRun(
      `${before}${plan.host.name} could not be put back: ${failed.join("; ")}\n` +
        `${result.undo.description} by hand, or run: vsphere-ha recover --config FILE --journal ${file.path}`,
    );
  }
  stop.vcenterIsBack();
  result.undo.done = true;
  await file.save();
  timeline.say("recovery", words.restored);
  return seen;
}

/** What HA makes of the fault, until the VMs are back or late. */
async function watchFailover(
  parts: DrillParts,
  seen: Seen,
  { plan, fault, companion, prober, timeline, offset, stop }: Acting,
): Promise<void> {
  const words = faultWords(plan.fault);
  const { faultSent } = seen;
  seen.second = await escalate(parts, { plan, fault, words, timeline, faultSent, offsetMs: offset.ms });
  const reveal = async (): Promise<void> => {
    if (fault.reveal === undefined) return;
    timeline.say("recovery", words.revealing ?? "");
    await fault.reveal();
    stop.vcenterIsBack();
  };
  seen.failedOver = await observe(parts, { plan, prober, timeline, faultSent, reveal });
  await companion?.failedOver();
}

/** Every step, whatever becomes of the others; resolves to what went wrong. */
async function undo(steps: readonly (() => Promise<void>)[]): Promise<string[]> {
  const failed: string[] = [];
  for (const step of steps) await step().catch((error: unknown) => failed.push(messageOf(error)));
  return failed;
}
