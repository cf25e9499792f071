import { guestMeans } from "../availability/means";
import { faultWords } from "../faults/words";
import type { JournalFile } from "../journal";
import { endLoad } from "../load/end";
import type { DrillResult, Journal } from "../model";
import { CouldNotRun, messageOf } from "../problems";
import type { Lock } from "../vcenter/client";
import { performDrill } from "./drill";
import { overall } from "./judge";
import type { DrillParts } from "./parts";
import { NotApplicable } from "./prepare";
import { awaitSteadyState, nothingShorterThanNova, NotSteady } from "./steadyState";
import { isDrillName } from "./variants";

/** Seconds of the Clock that one host may take, for the expiry of the lock. */
const hostSeconds = 3600;
/** Until a recovered host is back in the cluster; seconds of the Clock. */
const recoverBudget = 1200;

export interface HostsToDrill {
  /** One drill each, in this order; a host may come again. */
  hosts: readonly string[];
  file: JournalFile;
  report: () => Promise<void>;
  /** Mean time between failures of one host, for the long-run availability. */
  mtbfHours?: number | undefined;
}

/** The run itself: lock, drills, means, report. Through its parts only, so that it is tested without a vCenter. */
export async function drillHosts(
  parts: DrillParts,
  { hosts, file, report, mtbfHours }: HostsToDrill,
): Promise<Journal> {
  const { journal } = file;
  const lock = await acquireNoted(parts, file, hosts.length * hostSeconds);
  try {
    await file.save();
    for (const host of hosts) {
      parts.interrupted.throwIfAborted();
      await performDrill(parts, file, host).catch((error: unknown) => {
        if (!(error instanceof NotApplicable)) throw error;
        parts.progress(error.message);
        journal.drills.push(inapplicable(error, host, parts));
      });
    }
  } catch (error) {
    if (!(error instanceof CouldNotRun) && !parts.interrupted.aborted) throw error;
    if (error instanceof NotSteady) journal.checks = error.checks;
    journal.error = parts.interrupted.aborted ? interruptedText(journal) : messageOf(error);
  } finally {
    // A host that is still off keeps the lock: the next run must not take the cluster for a healthy one.
    if (pending(journal).length === 0) await lock.release().catch((error: unknown) => parts.progress(messageOf(error)));
  }
  journal.checks = journal.drills[0]?.steadyStateBefore ?? journal.checks;
  journal.means = guestMeans(journal.drills, mtbfHours);
  journal.verdict = verdictOf(journal);
  journal.ended = new Date(parts.clock.now()).toISOString();
  await file.save();
  await report();
  return journal;
}

/** The cluster's lock for so many seconds, with its owner on disk before: one that is killed with it must leave word of it. */
export async function acquireNoted({ vcenter }: DrillParts, file: JournalFile, ttlSeconds: number): Promise<Lock> {
  const withdraw = await file.reserve();
  return vcenter.acquireLock(file.journal.lockOwner ?? "vsphere-ha", ttlSeconds).catch(async (error: unknown) => {
    await withdraw();
    throw error;
  });
}

/** Puts back what the journal of a killed run says is broken, awaits the steady state, frees that run's lock. */
export async function recoverRun(parts: DrillParts, file: JournalFile): Promise<void> {
  const { journal } = file;
  const { cluster } = journal.target;
  if (cluster !== parts.config.cluster.name) {
    throw new CouldNotRun(
      `the journal ${file.path} is of cluster ${cluster}, the configuration of ${parts.config.cluster.name}; give those of one run`,
    );
  }
  for (const drill of pending(journal)) {
    const fault = parts.fault(drill.undo.fault);
    const words = faultWords(drill.undo.fault);
    try {
      parts.progress(words.restoring);
      await fault.restore();
    } finally {
      await fault.close?.();
    }
    if (isDrillName(drill.drill)) await parts.companion?.(drill.drill, parts.interrupted)?.restore();
    drill.undo.done = true;
    drill.summary = `${drill.summary}; ${drill.host} was put back by recover`;
    await file.save();
    parts.progress(words.restored);
  }
  const { load } = journal;
  if (load?.undo.done === false) {
    parts.progress(load.undo.description);
    await endLoad(parts, load.undo.programs);
    load.undo.done = true;
    load.summary = `${load.summary}; ended by recover`;
    await file.save();
  }
  // The killed run's lock: taken over by its own name, and freed.
  const owner = journal.lockOwner;
  const lock = owner === undefined ? undefined : await parts.vcenter.acquireLock(owner, recoverBudget);
  try {
    await awaitSteadyState(parts, nothingShorterThanNova(parts, recoverBudget), parts.hurried);
    parts.progress("the steady state holds");
  } finally {
    await lock?.release();
  }
}

/** 0 passed, 1 failed or not observed, 2 could not run. A failure that was seen counts more than an early end. */
export function exitCode({ verdict, error }: Journal): number {
  if (verdict === "failed") return 1;
  // Nothing was shown where nothing applies.
  if (error !== undefined || verdict === "not-applicable") return 2;
  return verdict === "passed" ? 0 : 1;
}

/** So that a report tells it, and takes it for nothing else. */
function inapplicable(
  { message, fault, checks }: NotApplicable,
  host: string,
  { clock, drill = "host-loss" }: DrillParts,
): DrillResult {
  const now = new Date(clock.now()).toISOString();
  return {
    id: `${drill}-${host}`,
    drill,
    host,
    fdmRole: "",
    verdict: "not-applicable",
    summary: message,
    started: now,
    ended: now,
    faultAt: undefined,
    steadyStateBefore: checks,
    steadyStateAfter: [],
    expectations: [],
    vms: [],
    timeline: [],
    undo: { fault, description: "nothing was broken", done: true },
  };
}

function pending({ drills }: Journal): Journal["drills"] {
  return drills.filter(({ undo }) => !undo.done);
}

function verdictOf({ drills, error }: Journal): Journal["verdict"] {
  const verdicts = drills.map(({ verdict }) => verdict);
  return overall(error === undefined ? verdicts : [...verdicts, "inconclusive"]);
}

function interruptedText(journal: Journal): string {
  const open = pending(journal).map(({ undo }) => faultWords(undo.fault).left);
  if (open.length > 0) return `interrupted; still ${open.join(", ")}. Run vsphere-ha recover`;
  return "interrupted; what was broken has been put back";
}
