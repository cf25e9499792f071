import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { loadFailure } from "../../../../verification/cli/load";
import { readJournal } from "../../../../verification/journal";
import type { Expectation, Journal, Verdict } from "../../../../verification/model";
import { drill, journal, loadResult } from "../report/fixture";
import { ServedVcenter } from "../vcenter/servedVcenter";
import { Commands, type Ended } from "./command";

describe("load of a cluster", () => {
  let vcenter: ServedVcenter;
  let commands: Commands;
  beforeEach(async () => {
    vcenter = await ServedVcenter.start({ fullName: "VMware vCenter Server 8.0.3, simulated by a test" });
    commands = new Commands();
    commands.env.VSPHERE_HA_GUEST_PASSWORD = vcenter.guestPassword;
  });
  afterEach(() => {
    vcenter.stop();
    commands.remove();
  });

  function load(options: string[], changes: object = {}): Promise<Ended> {
    const config = commands.config({ ...vcenter.document, ...changes });
    return commands.run("load", ...config, "--report", commands.path("report"), ...options);
  }

  describe("--plan", () => {
    it("tells each level and each program, and starts none", async () => {
      const { code, out, err } = await load(["--plan", "--levels", "0,50,100", "--seconds", "60"]);
      assert.deepEqual([code, err], [0, ""]);
      assert.deepEqual(out.split("\n"), [
        "load, each level for 60 s",
        "  idle",
        "  50 % Ubuntu under load: ubuntu-1 on esx-1",
        "  100 % Ubuntu under load: ubuntu-1 on esx-1",
        "  50 % Windows XP under load: xp-1 on esx-2",
        "  100 % Windows XP under load: xp-1 on esx-2",
        "  50 % all under load: ubuntu-1 on esx-1, xp-1 on esx-2",
        "  100 % all under load: ubuntu-1 on esx-1, xp-1 on esx-2",
        "  programs, each ended after its level:",
        "    ubuntu-1: /usr/bin/stress-ng --cpu 0 --cpu-load 50 --timeout 660",
        "    ubuntu-1: /usr/bin/stress-ng --cpu 0 --cpu-load 100 --timeout 660",
        "    xp-1: C:\\stress-ng\\stress-ng.exe --cpu 0 --cpu-load 50 --timeout 660",
        "    xp-1: C:\\stress-ng\\stress-ng.exe --cpu 0 --cpu-load 100 --timeout 660",
        "",
      ]);
      assert.ok(!vcenter.calls.includes("CreateFolder"), "not even the lock is taken");
      assert.deepEqual(readdirSync(commands.dir), ["config.json"]);
    });

    it("says on standard error, with 2, all that stands against it", async () => {
      vcenter.guestPassword = "another";
      vcenter.vmNamed("somebody-else").powerState = "poweredOn";
      const { code, out, err } = await load(["--plan"]);
      assert.deepEqual([code, out], [2, ""]);
      const refusals = err.split("  refused:\n")[1]?.trimEnd().split("\n") ?? [];
      assert.equal(refusals.length, 3);
      assert.match(refusals[0] ?? "", /^ {4}somebody-else on esx-1 would share its processors with the load/);
      assert.match(refusals[1] ?? "", /^ {4}guest operations in ubuntu-1/);
      assert.match(refusals[2] ?? "", /^ {4}guest operations in xp-1/);
    });

    it("tells which hosts fail at each level afterwards", async () => {
      const hosts = [1, 2].map((n) => {
        const bmc = { url: "https://bmc.example.com", username: "u", passwordEnv: `BMC_${n.toString()}` };
        return { name: `esx-${n.toString()}`, bmc };
      });
      commands.env.BMC_1 = "set";
      const { code, out } = await load(["--plan", "--fail-host", "esx-1"], { hosts });
      assert.equal(code, 0, "esx-2 needs no password");
      assert.match(out, /\n {2}then, at each level: host loss of esx-1\n$/);
      const other = await load(["--plan", "--fail-host", "esx-2"], { hosts });
      assert.deepEqual([other.code, other.out], [2, ""]);
      assert.match(other.err, /^vsphere-ha load: 1 problem in the environment:\n {2}BMC_2 is not set/);
    });

    it("knows no host to fail that is not of the configuration", async () => {
      const { code, err } = await load(["--plan", "--fail-host", "esx-9"]);
      assert.equal(code, 2);
      assert.match(err, /--host esx-9 is not in the configuration, which has esx-1, esx-2, esx-3/);
    });

    it("needs no host in the configuration where none is to fail", async () => {
      assert.equal((await load(["--plan"], { hosts: [] })).code, 0);
    });
  });

  it("is refused before vCenter is asked where the guests' password is not set", async () => {
    delete commands.env.VSPHERE_HA_GUEST_PASSWORD;
    const { code, err } = await load([]);
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha load: 1 problem in the environment:\n {2}VSPHERE_HA_GUEST_PASSWORD is not set/);
    assert.deepEqual(vcenter.calls, []);
  });

  describe("that is refused", () => {
    beforeEach(() => {
      vcenter.guestPassword = "another";
    });

    it("frees the lock and tells why in every report, with 2", async () => {
      const { code, out, err } = await load([]);
      assert.equal(code, 2);
      assert.match(out, /^the steady state holds \(\d+ checks\)\nInconclusive: .*No load was started/);
      assert.match(err, /^vsphere-ha load: no load was started:\n {2}guest operations in ubuntu-1/);
      assert.deepEqual(vcenter.tree(), {});
      const files = ["index.html", "journal.json", "junit.xml", "summary.md"];
      assert.deepEqual(readdirSync(commands.path("report")).sort(), files);
      const { command, error } = readJournal(commands.path("report/journal.json"));
      assert.equal(command, "load");
      assert.match(error ?? "", /^no load was started/);
    });

    it("prints the journal alone with --json, and its progress on standard error", async () => {
      const { code, out, err } = await load(["--json"]);
      assert.equal(code, 2);
      assert.equal((JSON.parse(out) as Journal).command, "load");
      assert.match(err, /^the steady state holds/);
    });

    it("has held the lock for as long as all levels and drills may take", async () => {
      await load(["--levels", "0,50,100", "--seconds", "600"]);
      const [, until = ""] = / until (\S+Z)</.exec(vcenter.bodies.join("")) ?? [];
      // Three levels of each guest OS and of both together, each of 600 s and as much for what goes with it.
      assert.equal(Math.round((Date.parse(until) - Date.now()) / 60_000), 180);
    });
  });
});

describe("what a load tells on standard error", () => {
  const expectation = (id: string, verdict: Verdict): Expectation => {
    return { id, statement: `states ${id}`, basis: "b", verdict, seen: `saw ${id}` };
  };
  const run = (changes: Partial<Journal>): string | undefined => loadFailure(journal({ command: "load", ...changes }));
  const load = loadResult({
    verdict: "failed",
    expectations: [expectation("a", "passed"), expectation("b", "failed"), expectation("c", "not-applicable")],
  });

  it("is nothing when it passed", () => {
    assert.equal(run({ drills: [] }), undefined);
  });

  it("is what was missed or not seen, of the load and of the drills under it", () => {
    const under = drill({ expectations: [expectation("d", "inconclusive"), expectation("e", "passed")] });
    assert.deepEqual(run({ verdict: "failed", load, drills: [under] })?.split("\n"), [
      "vsphere-ha load: failed on cluster compute",
      "  failed: states b; seen: saw b",
      "  inconclusive: states d; seen: saw d",
    ]);
  });

  it("is the reason of an early end, also of one that passed until then", () => {
    assert.equal(run({ verdict: "passed", error: "interrupted", drills: [] }), "vsphere-ha load: interrupted");
  });
});
