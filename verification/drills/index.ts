import { join } from "node:path";
import { JournalFile, readJournal } from "../journal";
import type { Journal } from "../model";
import { CouldNotRun } from "../problems";
import { writeReport } from "../report";
import { connect } from "../vcenter/client";
import { beginJournal } from "./beginJournal";
import { describePlan } from "./describe";
import { planHostLoss } from "./plan";
import { realParts, type DrillRequest } from "./realParts";
import { drillHosts, recoverRun } from "./run";

export { exitCode } from "./run";

export interface HostLossRequest extends DrillRequest {
  /** Names of the hosts to fail, one after the other; undefined: all of the configuration. */
  hosts?: readonly string[] | undefined;
}

export interface DrillRun extends HostLossRequest {
  /** For the four files of the report; journal.json is written ahead of every fault. */
  reportDir: string;
  toolVersion: string;
}

/**
 * Fails each host in turn and reports. A run that ended early gives its journal too, with `error`.
 *
 * @throws CouldNotRun when nothing could be begun
 */
export async function runDrills(run: DrillRun): Promise<Journal> {
  const { config, reportDir } = run;
  const hosts = hostNames(run);
  const vcenter = await connect(config, run.env);
  try {
    const journal = beginJournal(config, vcenter.about, run.toolVersion);
    return await drillHosts(await realParts(run, vcenter), {
      hosts,
      file: new JournalFile(join(reportDir, "journal.json"), journal),
      report: () => writeReport(journal, reportDir),
    });
  } finally {
    await vcenter.close();
  }
}

/** What `drill --plan` prints, and whether any host must not be failed. Changes nothing. */
export async function planDrills(request: HostLossRequest): Promise<{ text: string; refused: boolean }> {
  const hosts = hostNames(request);
  const vcenter = await connect(request.config, request.env);
  try {
    const parts = await realParts(request, vcenter);
    const inventory = await vcenter.inventory();
    const plans = hosts.map((host) => planHostLoss(inventory, request.config, host, parts));
    return {
      text: plans.map((plan) => ("host" in plan ? describePlan(plan) : plan.refusals.join("\n"))).join("\n\n"),
      refused: plans.some(({ refusals }) => refusals.length > 0),
    };
  } finally {
    await vcenter.close();
  }
}

export interface RecoverRequest extends Omit<DrillRequest, "includeBystanders"> {
  journalFile: string;
}

/**
 * After a run that was killed: puts back what its journal says is broken, awaits the steady state, frees the lock. Safe
 * to repeat.
 */
export async function recover(request: RecoverRequest): Promise<Journal> {
  const journal = readJournal(request.journalFile);
  const vcenter = await connect(request.config, request.env);
  try {
    const parts = await realParts({ ...request, includeBystanders: false }, vcenter);
    await recoverRun(parts, new JournalFile(request.journalFile, journal));
    return journal;
  } finally {
    await vcenter.close();
  }
}

function hostNames({ config, hosts }: HostLossRequest): string[] {
  const known = config.hosts.map(({ name }) => name);
  if (known.length === 0) throw new CouldNotRun("the configuration names no host; set hosts, each with its bmc");
  const unknown = (hosts ?? []).filter((host) => !known.includes(host));
  if (unknown.length > 0) {
    throw new CouldNotRun(`--host ${unknown.join(", ")} is not in the configuration, which has ${known.join(", ")}`);
  }
  return [...new Set(hosts ?? known)];
}
