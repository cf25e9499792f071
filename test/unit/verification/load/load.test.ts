import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { recoverRun } from "../../../../verification/drills/run";
import { JournalFile, readJournal } from "../../../../verification/journal";
import { loadCluster } from "../../../../verification/load";
import type { LoadRequest } from "../../../../verification/load/perform";
import type { Journal } from "../../../../verification/model";
import { World } from "../drills/world";
import { loadResult } from "../report/fixture";

describe("load run", () => {
  let dir: string;
  let world: World;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "load-"));
    world = new World();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const request: LoadRequest = { levels: [0, 50, 100], seconds: 120, includeBystanders: false, failHosts: [] };

  function newFile(): JournalFile {
    const { config, vcenter } = world.parts();
    return new JournalFile(join(dir, "journal.json"), {
      ...beginJournal(config, vcenter.about, "1.0.0"),
      command: "load",
    });
  }

  async function load(changes: Partial<LoadRequest> = {}, parts: Partial<DrillParts> = {}): Promise<Journal> {
    return loadCluster(world.parts(parts), newFile(), { ...request, ...changes }, () => Promise.resolve());
  }

  const failed = ({ load: result }: Journal, verdict = "failed"): string[] =>
    (result?.expectations ?? []).filter((one) => one.verdict === verdict).map(({ id }) => id);

  it("holds each level in each guest OS and in all, and sees guests and hosts follow", async () => {
    const journal = await load();
    assert.equal(journal.error, undefined);
    assert.equal(journal.verdict, "passed", journal.load?.summary);
    const { readings = [], slopes = [], undo } = journal.load ?? {};
    assert.deepEqual(
      readings.map(({ guests, levelPercent }) => `${guests} ${levelPercent.toString()}`),
      ["idle 0", "ubuntu 50", "ubuntu 100", "windowsxp 50", "windowsxp 100", "mixed 50", "mixed 100"],
    );
    const host = slopes.find(({ guests, name }) => guests === "mixed" && name === "esx-02");
    // Two guests of one processor each on a host with eight: a quarter of a point a point, less where 100 % is the end.
    assert.ok(host !== undefined && Math.abs(host.slope - 0.25) < 0.01, JSON.stringify(host));
    assert.ok((host.interval?.lower ?? 0) > 0.2);
    const [vm] = slopes.filter(({ guests, name }) => guests === "ubuntu" && name === "ubuntu-1");
    assert.ok(vm !== undefined && Math.abs(vm.slope - 1) < 0.05);
    assert.equal(slopes.filter(({ guests, kind }) => guests === "ubuntu" && kind === "vm").length, 2);
    assert.equal(undo?.done, true);
    assert.deepEqual(world.guests.running(), []);
    assert.ok(world.lockReleased);
  });

  it("counts only samples that lie wholly within a level", async () => {
    const { load: result } = await load({ seconds: 70 });
    const at100 = result?.readings.find(({ guests, levelPercent }) => guests === "ubuntu" && levelPercent === 100);
    const reading = at100?.vms.find(({ vm }) => vm === "ubuntu-1");
    assert.equal(reading?.usage?.cpuPercent, 100);
    assert.ok((reading.usage.samples === 2 || reading.usage.samples === 3) && reading.latencyMs?.median === 1);
  });

  it("has its undo on disk before any program starts", async () => {
    let checked = 0;
    world.guests.beforeStart = () => {
      const { load: result } = readJournal(join(dir, "journal.json"));
      assert.equal(result?.undo.done, false);
      assert.equal(result.undo.programs.length, 8);
      checked++;
    };
    await load();
    assert.equal(checked, 16);
  });

  it("does not write over the word of what an earlier run left broken", async () => {
    const before = newFile();
    before.journal.load = loadResult();
    before.journal.load.undo.done = false;
    await before.save();
    await assert.rejects(load(), /says that something is still broken: run vsphere-ha recover/);
    assert.equal(readJournal(before.path).load?.undo.done, false);
    assert.equal(world.lockHolder, undefined);
    assert.deepEqual(world.guests.programs, []);
  });

  it("leaves no journal where another run has the cluster", async () => {
    world.lockHolder = "someone else";
    await assert.rejects(load(), /held by someone else/);
    assert.equal(existsSync(newFile().path), false);
  });

  it("fails when the counters do not follow the load", async () => {
    world.guests.effect = 0;
    const journal = await load();
    assert.equal(journal.verdict, "failed");
    assert.ok(failed(journal).includes("guest-loaded:ubuntu:ubuntu-1"));
    assert.deepEqual(
      failed(journal, "passed").filter((id) => id.startsWith("host-follows")),
      [],
    );
    assert.deepEqual(world.guests.running(), []);
  });

  it("fails when guests make much less load than they are told", async () => {
    world.guests.effect = 0.8;
    const journal = await load();
    assert.equal(journal.verdict, "failed");
    assert.equal(
      failed(journal).every((id) => id.startsWith("guest-loaded")),
      true,
    );
  });

  it("is inconclusive, never passed, where a host has no statistics", async () => {
    world.guests.unmeasured = ["esx-02"];
    const journal = await load();
    assert.equal(journal.verdict, "inconclusive");
    assert.ok(failed(journal, "inconclusive").includes("load-observed"));
    assert.ok(failed(journal, "inconclusive").includes("host-follows:ubuntu:esx-02"));
  });

  it("is inconclusive where a guest moved to another host meanwhile", async () => {
    world.guests.beforeStart = () => (world.vmNamed("xp-1").host = "esx-01");
    const journal = await load();
    assert.ok(failed(journal, "inconclusive").includes("load-observed"));
    assert.notEqual(journal.verdict, "passed");
  });

  it("fails when a service does not answer under load", async () => {
    let starts = 0;
    world.guests.beforeStart = () => {
      if (++starts !== 3) return;
      world.vmNamed("xp-1").answers = false;
      world.later(5, () => (world.vmNamed("xp-1").answers = true));
    };
    const journal = await load();
    assert.deepEqual(failed(journal), ["answers-under-load:xp-1"]);
  });

  it("is refused, with every reason and nothing started, where guests are off, bystanders run or the login is wrong", async () => {
    world.vms.push({ ...world.vm("payroll", undefined, "esx-02"), name: "payroll" });
    world.guests.password = "another";
    const journal = await load();
    assert.match(journal.error ?? "", /payroll on esx-02 would share its processors .*--include-bystanders/);
    assert.match(journal.error ?? "", /guest operations in ubuntu-1: the guest refuses/);
    assert.match(journal.error ?? "", /guest operations in xp-2: the guest refuses/);
    assert.equal(journal.load, undefined);
    assert.equal(world.guests.programs.length, 0);
    assert.ok(world.lockReleased);
  });

  it("is refused where a guest is powered off", async () => {
    world.vmNamed("ubuntu-1").poweredOn = false;
    assert.match((await load()).error ?? "", /VM ubuntu-1 is poweredOff; power it on/);
  });

  it("loads hosts with bystanders when told so", async () => {
    world.vms.push({ ...world.vm("payroll", undefined, "esx-02"), name: "payroll" });
    assert.equal((await load({ includeBystanders: true })).verdict, "passed");
  });

  it("ends the load when it is interrupted", async () => {
    const interrupt = new AbortController();
    world.guests.beforeStart = () => {
      world.later(30, () => {
        interrupt.abort(new Error("SIGINT"));
      });
    };
    const journal = await load({}, { interrupted: interrupt.signal });
    assert.equal(journal.error, "interrupted; the load was ended");
    assert.deepEqual(world.guests.running(), []);
    assert.equal(readJournal(join(dir, "journal.json")).load?.undo.done, true);
    assert.notEqual(journal.verdict, "passed");
  });

  it("keeps the lock and says what to do when a program does not end; recover ends it then", async () => {
    world.guests.immortal = ["xp-1"];
    const journal = await load();
    assert.match(journal.error ?? "", /load may go on: load goes on in xp-1.*\n.*vsphere-ha recover/);
    assert.equal(world.lockReleased, false);
    world.guests.immortal = [];
    const file = new JournalFile(join(dir, "journal.json"), readJournal(join(dir, "journal.json")));
    await recoverRun(world.parts(), file);
    assert.deepEqual(world.guests.running(), []);
    assert.equal(readJournal(file.path).load?.undo.done, true);
    assert.ok(world.lockReleased);
  });

  it("does not end programs that it did not start", async () => {
    await world.guests.operations.start(
      { id: "ubuntu-1", name: "ubuntu-1" },
      { user: "root", password: "secret" },
      { path: "/usr/bin/stress-ng", arguments: "--cpu 1" },
    );
    await load();
    assert.deepEqual(
      world.guests.running().map(({ command }) => command),
      ["/usr/bin/stress-ng --cpu 1"],
    );
  });

  it("fails the host at each level afterwards, and tells the availability by level", async () => {
    const during: number[] = [];
    world.beforePowerOff = () => during.push(world.guests.running().length);
    const journal = await load({ failHosts: ["esx-02"] });
    assert.equal(journal.error, undefined);
    assert.deepEqual(
      journal.drills.map(({ host, loadPercent, verdict }) => [host, loadPercent, verdict]),
      [
        ["esx-02", 0, "passed"],
        ["esx-02", 50, "passed"],
        ["esx-02", 100, "passed"],
      ],
    );
    assert.deepEqual(during, [0, 4, 4]);
    assert.deepEqual(world.guests.running(), []);
    assert.equal(readFileSync(join(dir, "journal.json"), "utf8").includes('"loadPercent": 50'), true);
  });

  it("tells what it does, level by level", async () => {
    const lines: string[] = [];
    await load({}, { progress: (line) => lines.push(line) });
    assert.deepEqual(lines, [
      "the steady state holds (1 checks)",
      "idle",
      "load of 50 % in ubuntu-1, ubuntu-2",
      "load of 100 % in ubuntu-1, ubuntu-2",
      "load of 50 % in xp-1, xp-2",
      "load of 100 % in xp-1, xp-2",
      "load of 50 % in ubuntu-1, ubuntu-2, xp-1, xp-2",
      "load of 100 % in ubuntu-1, ubuntu-2, xp-1, xp-2",
      "load: passed",
    ]);
  });

  it("is of no verdict on disk until it has ended", async () => {
    const seen: unknown[] = [];
    world.guests.beforeStart = () => {
      const { load: result } = readJournal(join(dir, "journal.json"));
      seen.push([result?.verdict, result?.summary, result?.levels, result?.undo.description]);
    };
    await load();
    assert.deepEqual(seen[0], [
      "inconclusive",
      "the load run did not end",
      [0, 50, 100],
      "end the load programs in ubuntu-1, ubuntu-2, xp-1, xp-2",
    ]);
    const { load: result } = readJournal(join(dir, "journal.json"));
    assert.deepEqual(
      [result?.verdict, result?.summary, result?.levelSeconds],
      ["passed", "the CPU usage of guests and hosts rose with the load", 120],
    );
    assert.ok(Date.parse(result?.ended ?? "") > Date.parse(result?.started ?? ""));
  });

  it("sums up what did not pass, the first with its words", async () => {
    world.guests.effect = 0.8;
    const { load: result } = await load();
    assert.match(
      result?.summary ?? "",
      /^failed: ubuntu-1 uses its processors as much as it is told \(Ubuntu under load\): 82\.0 % at 100 %, and 7 more$/,
    );
  });

  it("finds the samples of a level where vCenter's clock is an hour ahead", async () => {
    world.vcenterStep = 3_600_000;
    const journal = await load();
    assert.equal(journal.verdict, "passed", journal.load?.summary);
  });

  it("starts nothing where a service does not answer before", async () => {
    world.loseProbes = true;
    const journal = await load();
    assert.match(journal.error ?? "", /^ubuntu-1, .* did not answer steadily/);
    assert.equal(journal.load, undefined, "there is nothing to end");
    assert.equal(journal.verdict, "inconclusive");
    assert.deepEqual(world.guests.programs, []);
  });

  it("says when it was interrupted, in its record too", async () => {
    const interrupt = new AbortController();
    world.guests.beforeStart = () => {
      interrupt.abort(new Error("SIGINT"));
    };
    world.guests.immortal = ["xp-1"];
    const journal = await load({ levels: [50] }, { interrupted: interrupt.signal });
    assert.equal(journal.load?.summary, "interrupted");
    assert.equal(journal.error, "interrupted; the load was ended");
    assert.equal(Date.parse(journal.load.ended), world.nowMs, "nothing more is waited for");
  });

  it("tells what ended it, and that load goes on all the same", async () => {
    const interrupt = new AbortController();
    world.guests.beforeStart = () => {
      world.later(30, () => {
        interrupt.abort(new Error("SIGINT"));
      });
    };
    world.guests.immortal = ["ubuntu-1"];
    const journal = await load({}, { interrupted: interrupt.signal });
    assert.deepEqual(journal.error?.split("\n"), [
      "SIGINT",
      "load may go on: load goes on in ubuntu-1: its program does not end",
      "it ends by itself after a while; end the load programs in ubuntu-1, ubuntu-2, xp-1, xp-2 by hand, or run: " +
        `vsphere-ha recover --config FILE --journal ${join(dir, "journal.json")}`,
    ]);
  });

  it("does not take a defect of its own for a refusal", async () => {
    const guests = { ...world.guests.operations, processes: () => Promise.reject(new TypeError("a defect")) };
    await assert.rejects(load({}, { vcenter: { ...world.vcenter, guests } }), { name: "TypeError" });
    assert.ok(world.lockReleased);
  });

  it("asks for the lock as long as its levels and drills may take, and says when it cannot be freed", async () => {
    const lines: string[] = [];
    world.lockReleaseFails = true;
    const journal = await load({ failHosts: ["esx-02"] }, { progress: (line) => lines.push(line) });
    assert.equal(journal.error, undefined);
    assert.ok(lines.includes("the lock could not be freed"));
    // Three levels, each for Ubuntu, Windows XP and both, with ten minutes beside; and a drill of an hour each.
    assert.equal(world.lockSeconds, 3 * (3 * (120 + 600) + 3600));
  });

  it("is not passed where the hosts could not be failed afterwards, however good the load", async () => {
    const progress = (line: string): void => {
      if (line === "load: passed") world.steady = false;
    };
    const journal = await load({ failHosts: ["esx-02"] }, { progress });
    assert.match(journal.error ?? "", /^the steady state of the cluster did not hold within 180 s/);
    assert.deepEqual([journal.load?.verdict, journal.drills, journal.verdict], ["passed", [], "inconclusive"]);
    assert.deepEqual(world.guests.running(), []);
  });

  it("keeps the lock while a host that was failed under load is off", async () => {
    world.powerOnFails = "the BMC is silent";
    const journal = await load({ failHosts: ["esx-02"] });
    assert.match(journal.error ?? "", /the BMC is silent/);
    assert.equal(world.lockReleased, false);
    assert.notEqual(journal.verdict, "passed");
  });
});
