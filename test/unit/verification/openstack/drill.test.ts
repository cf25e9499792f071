import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import { cloudCompanion } from "../../../../verification/drills/cloudCompanion";
import type { DrillParts } from "../../../../verification/drills/parts";
import { planDrills } from "../../../../verification/drills";
import { drillHosts, recoverRun } from "../../../../verification/drills/run";
import type { DrillName } from "../../../../verification/drills/variants";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Expectation, Journal } from "../../../../verification/model";
import { CloudWorld } from "./cloudWorld";
import { cloud, instanceId } from "./fixture";

describe("host loss under OpenStack", () => {
  let dir: string;
  let world: CloudWorld;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "cloud-drill-"));
    world = new CloudWorld();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  async function run(drill: DrillName = "host-loss", changes: Partial<DrillParts> = {}): Promise<Journal> {
    return drillWith(world.cloudParts(drill, changes));
  }

  function drillWith(parts: DrillParts): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(parts.config, world.vcenter.about, "0", parts.drill));
    return drillHosts(parts, { hosts: ["esx-02"], file, report: () => Promise.resolve() });
  }

  function only(journal: Journal): Journal["drills"][number] {
    const [drill] = journal.drills;
    assert.ok(drill !== undefined, journal.error);
    return drill;
  }

  function expectation(journal: Journal, id: string): Expectation {
    const found = only(journal).expectations.find((one) => one.id === id);
    assert.ok(found !== undefined, id);
    return found;
  }

  function bad(journal: Journal): [string, string][] {
    return only(journal)
      .expectations.filter(({ verdict }) => verdict !== "passed")
      .map(({ id, verdict }) => [id, verdict]);
  }

  it("passes when nova stays calm and placement follows, with what each showed", async () => {
    const journal = await run();
    assert.equal(journal.error, undefined);
    assert.deepEqual(bad(journal), []);
    assert.match(expectation(journal, "nova-active:ubuntu-1").seen, /ACTIVE in \d+ looks/);
    assert.match(expectation(journal, "placement-shrinks").seen, /16 vCPUs, 32768 MB 1[5-7]\.\d s \(wall\) after/);
    assert.match(expectation(journal, "placement-returns").seen, /24 vCPUs, 49152 MB 1[5-7]\.\d s \(wall\) after/);
    const { openstack, timeline } = only(journal);
    assert.deepEqual(openstack?.instances, [{ vm: "ubuntu-1", id: instanceId, statuses: ["ACTIVE"] }]);
    assert.deepEqual(
      openstack.capacity.map(({ text }) => text),
      ["24 vCPUs, 49152 MB", "16 vCPUs, 32768 MB", "24 vCPUs, 49152 MB"],
    );
    assert.ok(timeline.some(({ text }) => text === "placement shows 16 vCPUs, 32768 MB"));
    assert.deepEqual(world.asked, []);
  });

  it("moves an instance of nova onto the host when it has only other VMs of its guest OS", async () => {
    world.vmNamed("ubuntu-1").host = "esx-01";
    world.vmNamed("ubuntu-2").host = "esx-02";
    const journal = await run();
    assert.deepEqual(world.moves, ["ubuntu-1 to esx-02"]);
    assert.equal(expectation(journal, "nova-active:ubuntu-1").verdict, "passed");
  });

  it("is refused for the drills of OpenStack where the configuration has none, or no instance", async () => {
    const config = world.config();
    const never = new AbortController().signal;
    const request = { env: {}, includeBystanders: false, progress: () => undefined, signal: never, hurried: never };
    const planned = { ...request, drill: "power-state-sync" as const };
    await assert.rejects(planDrills({ ...planned, config }), /configuration has none: set openstack/);
    await assert.rejects(planDrills({ ...planned, config: { ...config, openstack: cloud() } }), /name one in vms\[\]/);
  });

  it("expects nothing of nova for VMs that it did not launch", async () => {
    const ids = only(await run()).expectations.map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id) => id.startsWith("nova-active")),
      ["nova-active:ubuntu-1"],
    );
  });

  it("waits until placement has followed, before the host has its power back", async () => {
    world.lag = 82;
    const journal = await run();
    assert.deepEqual(bad(journal), []);
    assert.match(expectation(journal, "placement-shrinks").seen, / 8[2-4]\.\d s \(wall\) after/);
  });

  it("needs no nova-compute where the drill does nothing to it", async () => {
    world.active = false;
    assert.deepEqual(bad(await run()), []);
  });

  describe("fails when", () => {
    it("nova stops the instance, though it runs again", async () => {
      world.beforePowerOff = () => {
        world.later(20, () => (world.taskState = "powering-off"));
        world.later(30, () => {
          world.taskState = undefined;
          world.status = "SHUTOFF";
        });
        world.later(90, () => (world.status = "ACTIVE"));
      };
      const journal = await run();
      assert.deepEqual(bad(journal), [["nova-active:ubuntu-1", "failed"]]);
      assert.match(expectation(journal, "nova-active:ubuntu-1").seen, /ACTIVE, powering-off 2\d\.\d s \(wall\) after/);
      assert.deepEqual(only(journal).openstack?.instances[0]?.statuses, [
        "ACTIVE",
        "ACTIVE, powering-off",
        "SHUTOFF",
        "ACTIVE",
      ]);
    });

    it("placement goes on offering the lost host", async () => {
      world.placementSleeps = true;
      const journal = await run();
      assert.deepEqual(bad(journal), [["placement-shrinks", "failed"]]);
      assert.match(expectation(journal, "placement-shrinks").seen, /24 vCPUs, 49152 MB; expected 16 vCPUs/);
    });

    it("placement does not get the host back", async () => {
      world.beforePowerOff = () => world.later(40, () => (world.placementSleeps = true));
      assert.deepEqual(bad(await run()), [["placement-returns", "failed"]]);
    });
  });

  it("is inconclusive, never passed, when nova does not answer for a while", async () => {
    world.beforePowerOff = () => {
      world.later(20, () => (world.novaAnswers = false));
      world.later(60, () => (world.novaAnswers = true));
    };
    const journal = await run();
    assert.equal(expectation(journal, "openstack-observed").verdict, "inconclusive");
    assert.match(expectation(journal, "openstack-observed").seen, /the first failure: nova is away/);
    assert.equal(expectation(journal, "nova-active:ubuntu-1").verdict, "inconclusive");
    assert.notEqual(journal.verdict, "passed");
  });

  it("is refused, with nothing broken, when nova has no such hypervisor", async () => {
    world.novaAnswers = false;
    const journal = await run();
    assert.match(journal.error ?? "", /nova is away/);
    assert.deepEqual(world.posted, []);
  });

  it("is refused, with nothing broken, where the hypervisors that nova knows are of others", async () => {
    world.known = false;
    const journal = await run();
    assert.equal(journal.error, "nova knows no hypervisor of compute host compute-1");
    assert.deepEqual(world.posted, []);
  });

  describe("with nova-compute down", () => {
    it("passes when the VMs come back all the same, and starts it again", async () => {
      const journal = await run("nova-compute-down");
      assert.equal(journal.error, undefined);
      assert.deepEqual(bad(journal), []);
      assert.deepEqual(world.asked, ["stop", "start"]);
      assert.equal(world.active, true);
      assert.equal(journal.command, "drill nova-compute-down");
      assert.equal(only(journal).drill, "nova-compute-down");
      assert.ok(!only(journal).expectations.some(({ id }) => id.startsWith("placement")));
    });

    it("is inconclusive when something starts it during the drill", async () => {
      world.beforePowerOff = () => world.later(30, () => (world.active = true));
      assert.deepEqual(bad(await run("nova-compute-down")), [["nova-compute-down", "inconclusive"]]);
    });

    it("is refused when it does not run, or when its node cannot be reached", async () => {
      world.active = false;
      assert.match((await run("nova-compute-down")).error ?? "", /nova-compute does not run on its node/);
      const parts = world.cloudParts("nova-compute-down");
      const companion = cloudCompanion("nova-compute-down", {
        cloud: { openstack: world.openstack, node: undefined },
        config: cloud(),
        clock: parts.clock,
        interrupted: parts.interrupted,
        progress: () => undefined,
        every: () => () => undefined,
      });
      assert.equal(companion.undo, "start nova-compute on its node");
      await assert.rejects(companion.prepare(), /set openstack\.ssh, or VSPHERE_HA_COMPUTE_HOST/);
      assert.deepEqual(world.posted, []);
    });

    it("has both undos on disk before anything is broken", async () => {
      let seen: Journal | undefined;
      world.beforePowerOff = () => {
        seen = JSON.parse(readFileSync(path(), "utf8")) as Journal;
      };
      await run("nova-compute-down");
      assert.ok(seen !== undefined);
      assert.deepEqual(only(seen).undo, {
        fault: { kind: "host-power", host: "esx-02" },
        description: "power on esx-02 through its BMC; start nova-compute on its node",
        done: false,
      });
    });

    it("gives the host its power back also when the node is lost, and says what is left", async () => {
      world.beforePowerOff = () => (world.nodeFails = true);
      const journal = await run("nova-compute-down");
      assert.deepEqual(world.posted, ["off esx-02", "on esx-02"]);
      assert.match(journal.error ?? "", /could not be put back: SSH to nova@node failed/);
      assert.match(journal.error ?? "", /start nova-compute on its node by hand, or run: vsphere-ha recover/);
      assert.equal(only(journal).undo.done, false);
    });

    it("is put back by recover", async () => {
      world.beforePowerOff = () => (world.nodeFails = true);
      await run("nova-compute-down");
      world.nodeFails = false;
      world.asked = [];
      await recoverRun(world.cloudParts("host-loss"), new JournalFile(path(), readJournal(path())));
      assert.deepEqual(world.asked, ["start"]);
      assert.equal(world.active, true);
      assert.equal(only(readJournal(path())).undo.done, true);
    });
  });

  describe("with the power-state sync running", () => {
    it("turns it on before the fault, and puts the configuration back", async () => {
      let during = false;
      world.beforePowerOff = () => (during = world.configured);
      const journal = await run("power-state-sync");
      assert.equal(journal.error, undefined);
      assert.deepEqual(bad(journal), []);
      assert.equal(during, true);
      assert.equal(world.configured, false);
      assert.deepEqual(world.asked, ["[DEFAULT] sync_power_state_interval = 5", "restore"]);
      assert.match(expectation(journal, "nova-active:ubuntu-1").basis, /runs every 5 s \(wall\)/);
    });

    it("breaks nothing before nova-compute has reported twice since its restart", async () => {
      world.reportAt = (seconds) => Math.floor(seconds / 10).toString();
      const told: string[] = [];
      const journal = await run("power-state-sync", { progress: (line) => told.push(line) });
      assert.deepEqual(bad(journal), []);
      const announced = "nova-compute's power-state sync runs every 5 s (wall) from now on";
      assert.ok(told.includes(announced), told.join("\n"));
      const { started, faultAt = "", undo } = only(journal);
      const waited = Date.parse(faultAt) - Date.parse(started);
      assert.ok(waited >= 30_000 && waited <= 35_000, waited.toString());
      assert.equal(
        undo.description,
        "power on esx-02 through its BMC; put nova-compute's configuration back, and restart nova-compute on its node",
      );
    });

    for (const [what, report] of [
      ["reports no more", "1"],
      ["is no more among nova's services", undefined],
    ] as const) {
      it(`breaks nothing where nova-compute ${what}, and puts its configuration back`, async () => {
        world.reportAt = () => report;
        const journal = await run("power-state-sync");
        assert.equal(
          journal.error,
          "nova-compute on compute-1 did not report within 180 s of its restart; read its log",
        );
        assert.deepEqual(world.posted, []);
        assert.deepEqual(world.asked, ["[DEFAULT] sync_power_state_interval = 5", "restore"]);
        assert.equal(only(journal).undo.done, true);
      });
    }

    it("fails when the sync stops what HA restarts", async () => {
      world.beforePowerOff = () => world.later(25, () => (world.status = "SHUTOFF"));
      assert.deepEqual(bad(await run("power-state-sync")), [["nova-active:ubuntu-1", "failed"]]);
    });

    it("puts the configuration back when the drill is interrupted", async () => {
      const interrupt = new AbortController();
      world.beforePowerOff = () => world.later(5, () => interrupt.abort(new Error("SIGINT")));
      const journal = await run("power-state-sync", { interrupted: interrupt.signal });
      assert.match(journal.error ?? "", /interrupted/);
      assert.equal(world.configured, false);
      assert.equal(only(journal).undo.done, true);
    });
  });
});
