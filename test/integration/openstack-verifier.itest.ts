import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Journal } from "../../verification/model";
import { breakEachCheck } from "./breakChecks";
import { cluster, openOf, VerifierCloud } from "./verifierCloud";

const cli = resolve(__dirname, "../../bin/vsphere-ha.js");
const journalIn = (report: string): Journal =>
  JSON.parse(readFileSync(join(report, "journal.json"), "utf8")) as Journal;

/** The verifier on a real OpenStack over a (simulated) vCenter: no part of it is replaced. */
describe("verifier with OpenStack", function () {
  this.timeout(900_000);
  let made: VerifierCloud | undefined;
  const given = (): VerifierCloud => {
    assert.ok(made);
    return made;
  };

  before(async () => {
    made = await VerifierCloud.start("cloud-verifier");
  });
  after(() => made?.stop());

  it("passes every check of a good cloud, and shows nova's view beside vCenter's", async () => {
    const { code, out, err } = await given().run("check", "--json");
    assert.equal(code, 0, err);
    const journal = JSON.parse(out) as Journal;
    assert.deepEqual(openOf(journal.checks), []);
    assert.deepEqual(
      journal.openstack?.instances.map(({ name, nova, vcenter }) => [name, nova, vcenter]),
      [["ubuntu-os", "ACTIVE", "poweredOn"]],
    );
  });

  breakEachCheck(given);

  /**
   * Ids of what a drill expected: all of it came about, or could not be watched closely enough on a busy machine, where nova
   * answers late. That they pass is shown by the main job's test.
   */
  async function holds(drill: string, host: string): Promise<string[]> {
    const report = join(given().cloud.lab.dir, drill);
    const { code, out, err } = await given().run("drill", drill, "--host", host, "--report", report);
    const [record] = journalIn(report).drills;
    assert.ok(record, err);
    assert.ok(code === 0 ? record.verdict === "passed" : record.verdict === "inconclusive", `${out}\n${err}`);
    assert.equal(record.undo.done, true);
    return record.expectations.map(({ id }) => id);
  }

  it("holds to a host loss: nova stays calm, and placement follows", async () => {
    const ids = await holds("host-loss", "esx-02.lab.test");
    for (const id of ["nova-active:ubuntu-os", "placement-shrinks", "placement-returns"])
      assert.ok(ids.includes(id), id);
  });

  it("holds to a host loss with nova-compute down, and starts it again", async () => {
    assert.ok((await holds("nova-compute-down", "esx-01.lab.test")).includes("nova-compute-down"));
    assert.equal(await given().operator.node(cluster).isActive(), true);
  });

  it("runs a host loss with the power-state sync on, and puts nova-compute's configuration back", async () => {
    const file = given().operator.configurationOf(cluster);
    const before = readFileSync(file, "utf8");
    assert.ok((await holds("power-state-sync", "esx-03.lab.test")).includes("nova-active:ubuntu-os"));
    assert.equal(readFileSync(file, "utf8"), before);
  });

  const isDown = async () => !(await given().operator.node(cluster).isActive());
  const syncs = () => {
    const text = readFileSync(given().operator.configurationOf(cluster), "utf8");
    return Promise.resolve(/^sync_power_state_interval = 1$/m.test(text));
  };
  for (const [drill, host, isBroken] of [
    ["nova-compute-down", "esx-01.lab.test", isDown],
    ["power-state-sync", "esx-02.lab.test", syncs],
  ] as const) {
    it(`recovers what a ${drill} drill has left that was killed`, async () => {
      const { cloud, file, operator } = given();
      const before = readFileSync(operator.configurationOf(cluster), "utf8");
      const report = join(cloud.lab.dir, `killed-${drill}`);
      const args = [cli, "drill", drill, "--host", host, "--report", report, "--config", file];
      const child = spawn(process.execPath, args, { env: { ...process.env, ...cloud.env } });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (part: Buffer) => {
          output += part.toString();
          if (output.includes(`${host} is off`)) child.kill("SIGKILL");
        });
      }
      const [code] = (await once(child, "close")) as [number | null];
      assert.equal(code, null, output);
      assert.ok(await isBroken(), "what the drill broke besides the host");
      const { code: recovered, out, err } = await given().run("recover", "--journal", join(report, "journal.json"));
      assert.equal(recovered, 0, `${out}\n${err}`);
      assert.equal(await operator.node(cluster).isActive(), true);
      assert.equal(readFileSync(operator.configurationOf(cluster), "utf8"), before);
      assert.equal(journalIn(report).drills[0]?.undo.done, true);
      // nova may have looked at the cluster while the host was still on its way.
      await given().fails([]);
    });
  }
});
