import { join } from "node:path";
import { guestMeans } from "../availability/means";
import { hostNames, withCluster } from "../drills";
import { beginJournal } from "../drills/beginJournal";
import { overall } from "../drills/judge";
import type { DrillParts } from "../drills/parts";
import type { DrillRequest } from "../drills/realParts";
import { acquireNoted } from "../drills/run";
import { JournalFile } from "../journal";
import type { Journal } from "../model";
import { CouldNotRun, messageOf } from "../problems";
import { writeReport } from "../report";
import { guestsText } from "./judge";
import { lockedOut, performLoad, type LoadRequest } from "./perform";
import { planLoad } from "./plan";

export interface LoadRun extends Omit<DrillRequest, "drill">, LoadRequest {
  /** For the four files of the report; journal.json is written ahead of every program started. */
  reportDir: string;
  toolVersion: string;
}

/** Seconds of the Clock that a level, and a drill, may take beyond its time: for the expiry of the lock. */
const besideSeconds = 600;
const drillSeconds = 3600;

/**
 * Loads the guests and reports. A run that ended early gives its journal too, with `error`.
 *
 * @throws CouldNotRun when nothing could be begun
 */
export async function runLoad(run: LoadRun): Promise<Journal> {
  requireHosts(run);
  return withCluster(run, async (parts) => {
    const journal = { ...beginJournal(run.config, parts.vcenter.about, run.toolVersion), command: "load" };
    const file = new JournalFile(join(run.reportDir, "journal.json"), journal);
    return loadCluster(parts, file, run, () => writeReport(journal, run.reportDir));
  });
}

/** The run itself: lock, load, drills under load, report. */
export async function loadCluster(
  parts: DrillParts,
  file: JournalFile,
  request: LoadRequest,
  report: () => Promise<void>,
): Promise<Journal> {
  const { journal } = file;
  const { levels, seconds, failHosts } = request;
  const ttl = levels.length * (3 * (seconds + besideSeconds) + failHosts.length * drillSeconds);
  const lock = await acquireNoted(parts, file, ttl);
  try {
    await file.save();
    await performLoad(parts, file, request);
  } catch (error) {
    if (!(error instanceof CouldNotRun) && !parts.interrupted.aborted) throw error;
    journal.error =
      parts.interrupted.aborted && isUndone(journal) ? "interrupted; the load was ended" : messageOf(error);
  } finally {
    // What is not undone keeps the lock: the next run must not take the cluster for a healthy one.
    if (isUndone(journal)) await lock.release().catch((error: unknown) => parts.progress(messageOf(error)));
  }
  journal.means = guestMeans(journal.drills);
  const verdicts = [...(journal.load === undefined ? [] : [journal.load]), ...journal.drills].map((one) => one.verdict);
  journal.verdict = overall(journal.error === undefined ? verdicts : [...verdicts, "inconclusive"]);
  journal.ended = new Date(parts.clock.now()).toISOString();
  await file.save();
  await report();
  return journal;
}

/** @throws CouldNotRun when a host to be failed is not of the configuration */
function requireHosts({ failHosts, ...run }: Omit<LoadRun, "reportDir" | "toolVersion">): void {
  if (failHosts.length > 0) hostNames({ ...run, hosts: failHosts });
}

function isUndone({ load, drills }: Journal): boolean {
  return load?.undo.done !== false && drills.every(({ undo }) => undo.done);
}

/** What `load --plan` prints, and whether it must not be done. Changes nothing. */
export async function planLoadRun(run: Omit<LoadRun, "reportDir" | "toolVersion">): Promise<{
  text: string;
  refused: boolean;
}> {
  requireHosts(run);
  return withCluster(run, async (parts) => {
    const plan = planLoad(await parts.vcenter.inventory(), run.config, run);
    const refusals = [...plan.refusals, ...(await lockedOut(parts, plan))];
    const lines = [
      `load, each level for ${run.seconds.toString()} s`,
      ...plan.stages.map(({ guests, level, loaded }) => {
        const vms = loaded.map(({ vm, host }) => `${vm.name} on ${host.name}`).join(", ");
        return guests === "idle" ? "  idle" : `  ${level.toString()} % ${guestsText(guests)}: ${vms}`;
      }),
      "  programs, each ended after its level:",
      ...plan.programs.map(({ vm, path, arguments: args }) => `    ${vm}: ${path} ${args}`),
      ...run.failHosts.map((host) => `  then, at each level: host loss of ${host}`),
      ...(refusals.length === 0 ? [] : ["  refused:", ...refusals.map((reason) => `    ${reason}`)]),
    ];
    return { text: lines.join("\n"), refused: refusals.length > 0 };
  });
}
