import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import { planGuestHang } from "../../../../verification/drills/guestHangPlan";
import type { DrillParts } from "../../../../verification/drills/parts";
import type { DrillPlan } from "../../../../verification/drills/plan";
import { drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Inventory, Journal } from "../../../../verification/model";
import { override } from "../checks/fixture";
import { bad, harm } from "./missed";
import { World } from "./world";

const drill = "guest-hang";
const vm = "xp-1";

describe("guest-hang drill", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
    world.settings = { ...world.settings, haVmMonitoring: "vmMonitoringOnly" };
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  function run(changes: Partial<DrillParts> = {}): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
    return drillHosts(world.parts({ drill, ...changes }), { hosts: [vm], file, report: () => Promise.resolve() });
  }

  it("passes when HA resets the guest, which nobody else has to do", async () => {
    const journal = await run();
    assert.deepEqual(bad(journal), []);
    assert.deepEqual(world.posted, [`hang ${vm}`]);
    const [result] = journal.drills;
    assert.deepEqual(result?.undo, {
      fault: { kind: "guest-hang", host: "esx-02", vm },
      description: "reset xp-1, unless it answers",
      done: true,
    });
    const hung = result.vms.find((one) => one.vm === vm);
    assert.deepEqual([hung?.affected, hung?.hostBefore, hung?.hostAfter], [true, "esx-02", "esx-02"]);
    const { detectionSeconds = 0, restartSeconds, bootSeconds = 0 } = hung?.shares ?? {};
    assert.equal(restartSeconds, 0);
    assert.ok(Math.abs(detectionSeconds - 120) <= 1);
    assert.ok(Math.abs(bootSeconds - 60) <= 1);
    assert.equal(result.vms.filter(({ affected }) => affected).length, 1);
  });

  describe("fails when", () => {
    it("HA does not reset it, and resets it itself in the end", async () => {
      world.resets = () => false;
      const journal = await run();
      const missed = bad(journal);
      assert.match(missed.join("\n"), /failed vm-reset:xp-1: vCenter reported no reset by HA/);
      assert.match(missed.join("\n"), /failed vm-answers:xp-1: still down|failed vm-answers:xp-1: answered again/);
      assert.deepEqual(world.posted, [`hang ${vm}`, `reset ${vm}`]);
      assert.equal(journal.drills[0]?.undo.done, true);
    });

    it("HA resets it later than its settings promise", async () => {
      world.silence = 145;
      assert.match(bad(await run()).join("\n"), /^failed vm-reset:xp-1: reset 14\d\.\d to 14\d\.\d s .*; expected 130/);
    });

    it("it boots for too long", async () => {
      world.boot = 140;
      assert.match(bad(await run()).join("\n"), /^failed vm-answers:xp-1: answered again 2(59|60|61)\.\d/);
    });

    it("another VM goes down with it", async () => {
      const hang = world.hangGuest.bind(world);
      world.hangGuest = (name) => {
        hang(name);
        world.vmNamed("ubuntu-1").answers = false;
        world.later(5, () => (world.vmNamed("ubuntu-1").answers = true));
      };
      assert.match(harm(await run()).join("\n"), /^vm-undisturbed:ubuntu-1: down/);
    });

    it("it comes up on another host", async () => {
      const reset = world.resetVm.bind(world);
      world.resetVm = (name) => {
        reset(name);
        world.vmNamed(name).host = "esx-03";
      };
      assert.deepEqual(bad(await run()), ["failed vm-stays:xp-1: runs on esx-03"]);
    });
  });

  it("is told as one that could not be done where the guest goes on", async () => {
    world.hangGuest = () => undefined;
    const journal = await run();
    assert.equal(exitCode(journal), 2);
    assert.match(journal.error ?? "", /xp-1 goes on answering after a hang: it does not hang/);
    assert.equal(journal.drills[0]?.undo.done, true);
  });

  it("breaks nothing where HA has spent its resets", async () => {
    for (let k = 0; k < 3; k++) world.event("VmDasBeingResetEvent", { vm });
    const journal = await run();
    assert.match(journal.error ?? "", /HA has reset xp-1 3 times, and does so at most 3 times/);
    assert.deepEqual(world.posted, []);
    world.advance(1000);
    world.settings = { ...world.settings, haVmMaximumFailureWindow: 500 };
    assert.deepEqual(bad(await run()), []);
  });

  it("breaks nothing where the guest's password is wrong", async () => {
    world.guests.password = "another";
    const journal = await run();
    assert.match(journal.error ?? "", /the guest refuses the user/);
    assert.deepEqual(world.posted, []);
  });

  describe("recover, after the drill was killed", () => {
    async function killed(): Promise<void> {
      const parts = world.parts({ drill });
      const fault: DrillParts["fault"] = (record) => {
        return { ...parts.fault(record), restore: () => Promise.reject(new Error("killed")) };
      };
      await run({ fault });
    }

    it("resets a guest that still hangs", async () => {
      world.resets = () => false;
      await killed();
      await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
      assert.deepEqual(world.posted, [`hang ${vm}`, `reset ${vm}`]);
      assert.equal(world.vmNamed(vm).answers, true);
      assert.equal(readJournal(path()).drills[0]?.undo.done, true);
    });

    it("leaves a guest alone that is well", async () => {
      await killed();
      await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
      assert.deepEqual(world.posted, [`hang ${vm}`]);
    });

    it("waits for one that HA has just reset", async () => {
      await killed();
      world.hangGuest(vm);
      world.event("VmDasBeingResetEvent", { vm });
      world.resetVm(vm);
      await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
      assert.deepEqual(world.posted, [`hang ${vm}`]);
      assert.equal(world.vmNamed(vm).answers, true);
    });
  });

  describe("plan", () => {
    function plan(change: (inventory: Inventory) => void = () => undefined): DrillPlan {
      const inventory = world.inventory();
      inventory.cluster.settings = { ...inventory.cluster.settings };
      change(inventory);
      const made = planGuestHang(inventory, world.config(), vm, { includeBystanders: false, keepUp: [] });
      assert.ok("host" in made, made.refusals.join());
      return made;
    }
    const seconds = (change: (inventory: Inventory) => void = () => undefined): number =>
      plan(change).detection.seconds;
    const setting = (name: string, value: string | number | Record<string, string>) => (inventory: Inventory) => {
      inventory.cluster.settings[name] = value;
    };

    it("takes the longest of failure interval, I/O interval and what is left of the minimum uptime", () => {
      assert.equal(seconds(), 120 + 10);
      assert.equal(seconds(setting("haVmFailureInterval", 150)), 150 + 10);
      assert.equal(seconds(setting("haAdvancedOptions", { "das.iostatsinterval": "0" })), 30 + 10);
      assert.equal(seconds(setting("haVmMinimumUptime", 400)), 300 + 10);
    });

    it("takes the VM's own settings where it does not follow the cluster", () => {
      const own = (followsCluster: boolean) => (inventory: Inventory) => {
        const monitoring = { mode: "vmMonitoringOnly", followsCluster, failureInterval: 200 };
        inventory.cluster.overrides.push(override(vm, { monitoring }));
      };
      assert.equal(seconds(own(false)), 200 + 10);
      assert.equal(seconds(own(true)), 120 + 10);
    });

    it("refuses as not applicable where VM monitoring is off, for the cluster or the VM", () => {
      const off = /not applicable: VM monitoring of xp-1 is off/;
      assert.match(plan(setting("haVmMonitoring", "vmMonitoringDisabled")).refusals.join(), off);
      const mode = { mode: "vmMonitoringDisabled", followsCluster: false };
      const own = plan(({ cluster }) => cluster.overrides.push(override(vm, { monitoring: mode })));
      assert.match(own.refusals.join(), off);
    });

    it("refuses where HA is off, or Tools send no heartbeat", () => {
      assert.match(plan(({ cluster }) => (cluster.settings.haEnabled = false)).refusals.join(), /HA is off/);
      const silent = plan(({ vms }) => {
        for (const one of vms) one.guestHeartbeat = "gray";
      });
      assert.match(silent.refusals.join(), /VMware Tools of xp-1 send no heartbeat \(gray\)/);
    });

    it("refuses a VM that it does not know", () => {
      const made = planGuestHang(world.inventory(), world.config(), "other", { includeBystanders: false, keepUp: [] });
      assert.match(made.refusals.join(), /VM other runs on no host .* which has ubuntu-1/);
    });
  });
});
