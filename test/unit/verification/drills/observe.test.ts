import assert from "node:assert/strict";
import { observationSeconds, observe } from "../../../../verification/drills/observe";
import { planHostLoss } from "../../../../verification/drills/hostLossPlan";
import type { DrillParts, Prober } from "../../../../verification/drills/parts";
import type { DrillPlan, PlannedVm, VmBudget } from "../../../../verification/drills/plan";
import { Timeline } from "../../../../verification/drills/timeline";
import type { Inventory } from "../../../../verification/model";
import type { Sample } from "../../../../verification/probes/sample";
import { World } from "./world";

/** ubuntu-1 and xp-1 fail with esx-02: to be detected in 23 s, restarted in 15 s and booted in 120 s. */
const budget = 23 + 15 + 120;

describe("observing a failover", () => {
  let world: World;
  let began: number;
  let said: string[];
  beforeEach(() => {
    world = new World();
    began = world.nowMs;
    said = [];
  });

  const elapsed = (): number => (world.nowMs - began) / 1000;

  function plan(changes: Partial<DrillPlan> = {}): DrillPlan {
    const options = { includeBystanders: false, keepUp: [] };
    const made = planHostLoss(world.inventory(), world.config(), "esx-02", options);
    assert.ok("host" in made);
    return { ...made, ...changes };
  }

  /** The outcome that the last probe of a VM had; "up" from the start unless told otherwise. */
  function watch(
    of: DrillPlan,
    outcome: (vm: string) => Sample["outcome"] | undefined,
    parts: Partial<DrillParts> = {},
    reveal: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Inventory | undefined> {
    const last: Prober["last"] = (vm) => {
      const what = outcome(vm);
      return what === undefined ? undefined : { vm, due: 0, sent: 0, done: 0, outcome: what };
    };
    const prober = { samples: [], last, start: () => undefined, stop: () => Promise.resolve([]) } as unknown as Prober;
    const timeline = new Timeline(
      () => world.nowMs,
      (line) => said.push(line),
    );
    return observe(world.parts(parts), { plan: of, prober, timeline, faultSent: began - 5000, reveal });
  }

  /** Down from 5 s on, up again at 60 s. */
  function answersAgain(vm: string): Sample["outcome"] {
    if (elapsed() === 59 && vm === "ubuntu-1") world.vmNamed(vm).host = "esx-01";
    return elapsed() < 5 || elapsed() >= 60 ? "up" : "down";
  }

  /** … elsewhere by then. */
  function comesBack(vm: string): Sample["outcome"] {
    if (elapsed() === 59) world.vmNamed(vm).host = "esx-01";
    return answersAgain(vm);
  }

  it("ends when every VM answers again elsewhere, and tells what it saw", async () => {
    const inventory = await watch(plan(), comesBack);
    assert.equal(elapsed(), 60);
    assert.equal(inventory?.vms.find(({ name }) => name === "xp-1")?.hostId, "esx-01");
    assert.deepEqual(said, [
      "ubuntu-1 does not answer",
      "xp-1 does not answer",
      "ubuntu-1 answers again, 65 s after the fault",
      "xp-1 answers again, 65 s after the fault",
    ]);
  });

  it("goes on until 10 s beyond the budget for a VM that stays down, or whose probes tell nothing", async () => {
    await watch(plan(), (vm) => (vm === "xp-1" ? comesBack(vm) : "down"));
    assert.equal(elapsed(), budget + 10);
    assert.equal(said.at(-1), "ubuntu-1 still does not answer");
    began = world.nowMs;
    await watch(plan(), () => undefined);
    assert.equal(elapsed(), budget + 10);
    assert.deepEqual(said.slice(-2), ["ubuntu-1 still does not answer", "xp-1 still does not answer"]);
  });

  it("does not take a VM for back that was never seen down", async () => {
    await watch(plan(), () => "up");
    assert.equal(elapsed(), budget + 10);
  });

  it("goes on while vCenter shows a VM off, on the failed host, or not at all", async () => {
    const until = async (wrong: Partial<World["vms"][number]>): Promise<number> => {
      world = new World();
      began = world.nowMs;
      const of = plan();
      const vm = world.vmNamed("xp-1");
      world.later(60, () => Object.assign(vm, wrong));
      world.later(90, () => Object.assign(vm, { poweredOn: true, host: "esx-01", name: "xp-1" }));
      await watch(of, answersAgain);
      return elapsed();
    };
    assert.equal(await until({ host: "esx-01", poweredOn: false }), 90);
    assert.equal(await until({ host: "esx-02" }), 90);
    assert.equal(await until({ host: "esx-01", name: "another" }), 90);
  });

  it("waits for a VM on the second host that fails to leave that one, too", async () => {
    const second = world.inventory().hosts.find(({ name }) => name === "esx-03");
    assert.ok(second !== undefined);
    const of = plan({ second: { host: second, detection: { seconds: 1, basis: "" } } });
    world.later(60, () => (world.vmNamed("xp-1").host = "esx-03"));
    world.later(80, () => (world.vmNamed("xp-1").host = "esx-01"));
    await watch(of, answersAgain);
    assert.equal(elapsed(), 80);
  });

  it("has VMs that come back where they were stay there", async () => {
    for (const name of ["ubuntu-1", "xp-1"]) world.later(70, () => (world.vmNamed(name).host = "esx-02"));
    await watch(plan({ staysOnHost: true }), comesBack);
    assert.equal(elapsed(), 70);
  });

  it("does not wait for a VM that HA is not to restart", async () => {
    const of = plan();
    const [ubuntu, xp] = of.affected;
    assert.ok(ubuntu !== undefined && xp !== undefined);
    const affected = [ubuntu, { ...xp, restartDisabled: true }];
    const budgets = of.budgets.filter(({ vm }) => vm.name === "ubuntu-1");
    await watch({ ...of, affected, budgets }, (vm) => (vm === "ubuntu-1" ? comesBack(vm) : "down"));
    assert.equal(elapsed(), 60);
  });

  it("holds for as long as the plan says", async () => {
    await watch(plan({ holdSeconds: 100 }), comesBack);
    assert.equal(elapsed(), 100);
  });

  it("ends without a reading, and says so, when vCenter does not answer", async () => {
    world.vcenterState = "STOPPED";
    assert.equal(await watch(plan(), comesBack), undefined);
    assert.equal(elapsed(), 60);
    assert.equal(said.at(-1), "vCenter did not answer: vCenter answers HTTP 503");
  });

  it("does not hide an error of its own", async () => {
    const vcenter = { ...world.vcenter, inventory: () => Promise.reject(new Error("a bug")) };
    await assert.rejects(watch(plan(), comesBack, { vcenter }), /a bug/);
  });

  it("asks vCenter only after it was revealed, where the fault hides it", async () => {
    const asked: string[] = [];
    const vcenter = {
      ...world.vcenter,
      inventory: () => {
        asked.push("inventory");
        return world.vcenter.inventory();
      },
    };
    const reveal = (): Promise<void> => {
      asked.push("reveal");
      return Promise.resolve();
    };
    assert.notEqual(await watch(plan({ unseen: true }), comesBack, { vcenter }, reveal), undefined);
    assert.deepEqual(asked, ["reveal", "inventory"]);
    assert.equal(elapsed(), 60);
  });

  it("ends at once when it is interrupted", async () => {
    const interrupted = AbortSignal.abort(new Error("SIGINT"));
    await assert.rejects(
      watch(plan(), () => "down", { interrupted }),
      /SIGINT/,
    );
    assert.equal(elapsed(), 0);
  });
});

describe("the length of an observation", () => {
  const detection = { seconds: 20, basis: "" };
  const budgets = [
    { restart: { seconds: 15 }, total: 155 },
    { restart: { seconds: 40 }, total: 100 },
  ] as VmBudget[];
  const vm = (changes: Partial<PlannedVm> = {}): PlannedVm =>
    ({ kind: "target", restartDisabled: false, ...changes }) as PlannedVm;
  const seconds = (affected: PlannedVm[], of = budgets, holdSeconds = 0): { least: number; most: number } =>
    observationSeconds({ affected, budgets: of, detection, holdSeconds });

  it("is the longest budget and 10 s at the most", () => {
    assert.deepEqual(seconds([vm(), vm()]), { least: 0, most: 165 });
  });

  it("gives a VM that must not restart the time in which it could have", () => {
    assert.deepEqual(seconds([vm(), vm({ restartDisabled: true })]), { least: 60, most: 165 });
    assert.deepEqual(seconds([vm({ restartDisabled: true })], []), { least: 20, most: 30 });
  });

  it("gives a VM that is not probed the time to restart, and no least time", () => {
    assert.deepEqual(seconds([vm({ kind: "other" })], []), { least: 0, most: 30 });
    assert.deepEqual(seconds([vm()], []), { least: 0, most: 10 });
  });

  it("is as long as things stay broken", () => {
    assert.deepEqual(seconds([vm()], budgets, 300), { least: 300, most: 310 });
  });
});
