import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import { planMaintenance } from "../../../../verification/drills/maintenancePlan";
import { drillHosts, recoverRun } from "../../../../verification/drills/run";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Inventory, Journal } from "../../../../verification/model";
import { override } from "../checks/fixture";
import { bad, harm } from "./missed";
import { World } from "./world";

const drill = "maintenance-mode";

describe("maintenance-mode drill", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
    world.settings = { ...world.settings, drsEnabled: true, drsAutomationLevel: "fullyAutomated" };
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

  it("passes when DRS moves every VM away without an interruption, and takes the host back into service", async () => {
    const journal = await run();
    assert.deepEqual(bad(journal), []);
    assert.equal(journal.verdict, "passed");
    assert.deepEqual(world.posted, ["enter esx-02", "exit esx-02"]);
    const [result] = journal.drills;
    assert.equal(
      result?.summary,
      "esx-02 went into maintenance mode (HA secondary), and all that was expected was seen",
    );
    assert.deepEqual(result.undo, {
      fault: { kind: "maintenance-mode", host: "esx-02" },
      description: "take esx-02 out of maintenance mode",
      done: true,
    });
    assert.ok(result.vms.every(({ affected }) => !affected));
    assert.equal(world.lockReleased, true);
  });

  it("watches the services for a while after the moves", async () => {
    const journal = await run();
    const timeline = journal.drills[0]?.timeline ?? [];
    const at = (text: string): number => timeline.find((entry) => entry.text === text)?.t ?? Number.NaN;
    assert.ok(at("taking esx-02 out of maintenance mode") - at("esx-02 is in maintenance mode") >= 30);
  });

  it("fails when a VM's service is interrupted, with the seconds", async () => {
    world.interrupts = ["xp-1"];
    const journal = await run();
    assert.equal(journal.verdict, "failed");
    assert.match(harm(journal).join("\n"), /^vm-undisturbed:xp-1: down for \d+\.\d to \d+\.\d s, in one outage$/m);
  });

  it("fails when a VM stays on the host", async () => {
    world.stuck = ["ubuntu-1"];
    assert.deepEqual(bad(await run()), [
      "failed host-evacuated: esx-02 did not come into maintenance mode, ubuntu-1 still on it",
      "failed vm-elsewhere:ubuntu-1: still on esx-02",
    ]);
  });

  it("is put back by recover after its process was killed", async () => {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
    const parts = world.parts({ drill });
    const dies = {
      ...parts,
      fault: (record: Parameters<typeof parts.fault>[0]) => {
        const fault = parts.fault(record);
        return { ...fault, restore: () => Promise.reject(new Error("killed")) };
      },
    };
    await drillHosts(dies, { hosts: ["esx-02"], file, report: () => Promise.resolve() });
    assert.deepEqual(world.posted, ["enter esx-02"]);
    await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
    assert.deepEqual(world.posted, ["enter esx-02", "exit esx-02"]);
    assert.equal(readJournal(path()).drills[0]?.undo.done, true);
  });

  describe("refuses when", () => {
    function refusals(change: (inventory: Inventory) => void): string {
      const inventory = world.inventory();
      change(inventory);
      const plan = planMaintenance(inventory, world.config(), "esx-02", { includeBystanders: false, keepUp: [] });
      return plan.refusals.join("\n");
    }

    it("nothing is wrong: never", () => {
      assert.equal(
        refusals(() => undefined),
        "",
      );
    });

    it("DRS would not move the VMs", () => {
      assert.match(
        refusals(({ cluster }) => (cluster.settings.drsAutomationLevel = "manual")),
        /not fully automated/,
      );
      assert.match(
        refusals(({ cluster }) => (cluster.settings.drsEnabled = false)),
        /not fully automated/,
      );
    });

    it("DRS leaves one of the VMs alone", () => {
      const vm = "ubuntu-1";
      const manual = refusals(({ cluster }) => cluster.overrides.push(override(vm, { drs: "manual" })));
      assert.match(manual, /DRS does not move ubuntu-1 by itself: its override says manual/);
      assert.equal(
        refusals(({ cluster }) => cluster.overrides.push(override(vm, { drs: "fullyAutomated" }))),
        "",
      );
      const ignored = refusals(({ cluster }) => {
        cluster.overrides.push(override(vm, { drs: "manual" }));
        cluster.settings.drsEnableVmOverrides = false;
      });
      assert.equal(ignored, "");
    });

    it("only one other host would be left", () => {
      const text = refusals(({ hosts }) => hosts.splice(0, 1));
      assert.match(text, /without esx-02, esx-03 would be left: a failure during the drill/);
    });

    it("a VM has no room elsewhere", () => {
      const text = refusals(({ vms }) => {
        for (const vm of vms) vm.memoryReservationMb = 16_000;
      });
      assert.match(text, /esx-02 cannot be evacuated: .* which no other host has free/);
    });
  });
});
