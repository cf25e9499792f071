/** The lab's OpenStack: real services on loopback, with a compute node that a client configures over SSH. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { LabError } from "../errors";
import { commandOf, isTaken, listenerOf, descendantsOf, processesWith, waitFor } from "../processes";
import { PORTS, listenAddresses, openstackAddresses } from "./addresses";
import { prepareNode } from "./node";
import { describe, ended, isRunning, readServices, waitUntilReady, type Helper } from "./readiness";
import { clientEnvironment, launcherSettings, openstackPaths, type OpenstackPasswords } from "./settings";
import { emptyVmdk } from "./vmdk";

// Far more than a quiet machine needs: a service that ends is told at once.
const READY_MS = 300_000;
const STOP_MS = 30_000;
const GIB = 1024 ** 3;
/** Images to register, by file name: as large as the lab's templates. */
const IMAGES = { "ubuntu-13.10.vmdk": "lsilogic", "windows-xp-sp3.vmdk": "lsilogic" } as const;

const here = __dirname;
const checkout = resolve(here, "..", "..");
const parts = join(checkout, ".lab", ".openstack");
const toolchain = join(checkout, ".lab", ".toolchain");

/** What OpenStack needs to know of its lab. */
export interface OpenstackLab {
  name: string;
  /** Folder of the lab. */
  dir: string;
  /** Second octet of the lab's addresses. */
  octet: number;
}

/** Whether OpenStack runs. */
export interface OpenstackStatus {
  /** `ended`: at least one of its processes ended by itself. */
  state: "running" | "stopped" | "ended";
  authUrl: string;
  /** Processes by name. */
  pids: Record<string, number>;
  /** What ended, each with the last lines of its log. */
  problems: string[];
  logs: string;
}

/** What `start` leaves for the other functions; readable for the owner only, because of the passwords. */
interface OpenstackRecord {
  passwords: OpenstackPasswords;
  projectId?: string;
  helpers: Helper[];
}

/**
 * Starts the services and the compute node, and waits until they serve. Passwords, keys and databases are new. No
 * nova-compute runs yet: it is configured and enabled over SSH, as on a real node.
 *
 * @throws LabError when the parts are missing, an address is taken, or a service does not get ready; all is stopped then
 */
export async function startOpenstack(lab: OpenstackLab): Promise<void> {
  const missing = ["venv", "seed", "broker"].filter((part) => !existsSync(join(parts, part)));
  if (missing.length > 0) throw new LabError("OpenStack is not set up; run: node lab/openstack/setup.mjs");
  if (openstackStatus(lab).state === "running") throw new LabError(`OpenStack of lab ${lab.name} runs already`);
  await stopOpenstack(lab);
  await checkAddresses(lab);
  try {
    prepare(lab);
    launch(lab);
    const { paths, addresses } = place(lab);
    const record = readRecord(paths.record);
    if (!record) throw new LabError(`OpenStack of lab ${lab.name} was stopped while it started`);
    const projectId = await waitUntilReady(paths, addresses, {
      password: record.passwords.admin,
      helpers: record.helpers,
      timeoutMs: READY_MS,
    });
    writePrivate(paths.record, { ...record, projectId });
  } catch (error) {
    await stopOpenstack(lab);
    throw error;
  }
}

function place(lab: OpenstackLab) {
  return { paths: openstackPaths(lab.dir), addresses: openstackAddresses(lab.octet) };
}

async function checkAddresses(lab: OpenstackLab): Promise<void> {
  const addresses = listenAddresses(place(lab).addresses);
  const taken = await Promise.all(addresses.map(isTaken));
  const problems = addresses
    .filter((_, i) => taken[i])
    .map((address) => `${address} is in use by ${listenerOf(address) ?? "another process"}`);
  if (problems.length > 0) throw new LabError(`${problems.join("; ")}: end that process, or take another lab name`);
}

function prepare(lab: OpenstackLab): void {
  const { paths, addresses } = place(lab);
  rmSync(paths.logs, { recursive: true, force: true });
  for (const dir of [dirname(paths.tls.ca), paths.logs]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  execFileSync(join(toolchain, "lib", "certs"), [dirname(paths.tls.ca), addresses.api]);
  const password = (): string => randomBytes(18).toString("base64url");
  const passwords = { admin: password(), service: password(), broker: password() };
  writePrivate(paths.launcherConfig, launcherSettings(paths, addresses, passwords, join(parts, "seed")));
  writePrivate(paths.record, { passwords, helpers: [] });
  prepareNode(paths, addresses, {
    sshKeygen: program("ssh-keygen"),
    python: join(parts, "venv", "bin", "python"),
    tools: join(here, "node"),
    pythonPath: join(here, "python"),
  });
  for (const [name, adapter] of Object.entries(IMAGES)) {
    writeFileSync(join(paths.images, name), emptyVmdk(8 * GIB, adapter));
  }
}

/** Starts what runs beside each other: the broker, the services under their launcher, the node's SSH server. */
function launch(lab: OpenstackLab): void {
  const { paths, addresses } = place(lab);
  const record = readRecord(paths.record);
  if (!record) return;
  const begin = (name: string, command: string[], env: NodeJS.ProcessEnv = {}): Helper => {
    const log = join(paths.logs, `${name}.log`);
    const out = openSync(log, "w", 0o600);
    const [file = "", ...args] = command;
    const child = spawn(file, args, { detached: true, stdio: ["ignore", out, out], env: { ...process.env, ...env } });
    closeSync(out);
    child.on("error", () => undefined); // seen as a process that is not there
    child.unref();
    const helper = { name, pid: child.pid ?? 0, mark: args.join(" "), log };
    record.helpers.push(helper);
    writePrivate(paths.record, record);
    return helper;
  };
  const broker = [join(parts, "broker"), "--listen", `${addresses.api}:${PORTS.broker}`];
  begin("broker", broker, { AMQP_USER: "openstack", AMQP_PASSWORD: record.passwords.broker });
  begin("launcher", [join(parts, "venv", "bin", "python"), "-m", "vsphere_ha_lab.launcher", paths.launcherConfig], {
    PYTHONPATH: join(here, "python"),
  });
  begin("sshd", [program("sshd"), "-D", "-e", "-f", paths.sshdConfig]);
}

/** A program of the system's administrator, which need not be on a user's PATH. */
function program(name: string): string {
  const dirs = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  const found = dirs.map((dir) => join(dir, name)).find((file) => file.startsWith("/") && existsSync(file));
  if (found === undefined) throw new LabError(`${name} is missing; run: node lab/openstack/setup.mjs`);
  return found;
}

/**
 * Ends OpenStack of a lab and removes what it kept, but for its logs.
 *
 * @returns whether there was anything to stop
 */
export async function stopOpenstack(lab: OpenstackLab): Promise<boolean> {
  const { paths } = place(lab);
  const helpers = readRecord(paths.record)?.helpers ?? [];
  // The services' own children end with the launcher. A command over SSH that is under way outlives the SSH server and may
  // start nova-compute at any moment: it ends with it, and what runs on the node is looked for until nothing does.
  const running = (): number[] => {
    const own = helpers.filter(isRunning);
    const sessions = own.filter(({ name }) => name === "sshd").flatMap(({ pid }) => descendantsOf(pid));
    return [...sessions, ...own.map(({ pid }) => pid), ...processesWith(`systemctl.py --root ${paths.node} `)];
  };
  const end = (name: NodeJS.Signals): Promise<boolean> => {
    const told = new Set<number>();
    const isEnded = (): boolean => {
      const left = running();
      for (const pid of left) {
        if (!told.has(pid)) signal(pid, name);
        told.add(pid);
      }
      return left.length === 0;
    };
    return waitFor(isEnded, STOP_MS);
  };
  if (!(await end("SIGTERM"))) await end("SIGKILL");
  const left = [paths.dir, paths.node].filter((dir) => existsSync(dir));
  for (const dir of left) rmSync(dir, { recursive: true, force: true });
  return left.length > 0;
}

/** The processes that keep the node's services running, of all that were started and not stopped (see systemctl.py). */
function startedOnNode(lab: OpenstackLab): Helper[] {
  const { paths } = place(lab);
  const run = join(paths.node, "run");
  const files = existsSync(run) ? readdirSync(run).filter((file) => file.endsWith(".pid")) : [];
  return files.map((file) => {
    const name = file.slice(0, -".service.pid".length);
    const pid = Number(readFileSync(join(run, file), "utf8"));
    return { name, pid, mark: `--root ${paths.node} run`, log: join(paths.logs, `${name}.log`) };
  });
}

/** Services of the node that ended for good although nobody stopped them. */
function endedOnNode(lab: OpenstackLab): string[] {
  const { paths } = place(lab);
  return startedOnNode(lab)
    .filter((service) => !isRunning(service))
    .map(({ name, log }) => {
      const failed = join(paths.node, "run", `${name}.service.failed`);
      const how = existsSync(failed) ? `exit code ${readFileSync(failed, "utf8").trim()}` : "ended";
      return describe(name, how, log);
    });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

/** Whether OpenStack of a lab runs, and what of it ended. */
export function openstackStatus(lab: OpenstackLab): OpenstackStatus {
  const { paths, addresses } = place(lab);
  const helpers = readRecord(paths.record)?.helpers ?? [];
  const problems = helpers.length === 0 ? [] : [...ended(paths, helpers), ...endedOnNode(lab)];
  const services = Object.entries(readServices(paths)).filter(([, { pid }]) => commandOf(pid) !== undefined);
  const alive = [...helpers, ...startedOnNode(lab)].filter(isRunning);
  return {
    state: helpers.length === 0 ? "stopped" : problems.length > 0 ? "ended" : "running",
    authUrl: `https://${addresses.api}:${PORTS.keystone}/v3`,
    pids: Object.fromEntries([
      ...alive.map(({ name, pid }) => [name, pid] as const),
      ...services.map(([name, { pid }]) => [name, pid] as const),
    ]),
    problems,
    logs: paths.logs,
  };
}

/**
 * The environment of OpenStack's clients and of whoever configures the compute node.
 *
 * @throws LabError when it does not run
 */
export function openstackEnv(lab: OpenstackLab): Record<string, string> {
  const { paths, addresses } = place(lab);
  const record = readRecord(paths.record);
  if (record?.projectId === undefined) throw new LabError(`OpenStack of lab ${lab.name} does not run`);
  const [type, key] = readFileSync(`${paths.hostKey}.pub`, "utf8").split(" ");
  return clientEnvironment(paths, addresses, {
    password: record.passwords.admin,
    projectId: record.projectId,
    hostKey: `${type} ${key}`,
    user: userInfo().username,
  });
}

function writePrivate(file: string, content: object): void {
  writeFileSync(file, JSON.stringify(content, null, 2) + "\n", { mode: 0o600 });
}

function readRecord(file: string): OpenstackRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as OpenstackRecord;
  } catch {
    return undefined;
  }
}
