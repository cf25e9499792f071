import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../verification/config";
import type { Journal } from "../../verification/model";
import { connect } from "../../verification/vcenter/client";
import { DeployedLab } from "./deployedLab";

const short = ["--levels", "0,50,100", "--seconds", "60"];

describe("load on the lab", function () {
  this.timeout(300_000);
  let deployed: DeployedLab;

  before(async () => {
    deployed = await DeployedLab.start("load", 10);
  });
  after(async () => {
    await deployed.stop();
  });

  const verdicts = ({ load }: Journal, verdict: string): string[] =>
    (load?.expectations ?? []).filter((one) => one.verdict === verdict).map(({ id }) => id);

  /** Command lines of the programs that run in the guests, by vCenter. */
  async function running(): Promise<string[]> {
    const env = { ...process.env, ...deployed.lab.env };
    const config = loadConfig([deployed.config], env);
    const vcenter = await connect(config, env);
    try {
      const { vms } = await vcenter.inventory();
      const password = env.VSPHERE_HA_GUEST_PASSWORD ?? "";
      const lists = await Promise.all(
        config.vms.map(async ({ name, guestOs }) => {
          const vm = vms.find((one) => one.name === name) ?? assert.fail(name);
          return vcenter.guests.processes(vm, { user: config.guests[guestOs].user, password });
        }),
      );
      return lists.flat().flatMap((one) => (one.running && one.command.includes("stress-ng") ? [one.command] : []));
    } finally {
      await vcenter.close();
    }
  }

  it("is planned without starting anything", async () => {
    const { code, stdout, stderr } = await deployed.verifier(["load", "--plan", ...short]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /100 % all under load: .* on esx-0\d/);
    assert.match(stdout, /stress-ng --cpu 0 --cpu-load 50 --timeout 660/);
    assert.deepEqual(await running(), []);
  });

  it("shows in the counters of guests and hosts, and ends", async () => {
    const ended = await deployed.verifier(["load", ...short, "--report", deployed.report("load")]);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    const journal = deployed.journal("load");
    const { readings = [], slopes = [] } = journal.load ?? {};
    assert.equal(readings.length, 7);
    for (const { usage } of readings.flatMap(({ hosts, vms }) => [...hosts, ...vms])) {
      assert.ok(usage !== undefined && usage.samples >= 2);
    }
    const full = readings.find(({ guests, levelPercent }) => guests === "mixed" && levelPercent === 100);
    for (const { vm, usage, latencyMs } of full?.vms ?? []) {
      assert.ok((usage?.cpuPercent ?? 0) + (usage?.readyPercent ?? 0) > 95, `${vm}: ${JSON.stringify(usage)}`);
      assert.ok((latencyMs?.median ?? 0) > 0);
    }
    assert.ok(slopes.filter(({ kind }) => kind === "host").every(({ interval }) => (interval?.lower ?? 0) > 0));
    assert.deepEqual(await running(), []);
    assert.match(readFileSync(join(deployed.report("load"), "index.html"), "utf8"), /CPU usage of each host/);
    assert.match(readFileSync(join(deployed.report("load"), "junit.xml"), "utf8"), /testsuite name="load"/);
  });

  it("fails when the counters do not follow: a program that does no work", async () => {
    const idle = deployed.further("idle.json", {
      guests: {
        ubuntu: { load: { program: "/bin/sh", arguments: "-c 'echo {level}; sleep {seconds}'" } },
        windowsxp: { load: { program: "C:\\Windows\\cmd.exe", arguments: "/c echo {level} && sleep {seconds}" } },
      },
    });
    const args = ["load", ...short, "--config", idle, "--report", deployed.report("idle")];
    const { code, stderr } = await deployed.verifier(args);
    assert.equal(code, 1, stderr);
    const failed = verdicts(deployed.journal("idle"), "failed");
    assert.ok(failed.includes("guest-loaded:mixed:ubuntu-1"), failed.join());
    assert.deepEqual(
      verdicts(deployed.journal("idle"), "passed").filter((id) => id.startsWith("host-follows")),
      [],
    );
    assert.match(stderr, /failed: ubuntu-1 uses its processors as much as it is told/);
  });

  it("goes on after kill -9, and recover ends it and frees the lock", async () => {
    const args = ["load", ...short, "--report", deployed.report("killed")];
    const { code } = await deployed.verifier(args, (soFar, child) => {
      if (soFar.includes("load of 50 %")) setTimeout(() => child.kill("SIGKILL"), 2000);
    });
    assert.equal(code, null);
    assert.ok((await running()).length > 0);
    const second = await deployed.verifier(["load", ...short, "--report", deployed.report("second")]);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /locked .* by \S+@/);
    const journal = join(deployed.report("killed"), "journal.json");
    const recovered = await deployed.verifier(["recover", "--journal", journal]);
    assert.equal(recovered.code, 0, recovered.stderr);
    assert.deepEqual(await running(), []);
    assert.equal(deployed.journal("killed").load?.undo.done, true);
    assert.equal((await deployed.verifier(["check"])).code, 0);
  });

  it("starts nothing and names every guest that does not let it in, never the password", async () => {
    const args = ["load", ...short, "--report", deployed.report("locked")];
    const { code, stdout, stderr } = await deployed.verifier(args, undefined, { VSPHERE_HA_GUEST_PASSWORD: "hunter2" });
    assert.equal(code, 2, stderr);
    for (const { name } of loadConfig([deployed.config], deployed.lab.env).vms) {
      assert.match(stderr, new RegExp(`guest operations in ${name}: the guest refuses user`));
    }
    const report = readFileSync(join(deployed.report("locked"), "journal.json"), "utf8");
    assert.doesNotMatch(stdout + stderr + report, /hunter2|\n {4}at /);
  });
});
