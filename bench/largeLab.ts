/** A simulated vCenter with a large cluster, for measurements of size. */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { claimNetwork } from "../lab/network";
import { waitFor } from "../lab/processes";
import { toolchain } from "../lab/record";
import type { Traversal } from "./traverse";

export interface LargeLab {
  /** What the verifier takes from the environment. */
  env: Record<string, string>;
  startSeconds: number;
  /** One reading of its cluster in a process of its own. */
  traverse(): Promise<Traversal>;
  stop(): Promise<void>;
}

const readyMs = 300_000;
const datacenter = "Lab";
const cluster = "many";

export async function startLargeLab(hosts: number, machines: number): Promise<LargeLab> {
  const dir = mkdtempSync(join(tmpdir(), "large-lab-"));
  const claim = await claimNetwork(Array.from({ length: 20 }, (_, k) => 200 + k));
  const net = `127.${claim.octet.toString()}`;
  const [vcenter, tls] = [`${net}.0.1:8443`, join(dir, "tls")];
  const passwords = {
    VSPHERE_PASSWORD: "bench",
    VSPHERE_HA_HOST_PASSWORD: "bench",
    VSPHERE_HA_BMC_PASSWORD: "bench",
  };
  mkdirSync(tls);
  execFileSync(join(toolchain, "lib", "certs"), [tls, `${net}.0.1`]);
  const config = {
    name: "large",
    timeScale: 1,
    listen: vcenter,
    faultListen: `${net}.0.1:8089`,
    tls: { cert: join(tls, "server.pem"), key: join(tls, "server-key.pem") },
    user: "administrator@vsphere.local",
    datacenter,
    inventory: { cluster, machines },
    hosts: Array.from({ length: hosts }, (_, k) => ({
      name: `esx-${(k + 1).toString().padStart(3, "0")}.lab.test`,
      cpuMhz: 2600,
      cores: 32,
      memoryMb: 262_144,
      bmc: `${net}.1.${(k + 1).toString()}:8443`,
      ssh: `${net}.1.${(k + 1).toString()}:2222`,
    })),
    hostUser: "root",
    bmcUser: "admin",
    nfs: ["a", "b"].map((share) => ({ server: "nfs.lab.test", path: `/exports/${share}`, capacityGb: 500 })),
    lun: { name: "naa.1", capacityGb: 500 },
    guestNetwork: `${net}.128.0/17`,
    dataDir: join(dir, "data"),
    truthLog: join(dir, "truth.jsonl"),
  };
  const [file, out, log] = [join(dir, "lab.json"), join(dir, "out"), join(dir, "log")];
  writeFileSync(file, JSON.stringify(config));
  const began = Date.now();
  const child = spawn(join(toolchain, "lib", "vcenter"), ["--config", file], {
    stdio: ["ignore", openSync(out, "w"), openSync(log, "w")],
    env: { ...process.env, ...passwords },
  });
  const ready = (): boolean => readFileSync(out, "utf8").includes('"ready":true');
  await waitFor(() => child.exitCode !== null || ready(), readyMs);
  claim.release();
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(dir, { recursive: true, force: true });
  };
  if (!ready()) {
    const said = readFileSync(log, "utf8").slice(-2000);
    await stop();
    throw new Error(`the large lab did not get ready: ${said}`);
  }
  const env = {
    ...passwords,
    VSPHERE_SERVER: vcenter,
    VSPHERE_USER: config.user,
    VSPHERE_HA_CA_FILE: join(tls, "ca.pem"),
  };
  const document = join(dir, "verification.json");
  writeFileSync(document, JSON.stringify({ cluster: { datacenter, name: cluster }, hosts: [], vms: [] }));
  const args = ["--require", "tsx/cjs", join(__dirname, "traverse.ts"), document];
  return {
    env,
    async traverse() {
      const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
      return JSON.parse(stdout) as Traversal;
    },
    startSeconds: (Date.now() - began) / 1000,
    stop,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
}
