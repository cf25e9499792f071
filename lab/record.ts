/** Where a lab is, and what its commands leave for each other. */
import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { labAddresses, octetsOf, type LabAddresses } from "./addresses";
import { LabError } from "./errors";
import { commandOf, processesWith } from "./processes";
import { labPaths, type LabPaths } from "./settings";

const checkout = resolve(__dirname, "..");

/** The folder that setup links the built programs into. */
export const toolchain = join(checkout, ".lab", ".toolchain");

/** By the environment variable that carries each. */
interface Passwords {
  VSPHERE_PASSWORD: string;
  VSPHERE_HA_HOST_PASSWORD: string;
  VSPHERE_HA_BMC_PASSWORD: string;
  /** Of root in the Ubuntu guests and of Administrator in the Windows ones. */
  VSPHERE_HA_GUEST_PASSWORD: string;
  /** Of the user whose role tests define. */
  VSPHERE_HA_LAB_OPERATOR_PASSWORD: string;
}

/** What `start` leaves for the other commands; readable for the owner only, because of the passwords. */
export interface LabRecord {
  pid?: number;
  /** Second octet of the lab's addresses. */
  octet: number;
  timeScale: number;
  /** Whether OpenStack belongs to it. */
  openstack: boolean;
  started: string;
  passwords: Passwords;
}

/** A lab by its name, whether it runs or not. */
export interface Place {
  name: string;
  /** Second octets that its addresses may have, the preferred one first. */
  octets: [number, ...number[]];
  /** Of the lab that runs, or that would run if nobody else has them. */
  addresses: LabAddresses;
  paths: LabPaths;
  recordFile: string;
}

/** @throws LabError when no lab can have that name */
export function place(name: string): Place {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new LabError(`the lab's name is ${JSON.stringify(name)}; use up to 31 lower-case letters, digits and "-"`);
  }
  const paths = labPaths(join(checkout, ".lab", name));
  const recordFile = join(paths.dir, "lab.json");
  const octets = octetsOf(checkout, name);
  return { name, octets, addresses: labAddresses(readRecord(recordFile)?.octet ?? octets[0]), paths, recordFile };
}

/** The command line of the lab's process. */
export function vcenterCommand({ paths }: Place): [string, ...string[]] {
  return [join(toolchain, "lib", "vcenter"), "--config", paths.vcenterConfig];
}

/** The id of the lab's process. A process of that id with another command line is somebody else's. */
export function runningPid(where: Place): number | undefined {
  const record = readRecord(where.recordFile);
  const command = vcenterCommand(where).join(" ");
  if (record === undefined) return undefined;
  // Without an id: whoever started it was killed before it could write it down, or is about to.
  if (record.pid === undefined) return processesWith(command)[0];
  return commandOf(record.pid) === command ? record.pid : undefined;
}

/**
 * Does something that only one process may do for a lab at a time. The lock is a link: it is created with its content, the
 * owner's process id, in one step.
 */
export async function exclusively<T>(name: string, action: () => Promise<T>): Promise<T> {
  const lock = join(checkout, ".lab", `.${name}.starting`);
  mkdirSync(dirname(lock), { recursive: true });
  const owner = readLock(lock);
  if (owner !== undefined && commandOf(owner) === undefined) rmSync(lock, { force: true });
  try {
    symlinkSync(String(process.pid), lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new LabError(`lab ${name} is being started by another process (pid ${readLock(lock)}); wait for it`);
  }
  try {
    return await action();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readLock(lock: string): number | undefined {
  try {
    return Number(readlinkSync(lock));
  } catch {
    return undefined;
  }
}

export function writeRecord(file: string, record: LabRecord): void {
  writeFileSync(file, JSON.stringify(record, null, 2) + "\n", { mode: 0o600 });
}

/** What was left, or undefined when nothing was. */
export function readRecord(file: string): LabRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LabRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
