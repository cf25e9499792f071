import { checkCluster } from "../checks/cluster";
import { loadConfig } from "../config";
import { writeReport } from "../report";
import type { CommandContext } from "./context";
import { checkLines, failureText, paintFor, tally } from "./text";

export interface CheckOptions {
  config: string[];
  json: boolean;
  report: string | undefined;
}

/** Reads and judges the cluster. Resolves to the exit code: 0 passed, 1 not. */
export async function checkCommand(
  { config: files, json, report }: CheckOptions,
  { env, stdout, stderr, signal }: CommandContext,
): Promise<number> {
  const config = loadConfig(files, env);
  const say = (line: string): void => {
    if (!json) stdout.write(`${line}\n`);
  };
  const journal = await checkCluster({ config, env, signal, say });
  const { checks } = journal;
  if (json) stdout.write(`${JSON.stringify(journal, undefined, 2)}\n`);
  for (const line of checkLines(checks, paintFor(stdout, env))) say(line);
  say(tally(checks));
  const failure = failureText(checks, config.cluster.name);
  if (failure !== undefined) stderr.write(`${failure}\n`);
  if (report !== undefined) await writeReport(journal, report);
  return journal.verdict === "passed" ? 0 : 1;
}
