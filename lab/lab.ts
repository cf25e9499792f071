/** The lab: a simulated vCenter with hosts, BMCs and guests, OpenStack, and an empty Pulumi backend, all on loopback. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { labAddresses, splitAddress } from "./addresses";
import { LabError } from "./errors";
import { claimNetwork } from "./network";
import {
  openstackEnv,
  openstackStatus,
  startOpenstack,
  stopOpenstack,
  type OpenstackLab,
  type OpenstackStatus,
} from "./openstack/openstack";
import { waitFor } from "./processes";
import {
  exclusively,
  place,
  readRecord,
  runningPid,
  toolchain,
  vcenterCommand,
  writeRecord,
  type Place,
} from "./record";
import { vcenterSettings, verificationSettings, VCENTER_USER } from "./settings";

/** Name of the lab that is meant when none is given. */
export const DEFAULT_LAB = "dev";
/** Lab seconds in one second of wall time, when nothing else is asked for. */
export const DEFAULT_TIME_SCALE = 10;
// Public on purpose: the lab's stack holds nothing secret, and Pulumi.dev.yaml carries the salt that belongs to it.
const PASSPHRASE = "vsphere-ha-lab";
const READY_MS = 30_000;
const STOP_MS = 10_000;

/** A running lab. */
export interface Lab {
  name: string;
  /** Its folder. */
  dir: string;
  /** What a plain `pulumi` or `vsphere-ha` needs to work on it. */
  env: Record<string, string>;
  /** Fault API, for tests. */
  faultUrl: string;
  /** Instants at which each guest really went up and down, as JSON lines. */
  truthLog: string;
  /** Certificate of the authority that signed the certificates of vCenter and the BMCs. */
  caFile: string;
}

/** Whether a lab runs, and how to reach it. */
export interface LabStatus {
  name: string;
  /** `ended`: it was started and ended by itself, its files are still there. */
  state: "running" | "stopped" | "ended";
  pid?: number;
  timeScale?: number;
  /** ISO 8601. */
  started?: string;
  vcenter: string;
  faultUrl: string;
  log: string;
  /** Undefined: the lab is without it. */
  openstack?: OpenstackStatus;
}

export interface LabOptions {
  /** Lower-case name; labs of different names run side by side. Default: dev. */
  name?: string;
  /** Lab seconds in one second of wall time, 0.1 to 10000. Default: 10. */
  timeScale?: number;
  /** With OpenStack, which `node lab/openstack/setup.mjs` makes ready. Default: false. */
  openstack?: boolean;
  /** Ends the start: what is there of the lab is stopped. Default: never. */
  signal?: AbortSignal;
}

/**
 * Starts a lab and waits until it serves. Its passwords, certificates, inventory and Pulumi backend are new.
 *
 * @throws LabError when it runs already, no network is free, it does not get ready, or the signal ended the start;
 *   nothing is left behind then
 */
export async function startLab(opts: LabOptions = {}): Promise<Lab> {
  const { name = DEFAULT_LAB, timeScale = DEFAULT_TIME_SCALE, openstack = false, signal } = opts;
  const where = place(name);
  if (!(timeScale >= 0.1 && timeScale <= 10_000)) {
    throw new LabError(`the time scale is ${timeScale}; it must lie between 0.1 and 10000`);
  }
  if (!existsSync(join(toolchain, "lib", "vcenter")))
    throw new LabError("the toolchain is missing; run: npm run setup");
  await exclusively(name, () => start(where, { timeScale, openstack }, signal));
  const { dir, truthLog, caFile } = where.paths;
  return { name, dir, env: labEnv(name), faultUrl: `http://${place(name).addresses.faults}`, truthLog, caFile };
}

interface Parts {
  timeScale: number;
  openstack: boolean;
}

async function start(where: Place, parts: Parts, signal?: AbortSignal): Promise<void> {
  const { name, octets, paths } = where;
  const { state, pid } = labStatus(name);
  if (state === "running") {
    throw new LabError(`lab ${name} runs already (pid ${pid}); stop it first: npm run lab -- stop --name ${name}`);
  }
  // OpenStack outlives a vCenter that was killed.
  await stopLab(name);
  rmSync(paths.dir, { recursive: true, force: true });
  const claim = await claimNetwork(octets);
  let stopped: Promise<unknown> | undefined;
  // The start fails once a part of it has ended.
  const stop = (): void => void (stopped = stopLab(name).catch(() => undefined));
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    const claimed = { ...where, addresses: labAddresses(claim.octet) };
    prepare(claimed, parts);
    await launch(claimed, parts.timeScale);
    if (parts.openstack) await startOpenstack(openstackOf(claimed));
    signal?.throwIfAborted();
  } catch (error) {
    await stopped;
    await stopLab(name);
    throw signal?.aborted ? new LabError(`interrupted, lab ${name} is stopped`) : error;
  } finally {
    signal?.removeEventListener("abort", stop);
    claim.release();
  }
}

function openstackOf({ name, addresses: { octet }, paths: { dir } }: Place): OpenstackLab {
  return { name, dir, octet };
}

function prepare({ name, addresses, paths, recordFile }: Place, { timeScale, openstack }: Parts): void {
  mkdirSync(paths.dir, { mode: 0o700 });
  for (const dir of [join(paths.dir, "tls"), paths.logs, paths.pulumiHome, paths.state]) mkdirSync(dir);
  const password = (): string => randomBytes(18).toString("base64url");
  writeRecord(recordFile, {
    octet: addresses.octet,
    timeScale,
    openstack,
    started: new Date().toISOString(),
    passwords: {
      VSPHERE_PASSWORD: password(),
      VSPHERE_HA_HOST_PASSWORD: password(),
      VSPHERE_HA_BMC_PASSWORD: password(),
      VSPHERE_HA_GUEST_PASSWORD: password(),
      VSPHERE_HA_LAB_OPERATOR_PASSWORD: password(),
    },
  });
  const ips = [...new Set([addresses.vcenter, ...addresses.bmcs].map((address) => splitAddress(address).host))];
  execFileSync(join(toolchain, "lib", "certs"), [join(paths.dir, "tls"), ...ips]);
  const json = (value: object): string => JSON.stringify(value, null, 2) + "\n";
  writeFileSync(paths.vcenterConfig, json(vcenterSettings(name, timeScale, addresses, paths)), { mode: 0o600 });
  writeFileSync(paths.verificationConfig, json(verificationSettings(timeScale, addresses, paths)));
  const plugins = join(paths.pulumiHome, "plugins");
  for (const plugin of readdirSync(join(toolchain, "plugins"))) {
    const dir = join(plugins, plugin);
    mkdirSync(dir, { recursive: true });
    for (const file of readdirSync(join(toolchain, "plugins", plugin))) {
      symlinkSync(join(toolchain, "plugins", plugin, file), join(dir, file));
    }
  }
}

async function launch(where: Place, timeScale: number): Promise<void> {
  const { paths, recordFile } = where;
  const record = readRecord(recordFile);
  if (!record) throw new LabError(`lab ${where.name} was stopped while it started`);
  const output = join(paths.logs, "vcenter.out");
  const [out, log] = [openSync(output, "w"), openSync(paths.vcenterLog, "w")];
  const [program, ...args] = vcenterCommand(where);
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", out, log],
    env: { ...process.env, ...record.passwords },
  });
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended ??= code === null ? `signal ${signal}` : `exit code ${code}`));
  closeSync(out);
  closeSync(log);
  if (child.pid !== undefined) writeRecord(recordFile, { ...record, pid: child.pid });
  const ready = (): boolean => readFileSync(output, "utf8").includes('"ready":true');
  const inTime = await waitFor(() => ended !== undefined || ready(), READY_MS);
  child.unref();
  if (ended !== undefined || !inTime) {
    const lines = readFileSync(paths.vcenterLog, "utf8").trim().split("\n").slice(-5).join("\n  ");
    const how = ended === undefined ? `is not ready after ${READY_MS / 1000} s` : `ended (${ended})`;
    throw new LabError(`the simulated vCenter ${how} at time scale ${timeScale}:\n  ${lines}`);
  }
}

/**
 * Ends a lab and removes what it kept, but for its logs. Cleans up as well after one that ended by itself.
 *
 * @returns whether there was anything to stop
 */
export async function stopLab(name: string = DEFAULT_LAB): Promise<boolean> {
  const where = place(name);
  const { paths } = where;
  // First, because nova-compute is a client of the vCenter.
  const hadOpenstack = await stopOpenstack(openstackOf(where));
  const pid = runningPid(where);
  if (pid !== undefined) {
    signal(pid, "SIGTERM");
    const gone = (): boolean => runningPid(where) === undefined;
    if (!(await waitFor(gone, STOP_MS))) {
      signal(pid, "SIGKILL");
      await waitFor(gone, STOP_MS);
    }
  }
  if (!existsSync(paths.dir)) return hadOpenstack;
  const left = readdirSync(paths.dir).filter((entry) => entry !== "logs");
  for (const entry of left) rmSync(join(paths.dir, entry), { recursive: true, force: true });
  return hadOpenstack || left.length > 0;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

/** Whether a lab runs, and how to reach it. */
export function labStatus(name: string = DEFAULT_LAB): LabStatus {
  const where = place(name);
  const { addresses, paths, recordFile } = where;
  const record = readRecord(recordFile);
  const pid = runningPid(where);
  return {
    name,
    state: pid !== undefined ? "running" : record ? "ended" : "stopped",
    ...(pid !== undefined && { pid }),
    ...(record && { timeScale: record.timeScale, started: record.started }),
    vcenter: `https://${addresses.vcenter}`,
    faultUrl: `http://${addresses.faults}`,
    log: paths.vcenterLog,
    ...(record?.openstack && { openstack: openstackStatus(openstackOf(where)) }),
  };
}

/**
 * The environment under which plain `pulumi` and `vsphere-ha` work on a running lab.
 *
 * @throws LabError when it does not run
 */
export function labEnv(name: string = DEFAULT_LAB): Record<string, string> {
  const where = place(name);
  const { addresses, paths, recordFile } = where;
  const record = readRecord(recordFile);
  if (!record || runningPid(where) === undefined) {
    throw new LabError(`lab ${name} does not run; start it: npm run lab -- start --name ${name}`);
  }
  return {
    PATH: [join(toolchain, "bin"), process.env.PATH].filter(Boolean).join(delimiter),
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: `file://${paths.state}`,
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    VSPHERE_SERVER: addresses.vcenter,
    VSPHERE_USER: VCENTER_USER,
    ...record.passwords,
    SSL_CERT_FILE: paths.caFile,
    VSPHERE_HA_CA_FILE: paths.caFile,
    VSPHERE_HA_CONFIG: paths.verificationConfig,
    ...(record.openstack && { ...openstackEnv(openstackOf(where)), VSPHERE_HA_COMPUTE_CA_FILE: paths.caFile }),
  };
}
