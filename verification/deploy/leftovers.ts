import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Marks, in its environment, every process that a deployment starts. */
export const markName = "VSPHERE_HA_DEPLOYMENT";

/**
 * Ends what a Pulumi CLI that was killed has left: its language host and its plugins are in process groups of their own, and
 * go on without it. Known by the mark alone, so nothing else is ended. Where there is no /proc (not Linux) nothing is.
 *
 * @param patienceMs time for an orderly end, in wall ms
 */
export async function endLeftovers(mark: string, patienceMs = 5000): Promise<void> {
  const end = Date.now() + patienceMs;
  send("SIGTERM", marked(mark));
  while (marked(mark).length > 0) {
    if (Date.now() > end) {
      send("SIGKILL", marked(mark));
      return;
    }
    await sleep(50);
  }
}

function marked(mark: string): number[] {
  return processes().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid.toString()}/environ`, "utf8").split("\0").includes(`${markName}=${mark}`);
    } catch {
      // It has ended, or is of another account.
      return false;
    }
  });
}

function processes(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function send(signal: "SIGTERM" | "SIGKILL", pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}
