import { version } from "../../package.json";
import { loadConfig, type Environment, type HostConfig } from "../config";
import { exitCode, planDrills, recover, runDrills } from "../drills";
import { variantOf, type DrillName } from "../drills/variants";
import { guestMeans } from "../availability/means";
import { joined } from "../joined";
import { readJournal } from "../journal";
import type { DrillResult, Journal } from "../model";
import { Problems, type Problem } from "../problems";
import { compare, compareText } from "../report/compare";
import { printSummary, writeReport } from "../report";
import type { CommandContext } from "./context";
import { failureText } from "./text";

export interface DrillOptions {
  drill: DrillName;
  config: string[];
  /** The one that the drill has. */
  host?: string[];
  vm?: string[];
  repeat: string;
  mtbfHours: string | undefined;
  plan: boolean;
  includeBystanders: boolean;
  json: boolean;
  report: string;
}

/** Fails hosts and measures. Resolves to the exit code. */
export async function drillCommand(options: DrillOptions, context: CommandContext): Promise<number> {
  const { env, stdout, stderr, signal, hurried } = context;
  const statistics = parseStatistics(options);
  const config = loadConfig(options.config, env);
  const named = options.host ?? options.vm ?? [];
  const subjects = named.length > 0 ? named : undefined;
  const progress = lines(options.json ? stderr : stdout);
  const request = {
    config,
    env,
    drill: options.drill,
    subjects,
    includeBystanders: options.includeBystanders,
    progress,
    signal,
    hurried,
  };
  if (options.plan) {
    const { text, refused } = await planDrills(request);
    (refused ? stderr : stdout).write(`${text}\n`);
    return refused ? 2 : 0;
  }
  const targets = config.hosts.filter(({ name }) => subjects?.includes(name) ?? true);
  requirePasswords(options.drill, targets, env);
  const journal = await runDrills({ ...request, ...statistics, reportDir: options.report, toolVersion: version });
  stdout.write(options.json ? `${JSON.stringify(journal, undefined, 2)}\n` : `${printSummary(journal)}\n`);
  const failure = drillFailure(journal);
  if (failure !== undefined) stderr.write(`${failure}\n`);
  return exitCode(journal);
}

const mostRepetitions = 1000;

/** Throws Problems with everything that is wrong. */
export function parseStatistics(options: { repeat?: string; mtbfHours: string | undefined }): {
  repeat: number;
  mtbfHours: number | undefined;
} {
  const number = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));
  const problems: Problem[] = [];
  const repeat = number(options.repeat ?? "1");
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > mostRepetitions) {
    const rule = `must be a whole number from 1 to ${mostRepetitions.toString()}`;
    problems.push({ path: "--repeat", value: options.repeat, rule, remedy: "write for example 5" });
  }
  const mtbfHours = options.mtbfHours === undefined ? undefined : number(options.mtbfHours);
  if (mtbfHours !== undefined && !(mtbfHours > 0 && Number.isFinite(mtbfHours))) {
    const rule = "must be the mean time between failures of one host in hours, above 0";
    problems.push({ path: "--mtbf-hours", value: options.mtbfHours, rule, remedy: "write for example 8760, a year" });
  }
  if (problems.length > 0) throw new Problems(problems, "the command line");
  return { repeat, mtbfHours };
}

/** All variables that are missing, before anything is touched. */
export function requirePasswords(drill: DrillName, hosts: readonly HostConfig[], env: Environment): void {
  if (variantOf(drill).byVcenter === true) return;
  const shell = variantOf(drill).inShell === true;
  const variables = hosts.flatMap(({ bmc, ssh }) => {
    return (shell ? ssh?.keyFile === undefined && ssh?.passwordEnv : bmc?.passwordEnv) || [];
  });
  const where = shell ? "ESXi Shell" : "management controllers";
  const problems = [...new Set(variables)].flatMap((path): Problem[] => {
    if (env[path] !== undefined && env[path] !== "") return [];
    const rule = `the drill ${drill} logs in to the hosts' ${where}, and passwords come only by the environment`;
    return [{ path, value: undefined, rule, remedy: `set ${path}` }];
  });
  if (problems.length > 0) throw new Problems(problems, "the environment");
}

/** What did not pass, to stand alone in another tool's error message. */
export function drillFailure({ verdict, error, drills, checks, target }: Journal): string | undefined {
  if (verdict === "passed" && error === undefined) return undefined;
  const open = drills.filter((drill) => drill.verdict !== "passed");
  // Without any check it ended before, or after, the steady state was looked at.
  const steadyState = drills.length === 0 && checks.length > 0 ? failureText(checks, target.cluster) : undefined;
  return [
    `vsphere-ha drill: ${error ?? `${verdict} on cluster ${target.cluster}`}`,
    ...open.flatMap(drillLines),
    ...(error === undefined || steadyState === undefined ? [] : [steadyState]),
  ].join("\n");
}

function drillLines({ drill, host, verdict, summary, expectations }: DrillResult): string[] {
  const missed = expectations.filter(
    (expectation) => expectation.verdict === "failed" || expectation.verdict === "inconclusive",
  );
  return [
    `- ${drill} of ${host} (${verdict}): ${summary}`,
    ...missed.map(({ statement, seen, verdict: how }) => `    ${how}: ${statement}; seen: ${seen}`),
  ];
}

export interface RecoverOptions {
  config: string[];
  journal: string;
}

/** Puts back what a killed drill left. */
export async function recoverCommand(
  { config: files, journal }: RecoverOptions,
  context: CommandContext,
): Promise<number> {
  const { env, stdout, signal, hurried } = context;
  const config = loadConfig(files, env);
  await recover({ config, env, journalFile: journal, progress: lines(stdout), signal, hurried });
  return 0;
}

export interface ReportOptions {
  journal: [string, ...string[]];
  out: string;
  mtbfHours: string | undefined;
}

/** Writes the four files of a journal anew, or of several as one. */
export async function reportCommand(
  { journal: [first, ...others], out, mtbfHours: given }: ReportOptions,
  { stdout }: CommandContext,
): Promise<number> {
  const { mtbfHours } = parseStatistics({ mtbfHours: given });
  const journal = readJournal(first);
  const whole = others.length === 0 ? journal : joined(journal, ...others.map(readJournal));
  const means = mtbfHours === undefined ? whole.means : guestMeans(whole.drills, mtbfHours);
  await writeReport({ ...whole, means }, out);
  stdout.write(`wrote journal.json, junit.xml, summary.md and index.html to ${out}\n`);
  return 0;
}

export interface CompareOptions {
  json: boolean;
}

/** Tells what is different between two runs. Resolves to 1 when something got worse. */
export function compareCommand(
  before: string,
  after: string,
  { json }: CompareOptions,
  { stdout }: CommandContext,
): number {
  const differences = compare(readJournal(before), readJournal(after));
  stdout.write(json ? `${JSON.stringify(differences, undefined, 2)}\n` : `${compareText(differences)}\n`);
  return differences.some(({ direction }) => direction === "worse") ? 1 : 0;
}

function lines(stream: CommandContext["stdout"]): (line: string) => void {
  return (line) => {
    stream.write(`${line}\n`);
  };
}
