import { version } from "../../package.json";
import { loadConfig, type Environment, type VerificationConfig } from "../config";
import { exitCode } from "../drills";
import { planLoadRun, runLoad } from "../load";
import type { Journal } from "../model";
import { Problems, type Problem } from "../problems";
import { printSummary } from "../report";
import { realTimeSeconds } from "../vcenter/performance";
import type { CommandContext } from "./context";
import { defaultLevels, defaultLevelSeconds } from "./defaults";
import { requirePasswords } from "./drill";

export interface LoadCommandOptions {
  config: string[];
  levels: string;
  seconds: string;
  failHost: string[];
  plan: boolean;
  includeBystanders: boolean;
  json: boolean;
  report: string;
}

/** Two whole samples of a level need three intervals at most. */
const leastSeconds = 3 * realTimeSeconds;
const mostSeconds = 86_400;
/** A line through two points always fits: no interval could be told. */
const leastLevels = 3;

/** Loads guests and measures. Resolves to the exit code. */
export async function loadCommand(options: LoadCommandOptions, context: CommandContext): Promise<number> {
  const { env, stdout, stderr, signal, hurried } = context;
  const { levels, seconds } = parseLoadOptions(options);
  const config = loadConfig(options.config, env);
  requireGuestPasswords(config, env);
  if (options.failHost.length > 0) {
    requirePasswords(
      "host-loss",
      config.hosts.filter(({ name }) => options.failHost.includes(name)),
      env,
    );
  }
  const progress = (line: string): void => {
    (options.json ? stderr : stdout).write(`${line}\n`);
  };
  const { includeBystanders, failHost: failHosts } = options;
  const run = { config, env, levels, seconds, failHosts, includeBystanders, progress, signal, hurried };
  if (options.plan) {
    const { text, refused } = await planLoadRun(run);
    (refused ? stderr : stdout).write(`${text}\n`);
    return refused ? 2 : 0;
  }
  const journal = await runLoad({ ...run, reportDir: options.report, toolVersion: version });
  stdout.write(options.json ? `${JSON.stringify(journal, undefined, 2)}\n` : `${printSummary(journal)}\n`);
  const failure = loadFailure(journal);
  if (failure !== undefined) stderr.write(`${failure}\n`);
  return exitCode(journal);
}

/** Throws Problems with everything that is wrong. */
export function parseLoadOptions(options: { levels: string; seconds: string }): { levels: number[]; seconds: number } {
  const problems: Problem[] = [];
  const levels = options.levels.split(",").map((one) => (one.trim() === "" ? Number.NaN : Number(one)));
  const remedy = `write for example ${defaultLevels}`;
  const problem = (rule: string): void => void problems.push({ path: "--levels", value: options.levels, rule, remedy });
  if (levels.some((level) => !Number.isInteger(level) || level < 0 || level > 100)) {
    problem("must be whole percentages from 0 to 100, with commas between them");
  } else {
    if (new Set(levels).size !== levels.length) problem("names a level twice");
    if (new Set(levels).size < leastLevels) {
      problem(`must be ${leastLevels.toString()} levels at least: through two points any line fits`);
    }
  }
  const seconds = options.seconds.trim() === "" ? Number.NaN : Number(options.seconds);
  if (!(seconds >= leastSeconds && seconds <= mostSeconds)) {
    problems.push({
      path: "--seconds",
      value: options.seconds,
      rule:
        `must be ${leastSeconds.toString()} to ${mostSeconds.toString()}: vCenter measures every ` +
        `${realTimeSeconds.toString()} s, and two whole samples are needed of each level`,
      remedy: `leave it out for ${defaultLevelSeconds.toString()}`,
    });
  }
  if (problems.length > 0) throw new Problems(problems, "the command line");
  return { levels: [...levels].sort((a, b) => a - b), seconds };
}

/** All variables that are missing, before anything is touched. */
export function requireGuestPasswords({ vms, guests }: VerificationConfig, env: Environment): void {
  const variables = new Set(vms.map(({ guestOs }) => guests[guestOs].passwordEnv));
  const problems = [...variables].flatMap((path): Problem[] => {
    if (env[path] !== undefined && env[path] !== "") return [];
    const rule = "load is started by an account of the guests' own, and passwords come only by the environment";
    return [{ path, value: undefined, rule, remedy: `set ${path}` }];
  });
  if (problems.length > 0) throw new Problems(problems, "the environment");
}

/** What did not pass, to stand alone in another tool's error message. */
export function loadFailure({ verdict, error, load, drills, target }: Journal): string | undefined {
  if (verdict === "passed" && error === undefined) return undefined;
  const open = [...(load?.expectations ?? []), ...drills.flatMap(({ expectations }) => expectations)].filter(
    (one) => one.verdict === "failed" || one.verdict === "inconclusive",
  );
  return [
    `vsphere-ha load: ${error ?? `${verdict} on cluster ${target.cluster}`}`,
    ...open.map((one) => `  ${one.verdict}: ${one.statement}; seen: ${one.seen}`),
  ].join("\n");
}
