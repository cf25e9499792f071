import { setTimeout as sleep } from "node:timers/promises";
import { version } from "../../package.json";
import { runChecks, verdictOf } from "../checks";
import { settle } from "../checks/settle";
import { Clock } from "../clock";
import { loadConfig } from "../config";
import type { About, CheckResult, Journal } from "../model";
import { probeTcp } from "../probes/tcp";
import { writeReport } from "../report";
import { connect, type VCenter } from "../vcenter/client";
import type { CommandContext } from "./context";
import { checkLines, failureText, paintFor, tally, waitingText } from "./text";

export interface CheckOptions {
  config: string[];
  json: boolean;
  report: string | undefined;
}

/** Limit of one probe, in wall ms. */
const probeLimitMs = 2000;

/** Reads and judges the cluster. Resolves to the exit code: 0 passed, 1 not. */
export async function checkCommand(
  { config: files, json, report }: CheckOptions,
  context: CommandContext,
): Promise<number> {
  const { env, stdout, stderr, signal } = context;
  const config = loadConfig(files, env);
  const started = new Date();
  const say = (line: string): void => {
    if (!json) stdout.write(`${line}\n`);
  };
  const { about, checks } = await interruptible(signal, connect(config, env), async (vcenter) => {
    say(`Checking cluster ${config.cluster.name} on ${config.vcenter.server} (${vcenter.about.fullName})`);
    let told = "";
    const waiting = (open: CheckResult[]): void => {
      const text = waitingText(open);
      if (text !== told) say(text);
      told = text;
    };
    const look = async (): Promise<CheckResult[]> => {
      const inventory = await vcenter.inventory();
      const probe = (target: { address: string; port: number }): Promise<boolean> => {
        return probeTcp(target.address, target.port, probeLimitMs);
      };
      return runChecks({ inventory, config, probe });
    };
    const results = await settle(look, { clock: new Clock(config.timeScale), signal, waiting });
    return { about: vcenter.about, checks: results };
  });
  const journal = checkJournal({ config, about, checks, started });
  if (json) stdout.write(`${JSON.stringify(journal, undefined, 2)}\n`);
  for (const line of checkLines(checks, paintFor(stdout, env))) say(line);
  say(tally(checks));
  const failure = failureText(checks, config.cluster.name);
  if (failure !== undefined) stderr.write(`${failure}\n`);
  if (report !== undefined) await writeReport(journal, report);
  return journal.verdict === "passed" ? 0 : 1;
}

/** Works with a vCenter session, and logs out whatever happens; an interrupt does not wait for a pending call. */
async function interruptible<T>(
  signal: AbortSignal,
  connecting: Promise<VCenter>,
  work: (vcenter: VCenter) => Promise<T>,
): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  try {
    const vcenter = await Promise.race([connecting, aborted]);
    return await Promise.race([work(vcenter), aborted]);
  } finally {
    const vcenter = await Promise.race([connecting, lateness()]).catch(() => undefined);
    await vcenter?.close();
  }
}

/** What does not connect at once after an interrupt is left to vCenter, which ends idle sessions. */
async function lateness(): Promise<undefined> {
  await sleep(1000, undefined, { ref: false });
}

interface CheckRun {
  config: ReturnType<typeof loadConfig>;
  about: About;
  checks: CheckResult[];
  started: Date;
}

function checkJournal({ config, about, checks, started }: CheckRun): Journal {
  const { cluster, hosts, vms, vcenter, timeScale } = config;
  return {
    schemaVersion: 1,
    tool: { name: "vsphere-ha", version },
    command: "check",
    started: started.toISOString(),
    ended: new Date().toISOString(),
    vcenter: { server: vcenter.server, about },
    timeScale,
    simulated: about.simulated ? [`vCenter, its hosts and guests: ${about.fullName}`] : [],
    lockOwner: undefined,
    target: {
      datacenter: cluster.datacenter,
      cluster: cluster.name,
      hosts: hosts.map(({ name }) => name),
      vms: vms.map(({ name, guestOs }) => ({ name, guestOs })),
    },
    checks,
    drills: [],
    means: [],
    verdict: verdictOf(checks),
    error: undefined,
  };
}
