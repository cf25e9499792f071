import assert from "node:assert/strict";
import {
  awaitSteadyState,
  holds,
  nothingShorterThanNova,
  NotSteady,
} from "../../../../verification/drills/steadyState";
import type { CheckResult } from "../../../../verification/model";
import { CouldNotRun } from "../../../../verification/problems";
import { World } from "./world";

describe("the steady state", () => {
  let world: World;
  let told: string[];
  beforeEach(() => {
    world = new World();
    told = [];
  });
  const never = new AbortController().signal;

  const check = (id: string, changes: Partial<CheckResult> = {}): CheckResult => {
    const [made] = world.checks(world.inventory());
    return { ...(made ?? assert.fail()), id, verdict: "failed", read: `${id} is off`, ...changes };
  };

  /** Seconds that it took. */
  async function awaited(
    checks: () => CheckResult[],
    { budget = 180, vcenter = world.vcenter, signal = never } = {},
  ): Promise<number> {
    const began = world.nowMs;
    const parts = world.parts({
      vcenter,
      checks: () => Promise.resolve(checks()),
      progress: (line) => told.push(line),
    });
    await awaitSteadyState(parts, budget, signal);
    return (world.nowMs - began) / 1000;
  }

  async function notSteady(work: Promise<unknown>): Promise<NotSteady> {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof NotSteady, String(error));
      assert.equal(error.name, "NotSteady");
      return error;
    }
    return assert.fail("it holds");
  }

  it("holds where every check of severity error passed, or does not apply; warnings do not count", () => {
    assert.ok(holds([]));
    assert.ok(holds([check("a", { verdict: "passed" }), check("b", { verdict: "not-applicable" })]));
    assert.ok(holds([check("a", { severity: "warning" })]));
    assert.ok(!holds([check("a", { verdict: "passed" }), check("b")]));
    assert.ok(!holds([check("a", { verdict: "inconclusive" })]), "what could not be answered does not hold");
  });

  it("is waited for, looked at every 3 s, and what is missing told once until it changes", async () => {
    world.later(4, () => (world.powerOnFails = "b"));
    world.later(10, () => (world.powerOnFails = "none"));
    const checks = (): CheckResult[] => {
      if (world.powerOnFails === "none") return [check("a", { verdict: "passed" })];
      return world.powerOnFails === "b" ? [check("b")] : [check("a"), check("b")];
    };
    assert.equal(await awaited(checks), 12);
    assert.deepEqual(told, ["waiting for the steady state: a, b", "waiting for the steady state: b"]);
  });

  it("is given up after its time, with what is read, expected and to do of each check, and the cluster as it was read", async () => {
    const began = world.nowMs;
    const error = await notSteady(awaited(() => [check("a"), check("b", { verdict: "passed" }), check("c")]));
    assert.equal(
      error.message,
      "the steady state of the cluster did not hold within 180 s:\n" +
        "  a: a is off; expected everything is there. wait\n  c: c is off; expected everything is there. wait",
    );
    assert.deepEqual(
      error.checks.map(({ id }) => id),
      ["a", "b", "c"],
    );
    assert.equal(error.inventory?.cluster.name, "compute");
    assert.equal((world.nowMs - began) / 1000, 180);
  });

  it("is not given up while vCenter does not answer for a moment, and says so when it goes on", async () => {
    const inventory = (): Promise<never> => Promise.reject(new CouldNotRun("vCenter is busy"));
    const vcenter = { ...world.vcenter, inventory };
    const error = await notSteady(awaited(() => [], { vcenter, budget: 9 }));
    assert.equal(error.message, "the steady state of the cluster did not hold within 9 s:\nvCenter is busy");
    assert.deepEqual([error.checks, error.inventory], [[], undefined]);
    assert.deepEqual(told, ["waiting for the steady state: vCenter is busy"]);
  });

  it("hides nothing that nobody foresaw, and ends when it is interrupted", async () => {
    const inventory = (): Promise<never> => Promise.reject(new TypeError("unforeseen"));
    await assert.rejects(
      awaited(() => [], { vcenter: { ...world.vcenter, inventory } }),
      /unforeseen/,
    );
    await assert.rejects(
      awaited(() => [check("a")], { signal: AbortSignal.abort(new Error("SIGINT")) }),
      /SIGINT/,
    );
  });

  it("is waited for as long as nova takes to follow, where there is one", () => {
    assert.equal(nothingShorterThanNova(world.parts(), 10), 10);
    const watched = world.parts({ companion: () => undefined });
    assert.deepEqual([nothingShorterThanNova(watched, 10), nothingShorterThanNova(watched, 180)], [90, 180]);
  });
});
