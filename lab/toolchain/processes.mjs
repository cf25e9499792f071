import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { Interrupted, SetupError, saysDiskFull } from "./errors.mjs";

/** Time that a program has to end by itself after SIGTERM, before it is killed. */
const STOP_GRACE_MS = 5000;
const TAIL_LINES = 15;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
let stopping = false;

/**
 * Runs a program in a process group of its own and returns what it wrote to standard output.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, log: string, what: string }} options log: file that gets all it prints;
 *   what: what the user is told that failed
 * @returns {Promise<string>}
 * @throws {SetupError} with the last lines that it printed
 */
export async function run(program, args, { cwd, env, log, what }) {
  if (stopping) throw new Interrupted();
  const file = createWriteStream(log, { flags: "a" });
  file.on("error", () => undefined);
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let stdout = "";
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
    stdout += text;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (/** @type {Buffer | string} */ text) => {
      printed = (printed + text.toString()).slice(-20_000);
      file.write(text);
    });
  }
  try {
    const [code, signal] = await once(child, "close");
    if (code === 0) return stdout;
    throw failure(what, code === null ? `ended by ${signal}` : `exit code ${code}`, printed, log);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`${what}: cannot run ${program}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    running.delete(child);
    file.end();
  }
}

/**
 * @param {string} what
 * @param {string} how
 * @param {string} printed
 * @param {string} log
 */
function failure(what, how, printed, log) {
  if (saysDiskFull(printed)) return new SetupError(`${what}: the disk is full; free some space and run again`);
  const lines = printed.trimEnd().split("\n").slice(-TAIL_LINES);
  return new SetupError(
    [`${what} failed (${how}):`, ...lines.map((line) => `  ${line}`), `full output: ${log}`].join("\n"),
  );
}

/** Ends all programs that are still running, with their children; from then on none is started. */
export async function stopAll() {
  stopping = true;
  await Promise.all(
    [...running].map(async (child) => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      signalGroup(child.pid, "SIGTERM");
      const timer = setTimeout(() => signalGroup(/** @type {number} */ (child.pid), "SIGKILL"), STOP_GRACE_MS);
      await ended;
      clearTimeout(timer);
    }),
  );
}

/**
 * @param {number} leader
 * @param {NodeJS.Signals} signal
 */
function signalGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch {
    // It ended in between.
  }
}

/**
 * Whether a process of that id exists.
 * @param {number} pid
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
