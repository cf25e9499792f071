import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { splitAddress } from "./addresses";

const POLL_MS = 50;

/** The command line of a process, or undefined if there is none of that id. */
export function commandOf(pid: number): string | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    // A process that has ended and waits for its parent has an empty command line.
    return command === "" ? undefined : command;
  } catch {
    return psCommandOf(pid);
  }
}

/** Where there is no /proc. */
function psCommandOf(pid: number): string | undefined {
  try {
    const args = ["-o", "command=", "-p", String(pid)];
    return execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Ids of the processes whose command lines have this text; none where there is no /proc. */
export function processesWith(text: string): number[] {
  return allPids().filter((pid) => commandOf(pid)?.includes(text));
}

/** Ids of all processes that descend from this one; none where there is no /proc. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(allPids().map((one) => [one, parentOf(one)]));
  const found = [pid];
  for (const parent of found) for (const [child, its] of parents) if (its === parent) found.push(child);
  return found.slice(1);
}

function allPids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** From /proc/PID/stat, proc(5): id, (name), state, parent; the name may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined; // it ended in between
  }
}

/**
 * Waits until a condition holds.
 *
 * @returns false when it does not hold in time
 */
export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Whether somebody listens already where `address:port` would have to. */
export function isTaken(address: string): Promise<boolean> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(true);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}

/** The process that listens at `address:port`, as `command (pid N)`; undefined if the system does not tell. */
export function listenerOf(address: string): string | undefined {
  try {
    const inode = listeningInode(readFileSync("/proc/net/tcp", "utf8"), address);
    if (inode === undefined) return undefined;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (holdsSocket(pid, inode)) return `${commandOf(Number(pid)) ?? "a process"} (pid ${pid})`;
    }
  } catch {
    // No /proc here: the message does without.
  }
  return undefined;
}

/**
 * The inode of the socket that listens at an address, or at all addresses, from the table of /proc/net/tcp: its columns
 * are slot, local address, remote address, state (0A = listening), queues, timer, retransmits, user, timeout, inode;
 * addresses are hexadecimal in the byte order of the machine (little-endian is assumed).
 */
export function listeningInode(table: string, address: string): string | undefined {
  const { host, port } = splitAddress(address);
  const hex = (n: number, digits: number): string => n.toString(16).toUpperCase().padStart(digits, "0");
  const ip = host
    .split(".")
    .reverse()
    .map((byte) => hex(Number(byte), 2))
    .join("");
  const wanted = [ip, "00000000"].map((local) => `${local}:${hex(port, 4)}`);
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local = "", , state]) => state === "0A" && wanted.includes(local))?.[9];
}

function holdsSocket(pid: string, inode: string): boolean {
  try {
    const fds = readdirSync(`/proc/${pid}/fd`);
    return fds.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    // It ended in between, or is another user's.
    return false;
  }
}
