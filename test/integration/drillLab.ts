import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import type { DrillResult, Journal } from "../../verification/model";
import { createHttps } from "../../verification/net/https";
import { element, refElement } from "../../verification/vcenter/xml";
import { Administrator } from "./smallCluster";

const root = resolve(__dirname, "../..");
const cli = join(root, "bin", "vsphere-ha.js");

export interface Run {
  code: number | null;
  output: string;
}

/** Sees all output so far, with the process. */
export type Watch = (soFar: string, child: ChildProcess) => void;

const templates = { ubuntu: "ubuntu-13.10", windowsxp: "windows-xp-sp3" };

/** A lab with one cluster and two VMs of each guest on it, and the verifier's command line. */
export class DrillLab {
  static readonly cluster = "compute-1";

  private constructor(
    readonly lab: Lab,
    readonly admin: Administrator,
    readonly document: ReturnType<typeof documentOf>,
    /** Where reports go. */
    readonly dir: string,
  ) {
    this.configure(document);
  }

  /** @param hosts how many of the lab's four are in the cluster */
  static async start(name: string, hosts = 3, timeScale = 20): Promise<DrillLab> {
    const lab = await startLab({ name, timeScale });
    try {
      const admin = await Administrator.logIn(lab.env, timeScale);
      const document = documentOf(hosts, timeScale);
      const cluster = await admin.createCluster(
        DrillLab.cluster,
        document.hosts.map((host) => host.name),
      );
      const datacenter = await admin.find("Datacenter", "Lab");
      for (const { name: vm, guestOs } of document.vms) await admin.clone(cluster, datacenter, templates[guestOs], vm);
      const dir = join(lab.dir, "reports");
      mkdirSync(dir);
      return new DrillLab(lab, admin, document, dir);
    } catch (error) {
      await stopLab(name);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.admin.logOut();
    await stopLab(this.lab.name);
  }

  /** Lays another configuration out for the verifier. */
  configure(document: object): void {
    writeFileSync(this.configFile, JSON.stringify(document));
  }

  get configFile(): string {
    return join(this.lab.dir, "cluster.json");
  }

  verifier(args: readonly string[], watch?: Watch, env: Record<string, string> = {}): Promise<Run> {
    return new Promise((done, fail) => {
      const child = spawn(process.execPath, [cli, ...args, "--config", this.configFile], {
        cwd: root,
        env: { ...process.env, ...this.lab.env, ...env },
      });
      let output = "";
      const keep = (chunk: Buffer): void => {
        output += chunk.toString();
        watch?.(output, child);
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("error", fail).on("close", (code) => {
        done({ code, output });
      });
    });
  }

  /** @param report name of its report */
  drill(report: string, args: readonly string[], watch?: Watch): Promise<Run> {
    rmSync(join(this.dir, report), { recursive: true, force: true });
    return this.verifier(["drill", ...args, "--report", join(this.dir, report)], watch);
  }

  /** As drill(), and again while a busy machine kept it from observing: that proves nothing either way. */
  async observed(report: string, args: readonly string[], watch?: Watch): Promise<Run> {
    for (let attempt = 1; ; attempt++) {
      const run = await this.drill(report, args, watch);
      if (attempt === 3 || run.code !== 1) return run;
      const { expectations, stopped } = this.result(report);
      const seen = expectations.find(({ id }) => id === "observed");
      if (stopped !== undefined || seen?.verdict !== "inconclusive") return run;
    }
  }

  journal(report: string): Journal {
    return JSON.parse(readFileSync(join(this.dir, report, "journal.json"), "utf8")) as Journal;
  }

  /** The only drill of a report. */
  result(report: string): DrillResult {
    const { drills } = this.journal(report);
    assert.equal(drills.length, 1);
    return drills[0] as DrillResult;
  }

  /** What did not pass: `failed vm-answers:xp-1`. */
  missed(report: string): string[] {
    return this.result(report)
      .expectations.filter(({ verdict }) => verdict !== "passed")
      .map(({ id, verdict }) => `${verdict} ${id}`);
  }

  /** Breaks something through the lab's fault API; resolves to what ends that. */
  async fault(body: object): Promise<() => Promise<void>> {
    const made = await this.call("POST", "/faults", body);
    const { id } = JSON.parse(made) as { id: string };
    return async () => {
      await this.call("DELETE", `/faults/${id}`);
    };
  }

  private async call(method: "POST" | "DELETE", path: string, body?: object): Promise<string> {
    const answer = await fetch(`${this.lab.faultUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status.toString()}`);
    return answer.text();
  }

  /** HTTP status of vCenter's own interface. */
  async sdkStatus(): Promise<number> {
    const https = createHttps({ caFile: this.lab.env.VSPHERE_HA_CA_FILE });
    try {
      return (await https.request(`https://${this.lab.env.VSPHERE_SERVER ?? ""}/sdk`, { method: "POST" })).status;
    } finally {
      await https.close();
    }
  }

  /** Moves a VM's files to another datastore. */
  async relocate(vm: string, to: string): Promise<void> {
    const datastore = refElement("datastore", await this.admin.find("Datastore", to));
    await this.admin.task("RelocateVM_Task", await this.admin.find("VirtualMachine", vm), element("spec", [datastore]));
  }

  /** Changes the cluster's settings: the content of a ClusterConfigSpecEx. */
  async reconfigure(spec: string): Promise<void> {
    await this.admin.reconfigure(await this.admin.find("ClusterComputeResource", DrillLab.cluster), spec);
  }
}

function documentOf(hosts: number, timeScale: number) {
  return {
    cluster: { datacenter: "Lab", name: DrillLab.cluster },
    hosts: Array.from({ length: hosts }, (_, k) => ({ name: `esx-0${(k + 1).toString()}.lab.test` })),
    vms: (["ubuntu", "windowsxp"] as const).flatMap((guestOs) =>
      [1, 2].map((k) => ({
        name: `${guestOs === "ubuntu" ? guestOs : "xp"}-${k.toString()}`,
        guestOs,
        ...(guestOs === "ubuntu" && { probe: { port: 2222 } }),
      })),
    ),
    timeScale,
    // 300 ms at least: so that probes are in time on a busy machine, too.
    probeIntervalSeconds: Math.max(3, 0.3 * timeScale),
  };
}
