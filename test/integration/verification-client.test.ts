import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startLab, stopLab, type Lab } from "../../lab/lab";
import { checks, runChecks } from "../../verification/checks";
import { settle } from "../../verification/checks/settle";
import { main } from "../../verification/cli/main";
import { Clock } from "../../verification/clock";
import { parseConfig, type VerificationConfig } from "../../verification/config";
import type { Json } from "../../verification/config/layers";
import type { CheckResult, Inventory } from "../../verification/model";
import { CouldNotRun } from "../../verification/problems";
import { probeTcp } from "../../verification/probes/tcp";
import { connect, type VCenter } from "../../verification/vcenter/client";
import { Administrator, smallClusterDocument, smallClusterInOrder } from "./smallCluster";

const name = "verifier";
const timeScale = 20;
const hosts = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"];
const document = smallClusterDocument(hosts, timeScale);

/** The verifier on a real (simulated) vCenter: no part of it is replaced. */
describe("verifier", function () {
  this.timeout(180_000);
  let lab: Lab;
  let admin: Administrator;
  let config: VerificationConfig;
  let configFile: string;
  let vcenter: VCenter;
  /** What ends that which was started, as far as it got. */
  const started: (() => Promise<unknown>)[] = [];
  const clock = new Clock(timeScale);

  before(async () => {
    lab = await startLab({ name, timeScale });
    started.push(() => stopLab(name));
    admin = await Administrator.logIn(lab.env, timeScale);
    started.push(() => admin.logOut());
    await admin.buildCluster("compute-1", hosts);
    config = parseConfig(document as Json, lab.env);
    configFile = join(lab.dir, "cluster.json");
    writeFileSync(configFile, JSON.stringify(document));
    vcenter = await connect(config, lab.env);
    started.push(() => vcenter.close());
    await settled();
  });

  after(async () => {
    for (const end of started.reverse()) await end();
  });

  function judge(inventory: Inventory): Promise<CheckResult[]> {
    return runChecks({ inventory, config, probe: ({ address, port }) => probeTcp(address, port, 2000) });
  }

  async function settled(): Promise<void> {
    const results = await settle(async () => judge(await vcenter.inventory()), { clock, budgetSeconds: 600 });
    assert.deepEqual(told(results), { ...smallClusterInOrder });
  }

  function told(results: CheckResult[]): Record<string, string> {
    return Object.fromEntries(results.map(({ id, verdict }) => [id, verdict]));
  }

  async function fault(body: Record<string, string | number>): Promise<() => Promise<void>> {
    const answer = await fetch(`${lab.faultUrl}/faults`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 201);
    const { id } = (await answer.json()) as { id: string };
    return async () => {
      await fetch(`${lab.faultUrl}/faults/${id}`, { method: "DELETE" });
    };
  }

  describe("reads the cluster", () => {
    it("with its hosts, VMs, datastores and networks", async () => {
      const { cluster, hosts: read, vms, datastores } = await vcenter.inventory();
      assert.equal(cluster.name, "compute-1");
      assert.equal(cluster.settings.haEnabled, true);
      assert.deepEqual(
        read.map((host) => host.name),
        hosts,
      );
      assert.deepEqual(
        read.map(({ memoryMb, cpuMhz }) => [memoryMb, cpuMhz]),
        hosts.map(() => [32_768, 20_800]),
      );
      assert.deepEqual(
        vms.filter(({ system }) => !system).map((vm) => vm.name),
        ["ubuntu-1", "xp-1"],
      );
      assert.ok(
        vms.some(({ system }) => system),
        "vCLS VMs are there and known as such",
      );
      const shared = datastores.filter(({ hostIds }) => hostIds.length === hosts.length).map((one) => one.name);
      assert.deepEqual(
        shared.filter((one) => one.startsWith("ha-")),
        ["ha-a", "ha-b"],
      );
      assert.equal(vcenter.about.simulated, true);
    });

    it("also when the session has expired, and when vCenter stumbles", async () => {
      await fault({ kind: "expireSessions" });
      assert.equal((await vcenter.inventory()).hosts.length, hosts.length);
      const undo = await fault({ kind: "http500", count: 2 });
      assert.equal((await vcenter.inventory()).hosts.length, hosts.length);
      await undo();
    });

    it("and moves a VM, which vCenter's events tell", async () => {
      const before = await vcenter.inventory();
      const since = await vcenter.currentTime();
      const vm = before.vms.find((one) => one.name === "xp-1");
      const target = before.hosts.find(({ id }) => id !== vm?.hostId);
      assert.ok(vm && target);
      await vcenter.moveVm(vm.id, target.id);
      const after = (await vcenter.inventory()).vms.find(({ id }) => id === vm.id);
      assert.equal(after?.hostId, target.id);
      const events = await vcenter.eventsSince(since);
      assert.ok(
        events.some(({ type, vmId }) => /migrated/i.test(type) && vmId === vm.id),
        events.map(({ type }) => type).join(),
      );
      assert.ok(events.every(({ createdAt }) => createdAt >= since));
    });

    it("and says why a VM cannot move", async () => {
      const [vm] = (await vcenter.inventory()).vms.filter((one) => one.name === "xp-1");
      await assert.rejects(vcenter.moveVm(vm?.id ?? "", "host-0"), (error) => {
        assert.ok(error instanceof CouldNotRun);
        assert.match(error.message, /\(MigrateVM_Task\).*(ManagedObjectNotFound)/);
        return true;
      });
    });
  });

  describe("lock", () => {
    it("is held by one session at a time, as another client sees, and leaves nothing behind", async () => {
      const other = await connect(config, lab.env);
      try {
        const lock = await vcenter.acquireLock("ann 1", 600);
        await admin.find("Folder", "vsphere-ha-lock-compute-1");
        await assert.rejects(other.acquireLock("bob 1", 600), /is locked .* by ann 1 until /);
        await lock.release();
        const next = await other.acquireLock("bob 1", 600);
        await next.release();
        await assert.rejects(admin.find("Folder", "vsphere-ha-lock-compute-1"), /no Folder/);
      } finally {
        await other.close();
      }
    });

    it("is taken over once it has expired", async () => {
      await vcenter.acquireLock("dead 1", 1);
      await clock.wait(2);
      const lock = await vcenter.acquireLock("ann 2", 600);
      await lock.release();
    });
  });

  describe("command", () => {
    interface Ended {
      code: number;
      out: string;
      err: string;
    }

    async function run(args: string[], env: Record<string, string | undefined> = {}): Promise<Ended> {
      const ended: Ended = { code: -1, out: "", err: "" };
      const never = new AbortController().signal;
      ended.code = await main(args, {
        env: { ...lab.env, VSPHERE_HA_CONFIG: undefined, ...env },
        stdout: { write: (text) => (ended.out += text) },
        stderr: { write: (text) => (ended.err += text) },
        signal: never,
        hurried: never,
      });
      return ended;
    }

    it("passes with exit code 0, a line a check, and nothing on standard error", async () => {
      const { code, out, err } = await run(["check", "--config", configFile]);
      assert.equal(err, "");
      assert.equal(code, 0);
      assert.match(out, /\n29 passed, 6 not applicable\n$/);
      assert.ok(!out.includes("\u001b"), "no colours");
    });

    it("gives the journal as JSON, and with --report the four files", async () => {
      const report = join(lab.dir, "report");
      const { code, out } = await run(["check", "--config", configFile, "--json", "--report", report]);
      assert.equal(code, 0);
      for (const file of ["journal.json", "junit.xml", "summary.md", "index.html"]) {
        assert.ok(statSync(join(report, file)).size > 0, file);
      }
      const journal = JSON.parse(out) as { verdict: string; checks: CheckResult[]; simulated: string[] };
      assert.equal(journal.verdict, "passed");
      assert.equal(journal.checks.length, checks.length);
      assert.equal(journal.simulated.length, 1);
    });

    it("fails with exit code 1 on drift, told on standard error with read, expected and remedy, without waiting", async () => {
      const drifted = join(lab.dir, "drifted.json");
      writeFileSync(drifted, JSON.stringify({ cluster: { declared: { haVmRestartPriority: "highest" } } }));
      const { code, err } = await run(["check", "--config", configFile, "--config", drifted]);
      assert.equal(code, 1);
      assert.match(
        err,
        /^vsphere-ha check: failed on cluster compute-1: 28 passed, 1 failed, .*\n- ha-settings-as-declared /,
      );
      assert.match(err, /\n {4}haVmRestartPriority: read medium; expected highest\n {4}why: .*\n {4}remedy: .*\n$/);
    });

    const refusals: [string, Record<string, string | undefined>, RegExp][] = [
      [
        "a wrong password",
        { VSPHERE_PASSWORD: "hunter2" },
        /refuses the login of administrator@vsphere\.local: wrong user name or password/,
      ],
      [
        "a missing password",
        { VSPHERE_PASSWORD: undefined },
        /^vsphere-ha check: 1 problem in the configuration:\n {2}VSPHERE_PASSWORD is not set/,
      ],
      [
        "a certificate that nobody vouches for",
        { VSPHERE_HA_CA_FILE: undefined },
        /is not trusted .* VSPHERE_HA_THUMBPRINT to ([0-9A-F]{2}:){31}[0-9A-F]{2}\n$/,
      ],
      [
        "a port where nothing listens",
        { VSPHERE_SERVER: "127.0.0.1:1" },
        /cannot reach vCenter 127\.0\.0\.1:1 .*: connection refused/,
      ],
      [
        "a name that does not resolve",
        { VSPHERE_SERVER: "no-such.invalid" },
        /cannot resolve the name of vCenter no-such\.invalid/,
      ],
    ];
    for (const [what, env, message] of refusals) {
      it(`ends with exit code 2 and one message on ${what}`, async () => {
        const { code, out, err } = await run(["check", "--config", configFile], env);
        assert.equal(code, 2);
        assert.equal(out, "");
        assert.match(err, message);
        assert.doesNotMatch(err, /hunter2|\n {4}at /);
      });
    }

    it("ends with exit code 2 on a BMC that is taken for a vCenter", async () => {
      const server = (lab.env.VSPHERE_SERVER ?? "").replace(".0.1:", ".1.1:");
      const { code, err } = await run(["check", "--config", configFile], { VSPHERE_SERVER: server });
      assert.equal(code, 2);
      assert.match(err, /answers HTTP 40\d, and not as a vCenter does; check vcenter\.server/);
    });

    it("takes the thumbprint that its message shows", async () => {
      const { err } = await run(["check", "--config", configFile], { VSPHERE_HA_CA_FILE: undefined });
      const thumbprint = /([0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(err)?.[0];
      const { code } = await run(["check", "--config", configFile], {
        VSPHERE_HA_CA_FILE: undefined,
        VSPHERE_HA_THUMBPRINT: thumbprint,
      });
      assert.equal(code, 0);
    });

    it("ends with one line and exit code 2 when it is interrupted", async () => {
      const undo = await fault({ kind: "unprotected", vm: "ubuntu-1" });
      const file = resolve(__dirname, "../../bin/vsphere-ha.js");
      const env = { ...process.env, ...lab.env };
      const child = spawn(process.execPath, [file, "check", "--config", configFile], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let [out, err] = ["", ""];
      child.stderr.on("data", (data: Buffer) => (err += data.toString()));
      child.stdout.on("data", (data: Buffer) => {
        out += data.toString();
        if (out.includes("waiting for the cluster to settle")) child.kill("SIGINT");
      });
      const [code] = (await once(child, "close")) as [number | null];
      await undo();
      assert.equal(err, "vsphere-ha check: interrupted\n");
      assert.equal(code, 2);
      await settled();
    });
  });
});
