/**
 * `npm start`: the main job end to end. Starts the lab, deploys the reference stack, fails each host once, runs every other
 * drill that the lab offers, those of OpenStack where there is one, and loads the guests; shows that preview and refresh are
 * still empty afterwards, writes report/, and stops what it started.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { DEFAULT_TIME_SCALE, labEnv, startLab, stopLab } from "../lab/lab";
import { timeScale } from "../lab/timeScale";
import { joined } from "../verification/joined";
import { readJournal } from "../verification/journal";
import type { CheckResult, Journal } from "../verification/model";
import { printSummary, writeReport } from "../verification/report";
import { CouldNotRun } from "../verification/problems";

const root = resolve(__dirname, "..");
const reportDir = join(root, "report");
/** What the verification is told of the stack. */
const documentFile = join(reportDir, "verification.json");
const labName = "dev";

/** Each at one host, after the loss of each was seen. */
const drills = [
  ["host-loss-vcenter-down", "Fail a host while vCenter's own service is down"],
  ["host-isolation", "Cut a host off from its network"],
  ["apd", "Take the paths to the storage away from a host"],
  ["pdl", "Let a disk be gone at a host"],
  ["maintenance-mode", "Take a host out of service"],
] as const;

/** Each of one host: OpenStack's part fails or interferes beside it. */
const openstackDrills = [
  ["nova-compute-down", "Fail a host while nova-compute is down"],
  ["power-state-sync", "Fail a host while nova's power-state sync runs"],
] as const;

interface Options {
  keep?: true;
  withoutOpenstack?: true;
  timeScale: number;
}

/** Ends a run from outside: the running child gets one SIGINT, so that it can undo what it did. */
const interrupted = new AbortController();

interface Finished {
  code: number;
  output: string;
}

/** What of a child's output is shown as it comes; all of it is kept. */
type Shown = "all" | "stderr" | "none";

function run(file: string, args: string[], env: NodeJS.ProcessEnv, shown: Shown): Promise<Finished> {
  return new Promise((done, fail) => {
    // Its own process group: a Ctrl-C of the terminal reaches it once, through us.
    const child = spawn(file, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    const keep = (show: boolean) => (chunk: Buffer) => {
      output += chunk.toString();
      if (show) process.stdout.write(chunk);
    };
    const end = (): void => {
      child.kill("SIGINT");
    };
    interrupted.signal.addEventListener("abort", end);
    child.stdout.on("data", keep(shown === "all"));
    child.stderr.on("data", keep(shown !== "none"));
    child.on("error", fail);
    child.on("close", (code) => {
      interrupted.signal.removeEventListener("abort", end);
      done({ code: code ?? 2, output });
    });
  });
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  if (interrupted.signal.aborted) throw new CouldNotRun("interrupted");
  const started = Date.now();
  console.log(`\n== ${title}`);
  const result = await work();
  console.log(`== ${title}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
}

async function pulumi(env: NodeJS.ProcessEnv, args: string[], shown: Shown = "none"): Promise<Finished> {
  return run("pulumi", [...args, "--non-interactive", "--color", "never"], env, shown);
}

/** @param stack Pulumi.<stack>.yaml has its settings */
async function deploy(env: NodeJS.ProcessEnv, stack: string): Promise<void> {
  const init = await pulumi(env, ["stack", "init", stack]);
  if (init.code !== 0) throw new CouldNotRun(`pulumi stack init failed:\n${init.output}`);
  const up = await pulumi(env, ["up", "--yes", "--skip-preview", "--suppress-progress", "--suppress-outputs"], "all");
  if (up.code === 0) return;
  if (up.output.includes("vsphere-ha check: failed")) throw new VerificationFailed();
  throw new CouldNotRun("pulumi up failed: its messages above say why; nothing was failed on purpose");
}

/** What the stack says of its target, as far as it is used here. */
interface Document {
  hosts: { name: string }[];
  vms: { name: string; guestOs: string }[];
}

/** The deployment's own check said no: a verdict, not a fault of the run. */
class VerificationFailed extends Error {}

const unchangedChecks = [
  { id: "preview-empty-after-failover", title: "Preview is empty after the failovers", args: ["preview"] },
  {
    id: "refresh-clean-after-failover",
    title: "Refresh finds no drift after the failovers",
    args: ["refresh", "--preview-only"],
  },
];

/** A failover moves VMs between hosts; a stack that then wants to change something would undo it. */
async function checkUnchanged(env: NodeJS.ProcessEnv): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { id, title, args } of unchangedChecks) {
    const { code, output } = await pulumi(env, [...args, "--expect-no-changes", "--diff"]);
    results.push({
      id,
      title,
      severity: "error",
      verdict: code === 0 ? "passed" : "failed",
      read: code === 0 ? "no changes" : "changes, or no answer",
      expected: "no changes",
      why: "a stack that wants to change something after a failover would move the VMs again",
      source: `pulumi ${args.join(" ")} --expect-no-changes`,
      remedy: `run pulumi ${args.join(" ")} --diff and find out who else changes the named resource`,
      findings: code === 0 ? [] : [{ subject: "stack", read: output.trim(), expected: "no changes" }],
    });
  }
  return results;
}

/**
 * Runs commands of the verification one after the other, each with a report of its own below report/ (after a kill, its
 * journal says what to undo there), and makes one of all. Only their progress is shown, because the summary comes last.
 */
class Verification {
  readonly #journals: Journal[] = [];
  readonly #dirs: string[] = [];

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** @throws CouldNotRun */
  async run(...args: string[]): Promise<Journal> {
    const dir = join(reportDir, args.slice(0, 2).join("-"));
    const journalFile = join(dir, "journal.json");
    const common = ["--config", documentFile, "--report", dir, "--json"];
    const { code } = await run(
      process.execPath,
      [join(root, "bin", "vsphere-ha.js"), ...args, ...common],
      this.env,
      "stderr",
    );
    this.#dirs.push(dir);
    const journal = existsSync(journalFile) ? readJournal(journalFile) : undefined;
    if (journal !== undefined) this.#journals.push(journal);
    if (journal !== undefined && code <= 1) return journal;
    throw new CouldNotRun(`vsphere-ha ${args.join(" ")} could not run: the messages above say why`);
  }

  /** One report of all that ran; undefined when nothing did. */
  async report(): Promise<Journal | undefined> {
    const [first, ...others] = this.#journals;
    if (first === undefined) return undefined;
    const whole = joined(first, ...others);
    await writeReport(whole, reportDir);
    for (const dir of this.#dirs) rmSync(dir, { recursive: true, force: true });
    return whole;
  }
}

async function verify(env: NodeJS.ProcessEnv, openstack: boolean): Promise<Journal> {
  const output = await pulumi(env, ["stack", "output", "verification", "--json"]);
  if (output.code !== 0) throw new CouldNotRun(`pulumi stack output failed:\n${output.output}`);
  rmSync(reportDir, { recursive: true, force: true });
  mkdirSync(reportDir, { recursive: true });
  writeFileSync(documentFile, output.output);
  const { hosts, vms } = JSON.parse(output.output) as Document;
  const verification = new Verification(env);
  try {
    await step("Fail each host once", () => verification.run("drill", "host-loss"));
    for (const [index, [drill, title]] of [...drills, ...(openstack ? openstackDrills : [])].entries()) {
      const { name = "" } = hosts[index % hosts.length] ?? {};
      await step(title, () => verification.run("drill", drill, "--host", name));
    }
    const hung = [...new Map(vms.map(({ guestOs, name }) => [guestOs, ["--vm", name]])).values()].flat();
    await step("Let a guest of each kind hang", () => verification.run("drill", "guest-hang", ...hung));
    await step("Load the guests, level by level", () => verification.run("load", "--seconds", "60"));
    const unchanged = await step("Preview and refresh after the failovers", () => checkUnchanged(env));
    const last = await step("Check once more", () => verification.run("check"));
    last.checks.push(...unchanged);
    if (unchanged.some((check) => check.verdict !== "passed")) last.verdict = "failed";
  } catch (error) {
    await verification.report();
    throw error;
  }
  const whole = await verification.report();
  if (whole === undefined) throw new CouldNotRun("nothing was verified");
  return whole;
}

async function main({ keep, withoutOpenstack, timeScale: scale }: Options): Promise<number> {
  let started = false;
  const openstack = !withoutOpenstack;
  try {
    const lab = await step(`Start the lab (time scale ${scale})`, () =>
      startLab({ name: labName, timeScale: scale, openstack, signal: interrupted.signal }),
    );
    started = true;
    const env = { ...process.env, ...labEnv(lab.name) };
    await step("Deploy the reference stack", () => deploy(env, openstack ? "openstack" : "dev"));
    const journal = await verify(env, openstack);
    console.log(`\n${printSummary(journal)}`);
    console.log(`report: ${join("report", "index.html")}`);
    return journal.verdict === "passed" ? 0 : 1;
  } catch (error) {
    if (error instanceof VerificationFailed) return 1;
    if (!(error instanceof Error)) throw error;
    console.error(interrupted.signal.aborted ? "interrupted: run npm start again" : error.message);
    return 2;
  } finally {
    if (started && keep && !interrupted.signal.aborted) {
      console.log(
        [
          "",
          "The lab and the stack are up. To go on in this shell:",
          '  eval "$(npm run -s lab -- env)"',
          "  pulumi preview        # or up, refresh, destroy",
          "To stop the lab:",
          "  npm run lab -- stop",
        ].join("\n"),
      );
    } else if (started) {
      await stopLab(labName);
    }
  }
}

const program = new Command("npm start --")
  .description(
    "Deploys the reference stack into the lab, fails each host once, breaks more than hosts, loads the guests, and reports how available the VMs were.",
  )
  .option("--keep", "leave the lab and the stack up, and say how to go on")
  .option("--without-openstack", "a vCenter alone: less to set up, and half the time")
  .option(
    "--time-scale <factor>",
    "lab seconds in one second: more is faster and less exact; with less, a busy machine is still in time",
    timeScale,
    DEFAULT_TIME_SCALE,
  )
  .addHelpText(
    "after",
    "\nExit code: 0 everything passed, 1 something failed, 2 could not run.\nThe report is written to report/ (index.html, summary.md, junit.xml, journal.json).",
  );

process.on("SIGINT", () => {
  interrupted.abort();
});
process.on("SIGTERM", () => {
  interrupted.abort();
});
void main(program.parse().opts<Options>()).then((code) => {
  process.exitCode = code;
});
