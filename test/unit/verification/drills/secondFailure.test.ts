import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import { drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import { planSecondFailure } from "../../../../verification/drills/secondFailurePlan";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Journal, SettingValue } from "../../../../verification/model";
import { World } from "./world";

const drill = "second-failure";

describe("second failure during a failover", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
    world.settings = {
      ...world.settings,
      haAdmissionControlPolicy: "resourcePercentage",
      haAdmissionControlHostFailureTolerance: 2,
    };
    world.master = "esx-03";
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  function run(): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
    const report = (): Promise<void> => Promise.resolve();
    return drillHosts(world.parts({ drill }), { hosts: ["esx-02"], file, report });
  }

  function bad({ drills }: Journal): string[] {
    return drills.flatMap(({ expectations }) =>
      expectations
        .filter(({ verdict }) => verdict !== "passed")
        .map(({ id, verdict, seen }) => `${verdict} ${id}: ${seen}`),
    );
  }

  it("is survived: the second host fails once HA has declared the first, and all VMs come back on the third", async () => {
    const journal = await run();
    assert.equal(journal.error, undefined);
    assert.deepEqual(bad(journal), []);
    assert.deepEqual([...world.posted].sort(), ["off esx-01", "off esx-02", "on esx-01", "on esx-02"]);
    const [result] = journal.drills;
    const second = result?.timeline.find(({ text }) => text === "cutting the power of esx-01 during the failover");
    assert.ok(second?.t !== undefined && second.t >= world.detection && second.t < world.detection + 3);
    assert.deepEqual(result?.undo.fault, { kind: drill, host: "esx-02", second: "esx-01" });
    assert.ok(result.vms.filter(({ affected }) => affected).every(({ hostAfter }) => hostAfter === "esx-03"));
  });

  it("fails when a VM does not come back, or only within more than both failovers take", async () => {
    world.restarts = (vm) => vm !== "xp-1";
    assert.match(
      bad(await run()).join("\n"),
      /failed vm-answers:xp-1: still down .*\n.*\n?.*failed vm-elsewhere:xp-1/s,
    );
  });

  it("fails when HA takes too long to declare the second host failed", async () => {
    const fail = world.failHost.bind(world);
    world.failHost = (name) => {
      if (name === "esx-01") world.detection = 90;
      fail(name);
    };
    assert.match(bad(await run()).join("\n"), /failed second-declared-failed: declared failed 90/);
  });

  it("is put back by recover, both hosts", async () => {
    world.powerOnFails = "the BMC is silent";
    await run();
    assert.equal(readJournal(path()).drills[0]?.undo.done, false);
    world.powerOnFails = undefined;
    await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
    assert.deepEqual(
      [...world.hosts.values()].map(({ on }) => on),
      [true, true, true],
    );
  });

  describe("is refused when", () => {
    function refusals(settings: Record<string, SettingValue>): string {
      world.settings = { haEnabled: true, ...settings };
      const given = { includeBystanders: false, keepUp: [] };
      return planSecondFailure(world.inventory(), world.config(), "esx-02", given).refusals.join("\n");
    }
    const policy = "haAdmissionControlPolicy";
    const tolerance = "haAdmissionControlHostFailureTolerance";
    const percent = (cpu: number, memory: number) => ({
      [policy]: "resourcePercentage",
      haAdmissionControlResourcePercentageCpu: cpu,
      haAdmissionControlResourcePercentageMemory: memory,
      [tolerance]: 1,
    });

    for (const [what, settings, told] of [
      ["it keeps room for one failure", { [policy]: "resourcePercentage", [tolerance]: 1 }, "room for 1 host failure"],
      [
        "slots are kept for one",
        { [policy]: "slotPolicy", [tolerance]: 1 },
        "(slotPolicy) keeps room for 1 host failure",
      ],
      ["it is off", { [policy]: "disabled" }, "is off"],
      [
        "one failover host is named",
        { [policy]: "failoverHosts", haAdmissionControlFailoverHostSystemIds: ["esx-03"] },
        "room for 1",
      ],
      ["the percentage of one resource is that of one host", percent(70, 40), "room for 1 host failure"],
    ] as const) {
      it(`admission control cannot take it: ${what}`, () => {
        const text = refusals(settings as Record<string, SettingValue>);
        assert.ok(text.includes(told) && text.includes("this drill fails two hosts"), text);
      });
    }

    it("never where room for two is kept, in whatever way", () => {
      assert.equal(refusals({ [policy]: "slotPolicy", [tolerance]: 2 }), "");
      assert.equal(refusals(percent(67, 67)), "");
      const named = { haAdmissionControlFailoverHostSystemIds: ["esx-01", "esx-03"] };
      assert.equal(refusals({ [policy]: "failoverHosts", ...named }), "");
    });

    it("the last host has no room for the VMs of both", async () => {
      for (const vm of world.vms) vm.memoryReservationMb = 6000;
      const journal = await run();
      assert.equal(exitCode(journal), 2);
      assert.match(
        journal.error ?? "",
        /esx-02 and esx-01 must not be failed:\n.*the cluster cannot lose esx-02 and esx-01/,
      );
      assert.deepEqual(world.posted, []);
    });

    it("others' VMs are on the second host", async () => {
      world.vms.push(world.vm("payroll", undefined, "esx-01"));
      assert.match((await run()).error ?? "", /payroll on esx-01 is not of the target/);
    });

    it("only two hosts are there", () => {
      world.hosts.delete("esx-03");
      world.vms = world.vms.filter(({ host }) => host !== "esx-03");
      assert.match(refusals({}), /fewer than three are left/);
    });
  });
});
