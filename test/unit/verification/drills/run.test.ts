import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { acquireNoted, drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Journal, Verdict } from "../../../../verification/model";
import { CouldNotRun } from "../../../../verification/problems";
import type { VCenter } from "../../../../verification/vcenter/client";
import { World } from "./world";

describe("a run of drills", () => {
  let dir: string;
  let world: World;
  let told: string[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "run-"));
    world = new World();
    told = [];
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");
  const newFile = (): JournalFile => new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0"));

  function run(changes: Partial<DrillParts> = {}, hosts = ["esx-02"]): Promise<Journal> {
    const parts = world.parts({ progress: (line) => told.push(line), ...changes });
    return drillHosts(parts, { hosts, file: newFile(), report: () => Promise.resolve() });
  }

  it("says what is still broken when it was interrupted and could not put it back", async () => {
    const interrupt = new AbortController();
    world.beforePowerOff = () => {
      world.later(5, () => {
        interrupt.abort(new Error("SIGINT"));
      });
    };
    world.powerOnFails = "the BMC is silent";
    const journal = await run({ interrupted: interrupt.signal });
    assert.equal(journal.error, "interrupted; still esx-02 without power. Run vsphere-ha recover");
    assert.deepEqual([journal.verdict, exitCode(journal), world.lockReleased], ["inconclusive", 2, false]);
  });

  it("passes, and tells it, when the lock could not be freed in the end", async () => {
    const { vcenter } = world;
    const acquireLock: VCenter["acquireLock"] = () =>
      Promise.resolve({ release: () => Promise.reject(new CouldNotRun("the lock is gone")) });
    const journal = await run({ vcenter: { ...vcenter, acquireLock } });
    assert.equal(journal.verdict, "passed");
    assert.ok(told.includes("the lock is gone"));
  });

  it("holds the lock for an hour for each of its hosts, by the name that its journal has", async () => {
    const asked: unknown[] = [];
    const acquireLock: VCenter["acquireLock"] = (...given) => {
      asked.push(given, readJournal(path()).lockOwner);
      return Promise.reject(new CouldNotRun("held by another"));
    };
    const file = newFile();
    const parts = world.parts({ vcenter: { ...world.vcenter, acquireLock } });
    const work = drillHosts(parts, { hosts: ["esx-02", "esx-03", "esx-02"], file, report: () => Promise.resolve() });
    await assert.rejects(work, new CouldNotRun("held by another"));
    const { lockOwner } = file.journal;
    assert.deepEqual(asked, [[lockOwner, 10_800], lockOwner]);
    assert.ok(!existsSync(path()), "a run that never began leaves no journal");
  });

  it("locks by the tool's name where a journal names no owner", async () => {
    const file = newFile();
    file.journal.lockOwner = undefined;
    await acquireNoted(world.parts(), file, 60);
    assert.equal(world.lockHolder, "vsphere-ha");
  });

  it("does not hide an error that nobody foresaw, and frees the lock", async () => {
    const checks = (): Promise<never> => Promise.reject(new TypeError("unforeseen"));
    await assert.rejects(run({ checks }), /unforeseen/);
    assert.equal(world.lockReleased, true);
  });

  it("tells the checks that kept it from beginning, and that nothing was broken", async () => {
    world.steady = false;
    const journal = await run();
    assert.deepEqual(
      journal.checks.map(({ id, verdict }) => [id, verdict]),
      [["at-rest", "failed"]],
    );
    assert.deepEqual([journal.drills, world.posted, exitCode(journal)], [[], [], 2]);
    assert.match(journal.error ?? "", /^the steady state of the cluster did not hold within 180 s:\n {2}at-rest: /);
  });

  it("tells what is not applicable, and goes on with the next host", async () => {
    const journal = await run({ drill: "pdl" }, ["esx-02", "esx-03"]);
    assert.deepEqual(
      journal.drills.map(({ id, drill, host, verdict }) => [id, drill, host, verdict]),
      ["esx-02", "esx-03"].map((host) => [`pdl-${host}`, "pdl", host, "not-applicable"]),
    );
    const [first] = journal.drills;
    assert.match(first?.summary ?? "", /^not applicable to esx-02: /);
    assert.ok(told.includes(first?.summary ?? ""));
    assert.deepEqual(first?.undo.description, "nothing was broken");
    assert.deepEqual(first.steadyStateBefore, journal.checks);
    assert.equal(journal.checks.length, 1);
  });

  it("has nothing but the reason of what is not applicable", async () => {
    const { drills } = await run({ drill: "pdl" });
    const [{ expectations, vms, timeline, steadyStateAfter, faultAt, undo } = assert.fail()] = drills;
    assert.deepEqual([expectations, vms, timeline, steadyStateAfter, faultAt], [[], [], [], [], undefined]);
    assert.equal(undo.done, true);
  });

  it("tells of each VM where it ran before and after, and whether it failed with the host", async () => {
    const config = world.config();
    for (const vm of config.vms) if (vm.guestOs === "windowsxp") vm.openstack = { instanceId: "i" };
    const [{ vms } = assert.fail()] = (await run({ config })).drills;
    assert.deepEqual(
      vms.map(({ vm, affected, hostBefore, hostAfter, openstack }) => [vm, affected, hostBefore, hostAfter, openstack]),
      [
        ["ubuntu-1", true, "esx-02", "esx-01", undefined],
        ["ubuntu-2", false, "esx-03", "esx-03", undefined],
        ["xp-1", true, "esx-02", "esx-01", true],
        ["xp-2", false, "esx-03", "esx-03", true],
      ],
    );
  });

  it("names the checks that do not hold in the end, and only those", async () => {
    const parts = world.parts();
    let undone = false;
    const checks: DrillParts["checks"] = async (inventory) => {
      const [check = assert.fail()] = await parts.checks(inventory);
      undone ||= world.posted.includes("on esx-02");
      const bad = { ...check, verdict: undone ? ("failed" as const) : check.verdict };
      return [check, { ...bad, id: "first" }, { ...bad, id: "second" }];
    };
    const [{ expectations } = assert.fail()] = (await run({ checks })).drills;
    const after = expectations.find(({ id }) => id === "steady-state-after");
    assert.deepEqual([after?.verdict, after?.seen], ["failed", "it does not hold: first, second"]);
  });

  it("does not call the end steady where nobody looked, and says what was not seen because it was stopped", async () => {
    const config = { ...world.config(), stop: { totalSeconds: 60 } };
    const { drills, verdict } = await run({ config });
    const [{ expectations, faultAt } = assert.fail()] = drills;
    assert.equal(verdict, "inconclusive");
    assert.ok(faultAt !== undefined);
    const told = new Map(expectations.map(({ id, verdict: one, seen }) => [id, `${one}: ${seen}`]));
    assert.equal(told.get("vm-answers:xp-1"), "inconclusive: the drill was stopped");
    assert.match(told.get("not-stopped") ?? "", /^inconclusive: the drill has lasted longer than 60 s/);
    assert.ok(told.has("steady-state-after"));
  });

  it("is put back by recover, which says so, and frees the lock of the run that died", async () => {
    world.powerOnFails = "dead";
    await run();
    world.powerOnFails = undefined;
    told = [];
    let closed = 0;
    const parts = world.parts({ progress: (line) => told.push(line) });
    const fault: DrillParts["fault"] = (record) => ({
      ...parts.fault(record),
      close: () => Promise.resolve(void closed++),
    });
    await recoverRun({ ...parts, fault }, new JournalFile(path(), readJournal(path())));
    assert.deepEqual(told.slice(0, 2), ["restoring the power of esx-02", "esx-02 has power"]);
    assert.equal(told.at(-1), "the steady state holds");
    assert.deepEqual([closed, world.lockReleased], [1, true]);
    assert.match(readJournal(path()).drills[0]?.summary ?? "", /; esx-02 was put back by recover$/);
  });

  it("is recovered without a lock where its journal names no owner", async () => {
    const file = newFile();
    file.journal.lockOwner = undefined;
    world.lockHolder = "somebody else";
    await recoverRun(world.parts(), file);
    assert.deepEqual([world.lockHolder, world.lockReleased], ["somebody else", false]);
  });

  it("ends when its last drill does, with its journal on disk as it is returned", async () => {
    const journal = await run();
    assert.equal(journal.ended, new Date(world.nowMs).toISOString());
    assert.deepEqual(JSON.parse(JSON.stringify(journal)), readJournal(path()));
  });

  const codes: [verdict: Verdict, error: string | undefined, code: number][] = [
    ["passed", undefined, 0],
    ["failed", undefined, 1],
    ["inconclusive", undefined, 1],
    ["not-applicable", undefined, 2],
    ["inconclusive", "stopped", 2],
    ["passed", "interrupted", 2],
    ["failed", "interrupted", 1],
  ];
  for (const [verdict, error, code] of codes) {
    it(`ends with ${code.toString()} where it ${error === undefined ? "is" : "ended early and was"} ${verdict}`, () => {
      assert.equal(exitCode({ ...newFile().journal, verdict, error }), code);
    });
  }
});
