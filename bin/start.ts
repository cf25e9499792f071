/**
 * `npm start`: the main job end to end. Starts the lab, deploys the reference stack, fails each host once, runs every other
 * drill that the lab offers, those of OpenStack where there is one, and loads the guests; shows that preview and refresh are
 * still empty afterwards, writes report/, and stops what it started.
 */
// First, so that an interrupt finds its handler also while the rest is being loaded.
import { hurried, interrupted } from "../verification/cli/interrupt";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { labEnv, startLab, stopLab } from "../lab/lab";
import { timeScale } from "../lab/timeScale";
import { joined } from "../verification/joined";
import { readJournal } from "../verification/journal";
import type { CheckResult, Journal } from "../verification/model";
import { main as vsphereHa } from "../verification/cli/main";
import { printSummary, writeReport } from "../verification/report";
import { CouldNotRun } from "../verification/problems";

const root = resolve(__dirname, "..");
const reportDir = join(root, "report");
/** What the verification is told of the stack. */
const documentFile = join(reportDir, "verification.json");
const labName = "dev";
/** Lab seconds in a second: the drills wait far more than they compute, and a command over SSH still takes less than one. */
const defaultTimeScale = 25;

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

interface Finished {
  code: number;
  output: string;
}

/** @param shown its output, as it comes; all of it is kept */
function pulumi(env: NodeJS.ProcessEnv, args: string[], shown = false): Promise<Finished> {
  return new Promise((done, fail) => {
    const all = [...args, "--non-interactive", "--color", "never"];
    // Its own process group: a Ctrl-C of the terminal reaches it once, through us, so that it can undo what it did.
    const child = spawn("pulumi", all, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
      if (shown) process.stdout.write(chunk);
    };
    const end = (): void => {
      child.kill("SIGINT");
    };
    interrupted.addEventListener("abort", end);
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", fail);
    child.on("close", (code) => {
      interrupted.removeEventListener("abort", end);
      done({ code: code ?? 2, output });
    });
  });
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  if (interrupted.aborted) throw new CouldNotRun("interrupted");
  const started = Date.now();
  console.log(`\n== ${title}`);
  const result = await work();
  console.log(`== ${title}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
}

/** @param stack Pulumi.<stack>.yaml has its settings */
async function deploy(env: NodeJS.ProcessEnv, stack: string): Promise<void> {
  const init = await pulumi(env, ["stack", "init", stack]);
  if (init.code !== 0) throw new CouldNotRun(`pulumi stack init failed:\n${init.output}`);
  const up = await pulumi(env, ["up", "--yes", "--skip-preview", "--suppress-progress", "--suppress-outputs"], true);
  if (up.code === 0) return;
  if (up.output.includes("vsphere-ha check: failed")) throw new VerificationFailed();
  throw new CouldNotRun("pulumi up failed: its messages above say why; nothing was failed on purpose");
}

interface Parts {
  openstack: boolean;
  /** Lab seconds in a second. */
  scale: number;
}

/** Seconds of the lab. Where they are short, more of them: also a busy machine is in time for a probe each 100 ms. */
function probeInterval(scale: number): number {
  return Math.max(1, scale / 10);
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
function checkUnchanged(env: NodeJS.ProcessEnv): Promise<CheckResult[]> {
  return Promise.all(
    unchangedChecks.map(async ({ id, title, args }) => {
      const { code, output } = await pulumi(env, [...args, "--expect-no-changes", "--diff"]);
      return {
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
      };
    }),
  );
}

/**
 * Runs commands of the verification one after the other, in this process, as each start of one takes seconds. Each has a
 * report of its own below report/ (after a kill, its journal says what to undo there), and one is made of all. Only their
 * progress is shown, because the summary comes last.
 */
class Verification {
  readonly #journals: Journal[] = [];
  readonly #dirs: string[] = [];

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** @throws CouldNotRun */
  async run(...args: string[]): Promise<Journal> {
    const dir = join(reportDir, args.slice(0, 2).join("-"));
    const journalFile = join(dir, "journal.json");
    const code = await vsphereHa([...args, "--config", documentFile, "--report", dir, "--json"], {
      env: this.env,
      stdout: { write: () => undefined },
      stderr: process.stdout,
      signal: interrupted,
      hurried,
    });
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

async function verify(env: NodeJS.ProcessEnv, { openstack, scale }: Parts): Promise<Journal> {
  const output = await pulumi(env, ["stack", "output", "verification", "--json"]);
  if (output.code !== 0) throw new CouldNotRun(`pulumi stack output failed:\n${output.output}`);
  rmSync(reportDir, { recursive: true, force: true });
  mkdirSync(reportDir, { recursive: true });
  const document = JSON.parse(output.output) as Document;
  writeFileSync(documentFile, JSON.stringify({ ...document, probeIntervalSeconds: probeInterval(scale) }));
  const { hosts, vms } = document;
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
      startLab({ name: labName, timeScale: scale, openstack, signal: interrupted }),
    );
    started = true;
    const env = { ...process.env, ...labEnv(lab.name) };
    await step("Deploy the reference stack", () => deploy(env, openstack ? "openstack" : "dev"));
    const journal = await verify(env, { openstack, scale });
    console.log(`\n${printSummary(journal)}`);
    console.log(`report: ${join("report", "index.html")}`);
    return journal.verdict === "passed" ? 0 : 1;
  } catch (error) {
    if (error instanceof VerificationFailed) return 1;
    if (!(error instanceof Error)) throw error;
    console.error(interrupted.aborted ? "interrupted: run npm start again" : error.message);
    return 2;
  } finally {
    if (started && keep && !interrupted.aborted) {
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
    defaultTimeScale,
  )
  .addHelpText(
    "after",
    "\nExit code: 0 everything passed, 1 something failed, 2 could not run.\nThe report is written to report/ (index.html, summary.md, junit.xml, journal.json).",
  );

void main(program.parse().opts<Options>()).then((code) => {
  process.exitCode = code;
});
