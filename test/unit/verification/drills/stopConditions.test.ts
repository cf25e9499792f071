import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guestMeans } from "../../../../verification/availability/means";
import type { VerificationConfig } from "../../../../verification/config";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { drillHosts, exitCode } from "../../../../verification/drills/run";
import type { DrillName } from "../../../../verification/drills/variants";
import { JournalFile } from "../../../../verification/journal";
import type { DrillResult, Journal } from "../../../../verification/model";
import { bad } from "./missed";
import { World } from "./world";

describe("stop conditions of a drill", () => {
  let dir: string;
  let world: World;
  let stop: VerificationConfig["stop"];
  let drill: DrillName;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
    world.settings = { ...world.settings, drsEnabled: true, drsAutomationLevel: "fullyAutomated" };
    stop = {};
    drill = "host-loss";
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  /** Two hosts, so that it is seen that the second is spared. */
  function run(hosts = ["esx-02", "esx-03"], changes: Partial<DrillParts> = {}): Promise<Journal> {
    const config = { ...world.config(), stop };
    const file = new JournalFile(join(dir, "journal.json"), beginJournal(config, world.vcenter.about, "0", drill));
    const parts = world.parts({ config, drill, ...changes });
    return drillHosts(parts, { hosts, file, report: () => Promise.resolve() });
  }

  const down = (vm: string): void => void (world.vmNamed(vm).answers = false);
  const up = (vm: string): void => void (world.vmNamed(vm).answers = true);

  /** A VM that has nothing to do with the fault is away for a moment. */
  function blink(vm: string): void {
    down(vm);
    world.later(4, () => up(vm));
  }

  /** The only drill of a run that was stopped, with all put back and the lock freed. */
  function stopped(journal: Journal, reason: RegExp): DrillResult {
    assert.match(journal.error ?? "", reason);
    assert.equal(journal.drills.length, 1, "another host was failed");
    const [result] = journal.drills;
    assert.ok(result?.stopped !== undefined, "the drill was not stopped");
    assert.equal(result.undo.done, true);
    assert.match(`stopped: ${result.stopped.reason}`, reason);
    assert.ok(Date.parse(result.stopped.at) <= Date.parse(result.ended));
    assert.equal(result.expectations.find(({ id }) => id === "not-stopped")?.verdict, result.verdict);
    assert.equal(world.lockReleased, true);
    assert.deepEqual(guestMeans([result]), [], "figures of a stopped drill were taken for a measurement");
    return result;
  }

  it("are among what every drill is judged by, and pass with what was watched", async () => {
    world.vms.push(world.vm("payroll", undefined, "esx-03"));
    const journal = await run(["esx-02"]);
    assert.deepEqual(bad(journal), []);
    const judged = journal.drills[0]?.expectations.find(({ id }) => id === "not-stopped");
    assert.match(judged?.statement ?? "", /vCenter is not silent for 300 s, and all is over within 3600 s/);
    assert.match(judged?.seen ?? "", /^3 other VMs ran in each of \d\d readings of vCenter; it lasted \d{3} s$/);
    assert.equal(journal.drills[0]?.stopped, undefined);
  });

  describe("when a VM goes down that the fault is not to touch: failed, with VM and instants, and no further host", () => {
    const seen =
      /ubuntu-2 went down, and had nothing to do .*it answered at 2026-01-31T12:\d\d:\d\d\.\d{3}Z, and no more at 2026/;

    it("while VMs are moved", async () => {
      for (const vm of ["ubuntu-1", "xp-1"]) world.vmNamed(vm).host = "esx-03";
      world.moveSeconds = 30;
      world.later(15, () => blink("ubuntu-2"));
      const result = stopped(await run(), /^stopped: ubuntu-2 went down, and nothing was broken yet/);
      assert.equal(result.verdict, "failed");
      assert.equal(result.faultAt, undefined);
      assert.deepEqual(world.posted, []);
      assert.equal(world.moves.length, 1, "another VM was moved");
    });

    it("when the fault is injected: what is broken is put back at once", async () => {
      drill = "maintenance-mode";
      world.evacuationSeconds = 300;
      const enter = world.clock.wait;
      world.clock.wait = (seconds, signal) => {
        if (seconds === 300) world.later(5, () => blink("ubuntu-2"));
        return enter(seconds, signal);
      };
      const journal = await run();
      const result = stopped(journal, seen);
      assert.equal(result.verdict, "failed");
      assert.deepEqual(world.posted, ["exit esx-02"], "the evacuation was waited for");
      assert.equal(exitCode(journal), 1);
    });

    it("while the failover is observed", async () => {
      world.beforePowerOff = () => world.later(20, () => blink("ubuntu-2"));
      const journal = await run();
      const result = stopped(journal, seen);
      assert.equal(result.verdict, "failed");
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      const restored = result.timeline.find(({ text }) => text.startsWith("restoring the power"))?.t ?? Infinity;
      assert.ok(restored <= 23, `put back only ${restored.toString()} s after the fault`);
      assert.match(
        result.expectations.find(({ id }) => id === "vm-undisturbed:ubuntu-2")?.seen ?? "",
        /^down for [34]/,
      );
      assert.equal(result.expectations.find(({ id }) => id === "vm-answers:xp-1")?.verdict, "inconclusive");
      assert.equal(exitCode(journal), 1);
    });

    it("while the host comes back: all that was observed is judged, too", async () => {
      const restore = world.restoreHost.bind(world);
      world.restoreHost = (name) => {
        restore(name);
        world.later(20, () => blink("ubuntu-2"));
      };
      const result = stopped(await run(), seen);
      assert.equal(result.verdict, "failed");
      assert.deepEqual(
        result.expectations.filter(({ verdict }) => verdict !== "passed").map(({ id }) => id),
        ["vm-undisturbed:ubuntu-2", "not-stopped"],
      );
    });

    it("shorter than it is looked", async () => {
      world.beforePowerOff = () =>
        world.later(20.2, () => {
          down("ubuntu-2");
          world.later(0.4, () => up("ubuntu-2"));
        });
      assert.equal(stopped(await run(), seen).verdict, "failed");
    });

    it("of other people: vCenter shows it", async () => {
      world.vms.push(world.vm("payroll", undefined, "esx-03"));
      world.beforePowerOff = () => world.later(5, () => (world.vmNamed("payroll").poweredOn = false));
      const result = stopped(
        await run(),
        /payroll went down, and had nothing to do .*vCenter showed it running at 2026-.*Z, and off at 2026/,
      );
      assert.equal(result.verdict, "failed");
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
    });

    it("but not for one that the fault takes down, or that the platform owns", async () => {
      world.vms.push(world.vm("payroll", undefined, "esx-02"));
      world.beforePowerOff = () => {
        world.later(5, () => {
          world.vmNamed("payroll").poweredOn = false;
          world.vmNamed("vCLS-1").poweredOn = false;
        });
        world.later(40, () => (world.vmNamed("payroll").poweredOn = true));
      };
      assert.deepEqual(bad(await run(["esx-02"], { includeBystanders: true })), []);
    });
  });

  describe("when vCenter is silent for longer than it may be: inconclusive, and no further host", () => {
    const reason = /vCenter has not answered for 30 s \(stop\.vcenterSilentSeconds\), since 2026-01-31T12:/;
    beforeEach(() => {
      stop = { vcenterSilentSeconds: 30 };
    });

    function silence(seconds: number): void {
      world.vcenterState = "STOPPED";
      world.later(seconds, () => (world.vcenterState = "STARTED"));
    }

    it("while VMs are moved", async () => {
      world.vmNamed("xp-1").host = "esx-03";
      world.moveSeconds = 200;
      world.later(15, () => silence(60));
      const result = stopped(await run(), reason);
      assert.equal(result.verdict, "inconclusive");
      assert.deepEqual(world.posted, []);
    });

    it("when the fault is injected", async () => {
      drill = "maintenance-mode";
      world.evacuationSeconds = 500;
      const enter = world.clock.wait;
      world.clock.wait = (seconds, signal) => {
        if (seconds === 500) world.later(5, () => silence(60));
        return enter(seconds, signal);
      };
      assert.equal(stopped(await run(), reason).verdict, "inconclusive");
      assert.deepEqual(world.posted, ["exit esx-02"]);
    });

    it("while the failover is observed", async () => {
      world.beforePowerOff = () => world.later(20, () => silence(60));
      const journal = await run();
      assert.equal(stopped(journal, reason).verdict, "inconclusive");
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.equal(exitCode(journal), 2);
    });

    it("while the host comes back: nobody waits for what cannot be seen", async () => {
      const restore = world.restoreHost.bind(world);
      world.restoreHost = (name) => {
        restore(name);
        world.later(20, () => silence(5000));
      };
      const result = stopped(await run(), reason);
      assert.equal(result.verdict, "inconclusive");
      assert.ok(result.timeline.some(({ text }) => text === "not waited for"));
    });

    it("but not when it is silent for less than that, nor when it answers in between", async () => {
      world.beforePowerOff = () => {
        world.later(20, () => silence(25));
        world.later(55, () => silence(25));
      };
      assert.deepEqual(bad(await run(["esx-02"])), []);
    });

    it("but not when the drill stopped it itself", async () => {
      drill = "host-loss-vcenter-down";
      world.boot = 100;
      assert.deepEqual(bad(await run(["esx-02"])), []);
    });
  });

  describe("when it lasts longer than it may: inconclusive, and no further host", () => {
    const reason = /the drill has lasted longer than \d+ s \(stop\.totalSeconds\), since 2026-01-31T12:00:00\.000Z/;

    it("while VMs are moved", async () => {
      stop = { totalSeconds: 40 };
      world.vmNamed("xp-1").host = "esx-03";
      world.moveSeconds = 300;
      assert.equal(stopped(await run(), reason).verdict, "inconclusive");
      assert.deepEqual(world.posted, []);
    });

    it("when the fault is injected", async () => {
      stop = { totalSeconds: 40 };
      drill = "maintenance-mode";
      world.evacuationSeconds = 300;
      assert.equal(stopped(await run(), reason).verdict, "inconclusive");
      assert.deepEqual(world.posted, ["exit esx-02"]);
    });

    it("while the failover is observed", async () => {
      stop = { totalSeconds: 40 };
      const result = stopped(await run(), reason);
      assert.equal(result.verdict, "inconclusive");
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.match(result.summary, /^inconclusive: stopped: the drill has lasted longer/);
    });

    it("while the host comes back", async () => {
      stop = { totalSeconds: 300 };
      world.hostBoot = 1000;
      assert.equal(stopped(await run(), reason).verdict, "inconclusive");
      assert.ok(world.nowMs < Date.parse("2026-01-31T12:06:00Z"), "the host was waited for");
    });
  });

  it("do not hide that something could not be put back", async () => {
    world.powerOnFails = "the BMC of esx-02 is silent";
    world.beforePowerOff = () => world.later(20, () => blink("ubuntu-2"));
    const journal = await run();
    assert.match(journal.error ?? "", /^stopped: ubuntu-2 went down.*\nesx-02 could not be put back: .*silent\n/);
    assert.equal(journal.drills[0]?.undo.done, false);
    assert.equal(world.lockReleased, false);
  });
});
