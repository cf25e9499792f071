import { getPriority, setPriority } from "node:os";
import { join } from "node:path";
import type { VerificationConfig } from "../config";
import { Clock } from "../clock";
import { JournalFile, readJournal } from "../journal";
import type { Journal } from "../model";
import { CouldNotRun } from "../problems";
import { writeReport } from "../report";
import { connectCloud } from "../openstack/cloud";
import { connect } from "../vcenter/client";
import { vcenterService } from "../vcenter/service";
import { beginJournal } from "./beginJournal";
import { describePlan } from "./describe";
import type { DrillParts } from "./parts";
import { realParts, type DrillRequest } from "./realParts";
import { drillHosts, recoverRun } from "./run";
import { variantOf } from "./variants";

export { exitCode } from "./run";

export interface DrillsRequest extends DrillRequest {
  /** Names of the hosts, or VMs, to break, one after the other; undefined: all of the configuration. */
  subjects?: readonly string[] | undefined;
}

export interface DrillRun extends DrillsRequest {
  /** For the four files of the report; journal.json is written ahead of every fault. */
  reportDir: string;
  toolVersion: string;
  /** How often each host is failed; default 1. */
  repeat?: number;
  /** Mean time between failures of one host, for the long-run availability. */
  mtbfHours?: number | undefined;
}

/**
 * Breaks each host, or VM, in turn and reports. A run that ended early gives its journal too, with `error`.
 *
 * @throws CouldNotRun when nothing could be begun
 *
 * @example
 * ```ts
 * import { loadConfig, runDrills } from "vsphere-ha/verification";
 *
 * const interrupted = new AbortController();
 * process.on("SIGINT", () => interrupted.abort());
 * void runDrills({
 *   config: loadConfig(["cluster.json"], process.env),
 *   env: process.env,
 *   drill: "host-loss",
 *   subjects: ["esx-01.example.com"],
 *   includeBystanders: false,
 *   reportDir: "report",
 *   toolVersion: "1.0.0",
 *   progress: console.error,
 *   signal: interrupted.signal,
 *   hurried: new AbortController().signal,
 * }).then(({ verdict }) => console.log(verdict));
 * ```
 */
export async function runDrills(run: DrillRun): Promise<Journal> {
  const { config, reportDir, repeat = 1, mtbfHours } = run;
  const hosts = subjectNames(run);
  return withCluster(run, (parts) => {
    const journal = beginJournal(config, parts.vcenter.about, run.toolVersion, run.drill);
    return drillHosts(parts, {
      // All hosts once, then again: a repetition is one failure of each.
      hosts: Array.from({ length: repeat }, () => hosts).flat(),
      mtbfHours,
      file: new JournalFile(join(reportDir, "journal.json"), journal),
      report: () => writeReport(journal, reportDir),
    });
  });
}

/**
 * What `drill --plan` prints, and whether any host must not be failed. Changes nothing.
 *
 * @example
 * ```ts
 * import { loadConfig, planDrills } from "vsphere-ha/verification";
 *
 * const never = new AbortController().signal;
 * void planDrills({
 *   config: loadConfig(["cluster.json"], process.env),
 *   env: process.env,
 *   includeBystanders: false,
 *   progress: console.error,
 *   signal: never,
 *   hurried: never,
 * }).then(({ text, refused }) => console.log(text, refused));
 * ```
 */
export async function planDrills(request: DrillsRequest): Promise<{ text: string; refused: boolean }> {
  const { config, drill = "host-loss" } = request;
  const hosts = subjectNames(request);
  return withCluster(request, async (parts) => {
    const inventory = await parts.vcenter.inventory();
    const plans = hosts.map((host) => variantOf(drill).plan(inventory, config, host, parts));
    const companion = parts.companion?.(drill, parts.interrupted);
    await companion?.prepare();
    return {
      text: plans
        .map((plan) => ("host" in plan ? describePlan(plan, request.config.stop, companion) : plan.refusals.join("\n")))
        .join("\n\n"),
      refused: plans.some(({ refusals }) => refusals.length > 0),
    };
  });
}

export interface RecoverRequest extends Omit<DrillRequest, "includeBystanders"> {
  journalFile: string;
}

/**
 * After a run that was killed: puts back what its journal says is broken, awaits the steady state, frees the lock. Safe
 * to repeat.
 *
 * @example
 * ```ts
 * import { loadConfig, recover } from "vsphere-ha/verification";
 *
 * const never = new AbortController().signal;
 * void recover({
 *   config: loadConfig(["cluster.json"], process.env),
 *   env: process.env,
 *   journalFile: "report/journal.json",
 *   progress: console.error,
 *   signal: never,
 *   hurried: never,
 * });
 * ```
 */
export async function recover(request: RecoverRequest): Promise<Journal> {
  const journal = readJournal(request.journalFile);
  await wakeVcenter(request, journal);
  return withCluster({ ...request, includeBystanders: false }, async (parts) => {
    await recoverRun(parts, new JournalFile(request.journalFile, journal));
    return journal;
  });
}

/** Without its service nobody could log in to recover anything. */
async function wakeVcenter({ config, env, progress }: RecoverRequest, { drills }: Journal): Promise<void> {
  if (!drills.some(({ undo }) => !undo.done && undo.fault.kind === "host-loss-vcenter-down")) return;
  const service = vcenterService(config.vcenter, env, new Clock(config.timeScale));
  try {
    progress("starting vCenter's service, unless it runs");
    await service.start();
  } finally {
    await service.close();
  }
}

/** Logs in to vCenter, and to OpenStack where one is declared, for the time of the work. */
export async function withCluster<T>(request: DrillRequest, work: (parts: DrillParts) => Promise<T>): Promise<T> {
  const { config, env } = request;
  requireOpenStack(request);
  const priority = getPriority();
  const vcenter = await connect(config, env);
  try {
    const cloud = await connectCloud(config, env);
    try {
      return await work(await realParts(request, vcenter, cloud));
    } finally {
      await cloud?.close();
    }
  } finally {
    setPriority(priority); // What comes next in this process needs no more than before.
    await vcenter.close();
  }
}

function requireOpenStack({ config, drill = "host-loss" }: DrillRequest): void {
  if (variantOf(drill).ofOpenStack !== true) return;
  if (config.openstack === undefined) {
    throw new CouldNotRun(`the drill ${drill} is one of OpenStack, and the configuration has none: set openstack`);
  }
  if (config.vms.every((vm) => vm.openstack === undefined)) {
    throw new CouldNotRun(`the drill ${drill} is of instances of nova: name one in vms[].openstack.instanceId`);
  }
}

/** What the drill is to break; throws CouldNotRun when the configuration does not have it. */
function subjectNames({ config, drill = "host-loss", subjects }: DrillsRequest): string[] {
  if (variantOf(drill).ofVm !== true) return hostNames({ config, hosts: subjects });
  const known = config.vms.map(({ name }) => name);
  if (known.length === 0) throw new CouldNotRun("the configuration names no VM; set vms");
  const unknown = (subjects ?? []).filter((vm) => !known.includes(vm));
  if (unknown.length === 0) return [...new Set(subjects ?? known)];
  throw new CouldNotRun(`--vm ${unknown.join(", ")} is not in the configuration, which has ${known.join(", ")}`);
}

/** The hosts asked for; throws CouldNotRun when one is not of the configuration. */
export function hostNames({
  config,
  hosts,
}: {
  config: VerificationConfig;
  hosts?: readonly string[] | undefined;
}): string[] {
  const known = config.hosts.map(({ name }) => name);
  if (known.length === 0) throw new CouldNotRun("the configuration names no host; set hosts, each with its bmc");
  const unknown = (hosts ?? []).filter((host) => !known.includes(host));
  if (unknown.length > 0) {
    throw new CouldNotRun(`--host ${unknown.join(", ")} is not in the configuration, which has ${known.join(", ")}`);
  }
  return [...new Set(hosts ?? known)];
}
