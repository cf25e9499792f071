import type { DrillResult, Inventory } from "../model";
import { CouldNotRun } from "../problems";
import { faultWords } from "../faults/words";
import type { JournalFile } from "../journal";
import type { Companion } from "./companion";
import { escalate } from "./escalate";
import { timed } from "./events";
import type { DrillObservation } from "./observation";
import { observe } from "./observe";
import type { DrillParts, Prober } from "./parts";
import { baseline, prepare, type Prepared } from "./prepare";
import { beginResult, closeResult, concludeResult, measure, noteEvents } from "./result";
import { awaitSteadyState, nothingShorterThanNova, NotSteady } from "./steadyState";
import { Timeline } from "./timeline";
import { clockStep, readOffset, type Offset } from "./vcenterTime";

/** Until a host that got its power back has booted, rejoined and protects its VMs; seconds of the Clock. */
const returnBudget = 1200;

/**
 * Breaks one thing and observes what becomes of the VMs. Puts it back on any way out.
 *
 * @returns the judged result, which is in the journal too
 * @throws CouldNotRun when the drill was refused (nothing was broken), when it was interrupted, or when what was
 *   broken could not be put back (the journal says what to undo)
 */
export async function performDrill(parts: DrillParts, file: JournalFile, hostName: string): Promise<DrillResult> {
  const { clock } = parts;
  const seconds = (ms: number): number => clock.seconds(ms);
  const timeline = new Timeline(() => clock.now(), parts.progress);
  const started = clock.now();
  const drill = parts.drill ?? "host-loss";
  timeline.say("plan", `${drill === "host-loss" ? "host loss" : drill} of ${hostName}`);
  const companion = parts.companion?.(drill);
  await companion?.prepare();
  const prepared = await prepare(parts, hostName, timeline);
  const { plan, steady, fault } = prepared;
  const prober = await parts.prober(plan.targets.map(({ service }) => service));
  const from = clock.now();
  prober.start();
  try {
    await baseline(
      parts,
      prober,
      plan.targets.map(({ vm }) => vm.name),
    );
    const offset = await readOffset(parts);
    const number = file.journal.drills.length + 1;
    const { loadPercent } = parts;
    const result = beginResult(plan, steady, { started, number, drill, companion, loadPercent });
    file.journal.drills.push(result);
    const acting = { ...prepared, companion, prober, timeline, offset };
    const seen = await failAndRestore(parts, file, result, acting);
    const after = await settle(parts, result, timeline);
    const samples = await prober.stop();
    if (seen.error === undefined) {
      const interval = clock.wallMs(parts.config.probeIntervalSeconds);
      const observation: DrillObservation = {
        ...seen,
        ...(await readFeed(parts, seen.faultSent, offset)),
        availability: measure(plan, samples, { from, to: clock.now() }, interval, seconds),
        after,
      };
      noteEvents(timeline, observation);
      const concluded = await companion?.conclude(seen.faultSent);
      for (const { at, text } of concluded?.notes ?? []) timeline.note("event", text, at);
      result.openstack = concluded?.openstack;
      concludeResult(result, plan, steady, observation, seconds, concluded?.expectations);
    } else {
      result.summary = parts.interrupted.aborted ? "interrupted" : seen.error.message;
    }
    closeResult(result, timeline, seen.faultSent, clock.now(), seconds);
    await file.save();
    if (seen.error !== undefined) throw seen.error;
    parts.progress(`${hostName}: ${result.verdict}`);
    return result;
  } finally {
    companion?.stop();
    await prober.stop();
    await fault.close();
  }
}

interface Seen extends Pick<DrillObservation, "faultSent" | "faultConfirmed" | "second" | "undone" | "failedOver"> {
  /** What ended the observation early. */
  error: Error | undefined;
}

/** The fault, the observation, the undo. Throws only when the host could not be put back. */
async function failAndRestore(
  parts: DrillParts,
  file: JournalFile,
  result: DrillResult,
  {
    plan,
    fault,
    companion,
    prober,
    timeline,
    offset,
  }: Prepared & { companion: Companion | undefined; prober: Prober; timeline: Timeline; offset: Offset },
): Promise<Seen> {
  const { clock } = parts;
  const words = faultWords(plan.fault);
  const now = clock.now();
  const seen: Seen = { faultSent: now, faultConfirmed: now, undone: now, failedOver: undefined, error: undefined };
  try {
    parts.interrupted.throwIfAborted();
    result.faultAt = new Date(now).toISOString();
    await file.save(); // From here on a dead process leaves word of what to undo.
    await companion?.begin(plan);
    if (words.arming !== undefined) timeline.say("fault", words.arming);
    await fault.arm?.();
    seen.faultSent = clock.now();
    timeline.say("fault", `${words.breaking} (${plan.role})`);
    await fault.inject();
    seen.faultConfirmed = clock.now();
    timeline.say("fault", words.broken);
    const { faultSent } = seen;
    seen.second = await escalate(parts, { plan, fault, words, timeline, faultSent, offsetMs: offset.ms });
    seen.failedOver = await observe(parts, plan, prober, timeline, async () => {
      if (fault.reveal === undefined) return;
      timeline.say("recovery", words.revealing ?? "");
      await fault.reveal();
    });
    await companion?.failedOver();
  } catch (error) {
    seen.error = error instanceof Error ? error : new Error(String(error));
    timeline.say("note", parts.interrupted.aborted ? "interrupted" : seen.error.message);
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
  result.undo.done = true;
  await file.save();
  timeline.say("recovery", words.restored);
  return seen;
}

/** Every step, whatever becomes of the others; resolves to what went wrong. */
async function undo(steps: readonly (() => Promise<void>)[]): Promise<string[]> {
  const failed: string[] = [];
  for (const step of steps) await step().catch((error: unknown) => failed.push(messageOf(error)));
  return failed;
}

/** Waits for the steady state after the undo; the last checks are recorded even if they do not hold. */
async function settle(parts: DrillParts, result: DrillResult, timeline: Timeline): Promise<Inventory | undefined> {
  try {
    const { inventory, checks } = await awaitSteadyState(
      parts,
      nothingShorterThanNova(parts, returnBudget),
      parts.hurried,
    );
    result.steadyStateAfter = checks;
    timeline.say("steady-state", "the steady state holds again");
    return inventory;
  } catch (error) {
    if (!(error instanceof NotSteady) && !parts.hurried.aborted) throw error;
    timeline.say("steady-state", parts.hurried.aborted ? "not waited for" : messageOf(error));
    if (!(error instanceof NotSteady)) return undefined;
    result.steadyStateAfter = error.checks;
    return error.inventory;
  }
}

type Feed = Pick<DrillObservation, "events" | "eventsMissing" | "clockStepSeconds">;

/** All events since the fault, and whether their clock can be trusted. */
async function readFeed(parts: DrillParts, since: number, offset: Offset): Promise<Feed> {
  try {
    const events = await parts.vcenter.eventsSince(new Date(since + offset.ms));
    const clockStepSeconds = await clockStep(parts, offset);
    return { events: timed(events, offset.ms), eventsMissing: undefined, clockStepSeconds };
  } catch (error) {
    if (!(error instanceof CouldNotRun)) throw error;
    return { events: [], eventsMissing: error.message, clockStepSeconds: 0 };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
