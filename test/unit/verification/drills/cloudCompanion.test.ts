import assert from "node:assert/strict";
import type { Companion } from "../../../../verification/drills/companion";
import { planHostLoss } from "../../../../verification/drills/hostLossPlan";
import type { DrillPlan } from "../../../../verification/drills/plan";
import type { DrillName } from "../../../../verification/drills/variants";
import { CloudWorld } from "../openstack/cloudWorld";
import { instanceId } from "../openstack/fixture";

describe("what OpenStack goes through in a drill", () => {
  let world: CloudWorld;
  let plan: DrillPlan;
  let told: string[];
  beforeEach(() => {
    world = new CloudWorld();
    told = [];
    const { config } = world.cloudParts("host-loss");
    const planned = planHostLoss(world.inventory(), config, "esx-02", { includeBystanders: false, keepUp: [] });
    plan = "host" in planned ? planned : assert.fail(planned.refusals.join());
  });

  function companion(drill: DrillName): Companion {
    const parts = world.cloudParts(drill, { progress: (line) => told.push(line) });
    return parts.companion?.(drill, parts.interrupted) ?? assert.fail();
  }

  it("is expected before the drill as it is judged after", async () => {
    for (const drill of ["host-loss", "nova-compute-down", "power-state-sync"] as const) {
      world = new CloudWorld();
      const one = companion(drill);
      const stated = one.expectations(plan).map(({ id, statement }) => [id, statement]);
      assert.ok(stated.some(([id]) => id === "nova-active:ubuntu-1"));
      await one.begin(plan);
      await one.failedOver();
      const { expectations } = await one.conclude(world.nowMs);
      assert.deepEqual(
        expectations.map(({ id, statement }) => [id, statement]),
        stated,
      );
    }
  });

  it("says that nova-compute is stopped, and is not passed where nobody looked whether it stayed so", async () => {
    const one = companion("nova-compute-down");
    await one.begin(plan);
    assert.deepEqual(told, ["stopping nova-compute"]);
    const { expectations } = await one.conclude(world.nowMs);
    const down = expectations.find(({ id }) => id === "nova-compute-down");
    assert.deepEqual([down?.verdict, down?.seen], ["inconclusive", "it ran before the host had its power back"]);
  });

  it("is not known where no look had an answer: nothing is passed, and nobody waits for ever", async () => {
    const one = companion("host-loss");
    await one.prepare();
    world.looksFail = true;
    await one.begin(plan);
    const began = world.nowMs;
    await one.failedOver();
    assert.ok(world.nowMs - began >= 90_000 && world.nowMs - began <= 95_000, (world.nowMs - began).toString());
    const { expectations, openstack, notes } = await one.conclude(world.nowMs);
    assert.ok(expectations.every(({ verdict }) => verdict === "inconclusive"));
    assert.deepEqual([openstack.samples, openstack.instances[0]?.statuses, openstack.capacity], [0, [], []]);
    assert.ok(openstack.failed > 40, openstack.failed.toString());
    assert.deepEqual(notes, []);
  });

  it("is told with every change of what nova and placement show, and when there is nothing to show", async () => {
    const one = companion("host-loss");
    await one.begin(plan);
    const faultSent = world.nowMs;
    world.advance(3);
    world.status = "REBUILD";
    world.taskState = "rebuilding";
    await world.clock.wait(1.5);
    await one.failedOver();
    const { openstack, notes, expectations } = await one.conclude(faultSent);
    assert.deepEqual(openstack.instances, [
      { vm: "ubuntu-1", id: instanceId, statuses: ["ACTIVE", "REBUILD, rebuilding"] },
    ]);
    assert.deepEqual(openstack.capacity, [{ t: 0, text: "24 vCPUs, 49152 MB" }]);
    assert.deepEqual(
      notes.map(({ text }) => text),
      ["nova shows ubuntu-1 as REBUILD, rebuilding"],
    );
    assert.equal(expectations.find(({ id }) => id === "nova-active:ubuntu-1")?.verdict, "failed");
    assert.ok(told.includes("waiting for placement to show the smaller capacity"));
  });

  it("waits no longer for placement than nova may take, and not for less than nothing", async () => {
    const one = companion("host-loss");
    world.looksFail = true;
    await one.begin(plan);
    world.looksFail = false;
    const began = world.nowMs;
    await one.failedOver();
    assert.ok(world.nowMs - began > 90_000 && world.nowMs - began <= 93_000, (world.nowMs - began).toString());
    one.stop();
  });

  it("takes no answer of placement for no answer, and an instance that is gone for gone", async () => {
    const one = companion("host-loss");
    await one.begin(plan);
    const faultSent = world.nowMs;
    world.advance(10);
    [world.launched, world.provided] = [false, false];
    await world.clock.wait(2);
    const waiting = world.nowMs;
    await one.failedOver();
    assert.ok(world.nowMs - waiting > 70_000, "what is not known is not less");
    const { openstack, notes } = await one.conclude(faultSent);
    assert.deepEqual(openstack.instances[0]?.statuses, ["ACTIVE", "not known"]);
    assert.deepEqual(
      openstack.capacity.map(({ text }) => text),
      ["24 vCPUs, 49152 MB", "not known"],
    );
    const { t = 0 } = openstack.capacity[1] ?? {};
    assert.ok(t >= 10 && t <= 15, t.toString());
    assert.deepEqual(
      notes.map(({ text }) => text),
      ["nova shows ubuntu-1 as not known", "placement shows not known"],
    );
  });

  it("ends its watch when it is told to, and does nothing before it began", async () => {
    const one = companion("host-loss");
    one.stop();
    await one.failedOver();
    assert.equal(world.nowMs, new CloudWorld().nowMs);
    await one.begin(plan);
    one.stop();
    for (let k = 0; k < 5; k++) await world.clock.wait(2);
    const { openstack } = await one.conclude(world.nowMs);
    assert.equal(openstack.samples, 2, "the first look, and the last");
  });

  it("has no conclusion before it began", async () => {
    await assert.rejects(companion("host-loss").conclude(0), /a watch that did not begin has no conclusion/);
    companion("host-loss").stop();
  });
});
