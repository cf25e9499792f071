import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillParts } from "../../../../verification/drills/parts";
import { drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Expectation, Journal, Verdict } from "../../../../verification/model";
import { World } from "./world";

describe("host-loss drill", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  async function run(hosts = ["esx-02"], changes: Partial<DrillParts> = {}): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0"));
    return drillHosts(world.parts(changes), { hosts, file, report: () => Promise.resolve() });
  }

  function only(journal: Journal): Journal["drills"][number] {
    assert.equal(journal.drills.length, 1, journal.error);
    const [drill] = journal.drills;
    assert.ok(drill !== undefined);
    return drill;
  }

  function bad(journal: Journal): { id: string; verdict: Verdict }[] {
    return only(journal)
      .expectations.filter(({ verdict }) => verdict !== "passed")
      .map(({ id, verdict }) => ({ id, verdict }));
  }

  function expectation(journal: Journal, id: string): Expectation {
    const found = only(journal).expectations.find((one) => one.id === id);
    assert.ok(found !== undefined, id);
    return found;
  }

  describe("of a cluster that fails over", () => {
    it("passes, with the host put back and the lock freed", async () => {
      const journal = await run();
      assert.deepEqual(bad(journal), []);
      assert.equal(journal.verdict, "passed");
      assert.equal(exitCode(journal), 0);
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.equal(only(journal).undo.done, true);
      assert.equal(world.lockReleased, true);
    });

    it("can be failed again: means over the hosts with their interval over the repetitions", async () => {
      const journal = await run(["esx-02", "esx-03", "esx-02", "esx-03"]);
      assert.equal(journal.verdict, "passed", journal.error);
      const [mean] = journal.means;
      assert.deepEqual([mean?.hosts, mean?.repetitions], [2, 2]);
      assert.ok((mean?.interval?.downtimeSeconds.lower ?? Infinity) <= (mean?.downtimeSeconds.lower ?? 0));
      const { detection, restart, boot } = mean?.restore ?? {};
      assert.deepEqual([detection?.n, restart?.seconds, boot?.n], [2, 12, 2]);
    });

    it("measures the downtime of those that failed with the host, and none of the others", async () => {
      const journal = await run();
      const [down, up] = [
        only(journal).vms.find(({ vm }) => vm === "xp-1"),
        only(journal).vms.find(({ vm }) => vm === "xp-2"),
      ];
      assert.ok(down !== undefined && up !== undefined);
      const truth = world.detection + world.restart + world.boot;
      assert.ok(down.downtimeSeconds.lower <= truth && truth <= down.downtimeSeconds.upper);
      assert.ok(down.downtimeSeconds.upper - down.downtimeSeconds.lower <= 2);
      assert.deepEqual([down.affected, down.hostBefore, down.hostAfter], [true, "esx-02", "esx-01"]);
      assert.deepEqual([up.affected, up.downtimeSeconds], [false, { lower: 0, upper: 0 }]);
    });

    it("splits the downtime by vCenter's events", async () => {
      const shares = only(await run()).vms.find(({ vm }) => vm === "xp-1")?.shares;
      assert.equal(shares?.detectionSeconds, 18);
      assert.equal(shares.restartSeconds, 12);
      assert.ok(Math.abs((shares.bootSeconds ?? 0) - 60) <= 1);
    });

    it("gives the mean over the hosts for each guest OS", async () => {
      const journal = await run(["esx-01", "esx-02", "esx-03"]);
      assert.equal(journal.error, undefined);
      assert.equal(journal.verdict, "passed");
      assert.deepEqual(
        journal.means.map(({ guestOs, hosts }) => [guestOs, hosts]),
        [
          ["ubuntu", 3],
          ["windowsxp", 3],
        ],
      );
    });

    it("moves a VM of each guest OS onto a host that has none", async () => {
      const journal = await run(["esx-01"]);
      assert.equal(only(journal).verdict, "passed");
      assert.equal(only(journal).fdmRole, "master");
      assert.equal(world.moves.length, 2);
      assert.equal(only(journal).vms.filter(({ affected }) => affected).length, 2);
    });

    it("has the undo on disk before anything is broken", async () => {
      let seen: Journal | undefined;
      world.beforePowerOff = () => {
        seen = JSON.parse(readFileSync(path(), "utf8")) as Journal;
      };
      await run();
      assert.ok(seen !== undefined);
      assert.deepEqual(only(seen).undo, {
        fault: { kind: "host-power", host: "esx-02" },
        description: "power on esx-02 through its BMC",
        done: false,
      });
      assert.equal(only(seen).host, "esx-02");
    });

    it("corrects for a vCenter whose clock differs", async () => {
      world.vcenterStep = 3_600_000;
      const original = world.failHost.bind(world);
      world.failHost = (name) => {
        original(name);
      };
      const vcenter = world.vcenter;
      const journal = await run(["esx-02"], {
        vcenter: {
          ...vcenter,
          eventsSince: async (at) => {
            const here = await vcenter.eventsSince(new Date(at.getTime() - world.vcenterStep));
            return here.map((event) => ({
              ...event,
              createdAt: new Date(event.createdAt.getTime() + world.vcenterStep),
            }));
          },
        },
      });
      assert.deepEqual(bad(journal), []);
    });
  });

  describe("fails when", () => {
    it("a VM is not restarted", async () => {
      world.restarts = (vm) => vm !== "xp-1";
      const journal = await run();
      assert.equal(journal.verdict, "failed");
      assert.equal(exitCode(journal), 1);
      const failed = bad(journal).map(({ id }) => id);
      assert.ok(failed.includes("vm-answers:xp-1"));
      assert.ok(failed.includes("vm-restarted:xp-1"));
      assert.ok(failed.includes("vm-elsewhere:xp-1"));
      assert.match(expectation(journal, "vm-answers:xp-1").seen, /still down 1\d+\.\d s after the fault/);
      assert.equal(only(journal).undo.done, true);
    });

    it("a VM answers later than its budget, with the numbers", async () => {
      world.boot = 130;
      const journal = await run();
      assert.equal(expectation(journal, "vm-answers:xp-1").verdict, "failed");
      assert.match(
        expectation(journal, "vm-answers:xp-1").seen,
        /answered again 159\.\d to 160\.\d s .* expected 158\.0 s/,
      );
      assert.match(expectation(journal, "vm-answers:xp-1").basis, /detection 23 s, restart 15 s, boot 120 s/);
    });

    it("the detection takes too long", async () => {
      world.detection = 40;
      assert.deepEqual(expectation(await run(), "host-declared-failed").verdict, "failed");
    });

    it("vCenter reports no failure of the host, though its events were read", async () => {
      world.detection = 18;
      const vcenter = world.vcenter;
      const quiet = {
        ...vcenter,
        eventsSince: async (at: Date) =>
          (await vcenter.eventsSince(at)).filter(({ type }) => !type.includes("DasHostFailed")),
      };
      assert.deepEqual(bad(await run(["esx-02"], { vcenter: quiet })), [
        { id: "host-declared-failed", verdict: "failed" },
      ]);
    });

    it("no restart by HA is reported", async () => {
      world.reported = (vm) => vm !== "ubuntu-1";
      assert.deepEqual(bad(await run()), [{ id: "vm-restarted:ubuntu-1", verdict: "failed" }]);
    });

    it("a VM is restarted only when the host has its power back", async () => {
      world.restart = 400;
      const journal = await run();
      assert.equal(expectation(journal, "vm-restarted:xp-1").verdict, "failed");
      assert.match(expectation(journal, "vm-restarted:xp-1").seen, /only when esx-02 had its power back/);
    });

    it("a VM with restart disabled is restarted all the same", async () => {
      world.vms.push({ ...world.vm("ubuntu-3", "ubuntu", "esx-02") });
      world.overrides = { "ubuntu-3": "disabled" };
      const journal = await run();
      assert.equal(expectation(journal, "vm-not-restarted:ubuntu-3").verdict, "failed");
    });

    it("the host does not come back to the cluster", async () => {
      world.hostBoot = 100_000;
      const journal = await run();
      assert.equal(expectation(journal, "steady-state-after").verdict, "failed");
      assert.match(expectation(journal, "steady-state-after").seen, /at-rest/);
    });
  });

  it("passes when a VM with restart disabled stays down", async () => {
    world.vms.push({ ...world.vm("ubuntu-3", "ubuntu", "esx-02") });
    world.overrides = { "ubuntu-3": "disabled" };
    world.restarts = (vm) => vm !== "ubuntu-3";
    // It comes back with its host: vSphere does not start it, its owner does.
    world.beforePowerOff = () => world.later(400, () => (world.vmNamed("ubuntu-3").answers = true));
    const journal = await run();
    assert.equal(expectation(journal, "vm-not-restarted:ubuntu-3").verdict, "passed");
    assert.equal(journal.verdict, "passed");
  });

  describe("is inconclusive, never passed, when", () => {
    it("probes were lost", async () => {
      world.beforePowerOff = () => {
        world.later(120, () => (world.loseProbes = true));
        world.later(160, () => (world.loseProbes = false));
      };
      const journal = await run();
      assert.equal(journal.verdict, "inconclusive");
      assert.equal(exitCode(journal), 1);
      assert.match(
        expectation(journal, "observed").seen,
        /ubuntu-1 was not observed for \d+\.\d s: \d+ of its \d+ probes were lost/,
      );
    });

    it("events could not be read", async () => {
      world.beforePowerOff = () => (world.eventsFail = true);
      const journal = await run();
      assert.equal(journal.verdict, "inconclusive");
      assert.match(expectation(journal, "observed").seen, /events are missing: vCenter is busy/);
      assert.equal(expectation(journal, "host-declared-failed").verdict, "inconclusive");
    });

    it("the system clock was stepped", async () => {
      world.beforePowerOff = () => (world.systemStep = 5000);
      const journal = await run();
      assert.equal(journal.verdict, "inconclusive");
      assert.match(expectation(journal, "observed").seen, /stepped by 5\.0 s/);
    });

    it("vCenter's clock was stepped", async () => {
      world.beforePowerOff = () => (world.vcenterStep = -5000);
      assert.equal(expectation(await run(), "observed").verdict, "inconclusive");
    });

    it("the service of a VM on the failed host went on answering", async () => {
      const vm = world.vmNamed("xp-1");
      Object.defineProperty(vm, "answers", { get: () => true, set: () => undefined });
      const journal = await run();
      assert.equal(expectation(journal, "vm-fails:xp-1").verdict, "inconclusive");
      assert.equal(journal.verdict, "inconclusive");
    });
  });

  describe("breaks nothing, with exit code 2, when", () => {
    async function refused(changes: Partial<DrillParts> = {}): Promise<string> {
      const journal = await run(["esx-02"], changes);
      assert.deepEqual(world.posted, []);
      assert.equal(journal.drills.length, 0);
      assert.equal(exitCode(journal), 2);
      assert.equal(world.lockReleased, true);
      return journal.error ?? "";
    }

    it("the lock is held", async () => {
      world.lockHolder = "someone else";
      await assert.rejects(run(), /held by someone else/);
      assert.deepEqual(world.posted, []);
      assert.equal(world.lockReleased, false);
    });

    it("the steady state does not hold", async () => {
      world.steady = false;
      assert.match(await refused(), /steady state .* did not hold within 180 s:\n {2}at-rest/);
      assert.deepEqual(world.moves, []);
    });

    it("other people's VMs are on the host", async () => {
      world.vms.push(world.vm("payroll", undefined, "esx-02"));
      assert.match(await refused(), /payroll on esx-02 is not of the target: .*--include-bystanders/);
    });

    it("the VM that carries vCenter is on the host, whatever else is allowed", async () => {
      world.vms.push({ ...world.vm("vcsa", undefined, "esx-02"), addresses: ["198.51.100.7"] });
      const message = await refused({ keepUp: ["198.51.100.7"], includeBystanders: true });
      assert.match(message, /vcsa on esx-02 carries vCenter/);
    });

    it("the BMC says that the host is off", async () => {
      world.bmcState = "Off";
      assert.match(await refused(), /says that its power is Off/);
    });

    it("a service does not answer steadily before the fault", async () => {
      const parts = world.parts();
      const prober: DrillParts["prober"] = (targets) => {
        world.later(3, () => (world.vmNamed("xp-2").answers = false));
        world.later(5, () => (world.vmNamed("xp-2").answers = true));
        return parts.prober(targets);
      };
      assert.match(await refused({ prober }), /xp-2 did not answer steadily for 10 s before the fault/);
    });

    it("DRS moves the VM away again and again", async () => {
      world.vmNamed("xp-1").host = "esx-03";
      const vcenter = world.vcenter;
      const message = await refused({ vcenter: { ...vcenter, moveVm: () => Promise.resolve() } });
      assert.match(message, /xp-\d did not stay on esx-02/);
    });

    it("the cluster has no such host", async () => {
      const journal = await run(["esx-99"]);
      assert.equal(
        journal.error,
        "esx-99 must not be failed:\n  host esx-99 is not in cluster compute, which has esx-01, esx-02, esx-03",
      );
      assert.deepEqual([world.posted, world.moves], [[], []]);
    });

    it("services did not answer for the ten seconds before it, each named once", async () => {
      world.later(3, () => (world.vmNamed("xp-2").answers = world.vmNamed("ubuntu-1").answers = false));
      world.later(6, () => (world.vmNamed("xp-2").answers = true));
      const journal = await run();
      assert.equal(
        journal.error,
        "ubuntu-1, xp-2 did not answer steadily for 10 s before the fault; nothing was failed: check the service and " +
          "the network between it and this machine",
      );
      assert.deepEqual(world.posted, []);
    });

    it("the user interrupts before the fault", async () => {
      const controller = new AbortController();
      world.later(5, () => controller.abort(new Error("SIGINT")));
      assert.match(await refused({ interrupted: controller.signal }), /interrupted/);
    });
  });

  it("fails bystanders with the host only when told to", async () => {
    world.vms.push(world.vm("payroll", undefined, "esx-02"));
    const journal = await run(["esx-02"], { includeBystanders: true });
    assert.equal(journal.verdict, "passed");
    assert.equal(expectation(journal, "vm-restarted:payroll").verdict, "passed");
    assert.equal(expectation(journal, "vm-elsewhere:payroll").verdict, "passed");
  });

  describe("puts the host back when", () => {
    it("the BMC refuses: nothing was broken, nothing is to undo", async () => {
      world.powerOffFails = "the BMC of esx-02 refused";
      const journal = await run();
      assert.deepEqual(world.posted, []);
      assert.equal(exitCode(journal), 2);
      assert.match(journal.error ?? "", /the BMC of esx-02 refused/);
      assert.equal(only(journal).undo.done, true);
      assert.equal(only(journal).verdict, "inconclusive");
    });

    it("the user interrupts during the observation", async () => {
      const controller = new AbortController();
      world.beforePowerOff = () => world.later(30, () => controller.abort(new Error("SIGTERM")));
      const journal = await run(["esx-02"], { interrupted: controller.signal });
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.equal(exitCode(journal), 2);
      assert.equal(journal.error, "interrupted; what was broken has been put back");
      assert.equal(only(journal).undo.done, true);
      assert.equal(only(journal).steadyStateAfter[0]?.verdict, "passed");
      assert.equal(world.lockReleased, true);
    });

    it("the user interrupts twice: without waiting for the steady state", async () => {
      const [first, second] = [new AbortController(), new AbortController()];
      world.beforePowerOff = () => {
        world.later(30, () => {
          first.abort(new Error("SIGINT"));
          second.abort(new Error("SIGINT"));
        });
      };
      const journal = await run(["esx-02"], { interrupted: first.signal, hurried: second.signal });
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.equal(only(journal).steadyStateAfter.length, 0);
      assert.equal(exitCode(journal), 2);
    });

    it("something unforeseen fails in the middle", async () => {
      world.beforePowerOff = () => {
        world.later(5, () => {
          throw new Error("unforeseen");
        });
      };
      await assert.rejects(run(), /unforeseen/);
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.equal(only(readJournal(path())).undo.done, true);
      assert.equal(world.lockReleased, true);
    });
  });

  it("says what to do, and keeps the lock, when the host cannot be put back", async () => {
    world.powerOnFails = "the BMC of esx-02 is silent";
    const journal = await run();
    assert.equal(exitCode(journal), 2);
    assert.match(
      journal.error ?? "",
      /esx-02 could not be put back: .*silent\n.*vsphere-ha recover --config FILE --journal/,
    );
    assert.equal(only(readJournal(path())).undo.done, false);
    assert.equal(world.lockReleased, false);
  });

  it("stops at the first host that must not be failed, and keeps what was shown before", async () => {
    world.vms.push(world.vm("payroll", undefined, "esx-03"));
    const journal = await run(["esx-02", "esx-03"]);
    assert.equal(journal.drills.length, 1);
    assert.equal(journal.drills[0]?.verdict, "passed");
    assert.equal(journal.verdict, "inconclusive");
    assert.equal(exitCode(journal), 2);
    assert.match(journal.error ?? "", /esx-03 must not be failed/);
  });

  describe("recover", () => {
    /** As after kill -9 in the middle: the host off, the lock held, the journal as it was written ahead. */
    async function killed(): Promise<JournalFile> {
      let ahead = "";
      world.beforePowerOff = () => {
        ahead = readFileSync(path(), "utf8");
      };
      world.powerOnFails = "dead";
      await run();
      world.powerOnFails = undefined;
      return new JournalFile(path(), JSON.parse(ahead) as Journal);
    }

    it("puts the host back, awaits the steady state and frees the lock of the killed run", async () => {
      const file = await killed();
      assert.equal(world.hosts.get("esx-02")?.on, false);
      await recoverRun(world.parts(), file);
      assert.equal(world.hosts.get("esx-02")?.connected, true);
      assert.equal(world.lockReleased, true);
      assert.equal(only(readJournal(path())).undo.done, true);
    });

    it("does nothing when repeated", async () => {
      const file = await killed();
      await recoverRun(world.parts(), file);
      const before = [...world.posted];
      await recoverRun(world.parts(), file);
      assert.deepEqual(world.posted, before);
    });

    it("fails when the journal is of another cluster", async () => {
      const file = await killed();
      file.journal.target.cluster = "other";
      await assert.rejects(recoverRun(world.parts(), file), /is of cluster other, the configuration of compute/);
    });

    it("fails when the steady state does not come back, the power restored all the same", async () => {
      const file = await killed();
      world.hostBoot = 100_000;
      await assert.rejects(recoverRun(world.parts(), file), /steady state/);
      assert.equal(only(readJournal(path())).undo.done, true);
    });
  });
});
