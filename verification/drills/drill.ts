import type { DrillResult, Inventory } from "../model";
import { CouldNotRun, messageOf } from "../problems";
import type { JournalFile } from "../journal";
import { timed } from "./events";
import { failAndRestore } from "./failAndRestore";
import type { DrillObservation } from "./observation";
import type { DrillParts } from "./parts";
import { baseline, moveVms, survey, type Prepared } from "./prepare";
import { beginResult, closeResult, concludeResult, measure, noteEvents, stopResult, type Begun } from "./result";
import { awaitSteadyState, nothingShorterThanNova, NotSteady, type SteadyState } from "./steadyState";
import { StopConditions, Stopped } from "./stopConditions";
import { Timeline } from "./timeline";
import { clockStep, readOffset, type Offset } from "./vcenterTime";

/** Until a host that got its power back has booted, rejoined and protects its VMs; seconds of the Clock. */
const returnBudget = 1200;

/**
 * Breaks one thing and observes what becomes of the VMs. Puts it back on any way out.
 *
 * @returns the judged result, which is in the journal too
 * @throws CouldNotRun when the drill was refused (nothing was broken), when it was interrupted, or when what was
 *   broken could not be put back (the journal says what to undo); Stopped when a stop condition ended it: the result is in
 *   the journal
 */
export async function performDrill(parts: DrillParts, file: JournalFile, hostName: string): Promise<DrillResult> {
  const { clock, loadPercent, drill = "host-loss" } = parts;
  const started = clock.now();
  const timeline = new Timeline(() => clock.now(), parts.progress);
  const stop = new StopConditions(parts, (text) => {
    timeline.say("note", text);
  });
  const stoppable = { ...parts, interrupted: AbortSignal.any([parts.interrupted, stop.signal]) };
  const companion = parts.companion?.(drill, stoppable.interrupted);
  const begun = { started, number: file.journal.drills.length + 1, drill, companion, loadPercent };
  try {
    return await perform(stoppable, file, hostName, { begun, timeline, stop });
  } finally {
    stop.end();
  }
}

interface Running {
  begun: Begun;
  timeline: Timeline;
  stop: StopConditions;
}

async function perform(parts: DrillParts, file: JournalFile, hostName: string, running: Running): Promise<DrillResult> {
  const { begun, timeline, stop } = running;
  const { companion, drill } = begun;
  timeline.say("plan", `${drill === "host-loss" ? "host loss" : drill} of ${hostName}`);
  await companion?.prepare();
  let prepared = await survey(parts, hostName, timeline);
  try {
    if (prepared.plan.moves.length > 0) {
      prepared = await watchedMoves(parts, prepared, stop, () => moveVms(parts, prepared, hostName, timeline));
    }
    return await breakAndJudge(parts, file, prepared, running);
  } catch (error) {
    // Once something was broken, the error may say that it could not be put back.
    if (stop.stopped === undefined || file.journal.drills.length >= begun.number) throw error;
    await recordStopBefore(parts, file, prepared, running);
    throw stop.stopped;
  } finally {
    companion?.stop();
    await prepared.fault.close?.();
  }
}

/** Moves VMs while their services are probed: nothing is broken yet, so none may go down. */
async function watchedMoves(
  parts: DrillParts,
  { plan, steady }: Prepared,
  stop: StopConditions,
  move: () => Promise<Prepared>,
): Promise<Prepared> {
  const prober = await parts.prober(plan.targets.map(({ service }) => service));
  prober.start();
  stop.watchAll(steady.inventory, plan, prober);
  try {
    return await move();
  } finally {
    await prober.stop();
  }
}

async function breakAndJudge(
  parts: DrillParts,
  file: JournalFile,
  prepared: Prepared,
  { begun, timeline, stop }: Running,
): Promise<DrillResult> {
  const { clock } = parts;
  const { companion } = begun;
  const { plan, steady } = prepared;
  const seconds = (ms: number): number => clock.seconds(ms);
  const prober = await parts.prober(plan.targets.map(({ service }) => service));
  const from = clock.now();
  prober.start();
  try {
    await baseline(
      parts,
      prober,
      plan.targets.map(({ vm }) => vm.name),
    );
    stop.watchAll(steady.inventory, plan, prober);
    const offset = await readOffset(parts);
    const result = beginResult(plan, steady, begun);
    file.journal.drills.push(result);
    const seen = await failAndRestore(parts, file, result, { ...prepared, companion, prober, timeline, offset, stop });
    const after = await settle(parts, result, timeline, stop);
    const samples = await prober.stop();
    stop.end();
    if (seen.error === undefined || stop.stopped !== undefined) {
      const interval = clock.wallMs(parts.config.probeIntervalSeconds);
      const observation: DrillObservation = {
        ...seen,
        ...(await readFeed(parts, seen.faultSent, offset)),
        availability: measure(plan, samples, { from, to: clock.now() }, interval, seconds),
        after,
      };
      noteEvents(timeline, observation);
      if (seen.error === undefined) {
        const concluded = await companion?.conclude(seen.faultSent);
        for (const { at, text } of concluded?.notes ?? []) timeline.note("event", text, at);
        result.openstack = concluded?.openstack;
        const further = [...(concluded?.expectations ?? []), stop.expectation()];
        concludeResult(result, plan, steady, observation, seconds, further);
      } else {
        stopResult(result, plan, steady, observation, seconds, stop.expectation());
      }
    } else {
      result.summary = parts.interrupted.aborted ? "interrupted" : seen.error.message;
    }
    result.stopped = stopRecord(stop);
    closeResult(result, timeline, seen.faultSent, clock.now(), seconds);
    await file.save();
    if (seen.error !== undefined) throw stop.stopped ?? seen.error;
    parts.progress(`${plan.host.name}: ${result.verdict}`);
    if (stop.stopped !== undefined) throw stop.stopped;
    return result;
  } finally {
    await prober.stop();
  }
}

/** A drill that was stopped before anything was broken: the reason is worth a place in the report. */
async function recordStopBefore(
  { clock }: DrillParts,
  file: JournalFile,
  { plan, steady }: Prepared,
  { begun, timeline, stop }: Running,
): Promise<void> {
  const result = beginResult(plan, steady, begun);
  const judged = stop.expectation();
  result.expectations = [...result.expectations, judged];
  result.verdict = judged.verdict;
  result.summary = `${judged.verdict}: stopped before anything was broken: ${judged.seen}`;
  result.stopped = stopRecord(stop);
  result.undo = { fault: plan.fault, description: "nothing was broken", done: true };
  closeResult(result, timeline, undefined, clock.now(), (ms) => clock.seconds(ms));
  file.journal.drills.push(result);
  await file.save();
}

function stopRecord({ stopped }: StopConditions): DrillResult["stopped"] {
  return stopped && { at: new Date(stopped.at).toISOString(), reason: stopped.reason };
}

/** Waits for the steady state after the undo; the last checks are recorded even if they do not hold. */
async function settle(
  parts: DrillParts,
  result: DrillResult,
  timeline: Timeline,
  stop: StopConditions,
): Promise<Inventory | undefined> {
  const { hurried } = parts;
  try {
    const { inventory, checks } = await restored(parts, stop);
    result.steadyStateAfter = checks;
    timeline.say("steady-state", "the steady state holds again");
    return inventory;
  } catch (error) {
    const cut = hurried.aborted || error instanceof Stopped;
    if (!(error instanceof NotSteady) && !cut) throw error;
    timeline.say("steady-state", cut ? "not waited for" : messageOf(error));
    if (!(error instanceof NotSteady)) return undefined;
    result.steadyStateAfter = error.checks;
    return error.inventory;
  }
}

/** A stop ends this waiting too, but for a VM that went down: that one must come back with the others. */
async function restored(parts: DrillParts, stop: StopConditions): Promise<SteadyState> {
  const { hurried } = parts;
  const budget = nothingShorterThanNova(parts, returnBudget);
  if (stop.stopped !== undefined) return awaitSteadyState(parts, budget, hurried);
  try {
    return await awaitSteadyState(parts, budget, AbortSignal.any([hurried, stop.signal]));
  } catch (error) {
    if (!(error instanceof Stopped) || error.verdict !== "failed") throw error;
    return awaitSteadyState(parts, budget, hurried);
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
