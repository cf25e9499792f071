import assert from "node:assert/strict";
import { settle } from "../../../../verification/checks/settle";
import type { CheckResult } from "../../../../verification/model";
import { ManualClock } from "../manualClock";
import { hostOf, look, scene, vmOf, type Scene } from "./fixture";

/** Looks at each scene in turn, and at the last again and again. */
async function settleOver(
  scenes: Scene[],
  budgetSeconds = 300,
): Promise<{ looks: number; results: CheckResult[]; waits: string[][] }> {
  let looks = 0;
  const waits: string[][] = [];
  const results = await settle(
    () => {
      const now = scenes[Math.min(looks++, scenes.length - 1)];
      assert.ok(now);
      return look(now);
    },
    { clock: new ManualClock(), budgetSeconds, waiting: (open) => waits.push(open.map(({ id }) => id)) },
  );
  return { looks, results, waits };
}

function changed(change: (broken: Scene) => void): Scene {
  const broken = scene();
  change(broken);
  return broken;
}

function failed(results: CheckResult[]): string[] {
  return results.filter(({ verdict }) => verdict !== "passed").map(({ id }) => id);
}

describe("settling", () => {
  it("looks once at a cluster that is in order", async () => {
    const { looks, waits } = await settleOver([scene()]);
    assert.equal(looks, 1);
    assert.deepEqual(waits, []);
  });

  it("waits for what comes by itself, and tells for what", async () => {
    const electing = changed((broken) => {
      for (const host of broken.inventory.hosts) host.fdmState = "election";
    });
    const booting = changed(({ silent }) => {
      silent.add("10.0.2.1");
    });
    const { looks, results, waits } = await settleOver([electing, booting, scene()]);
    assert.equal(looks, 3);
    assert.deepEqual(failed(results), []);
    assert.deepEqual(waits, [["fdm-single-master", "fdm-secondaries-connected"], ["vms-reachable"]]);
  });

  it("waits for what is not told yet", async () => {
    const early = changed((broken) => {
      vmOf(broken, "ubuntu-1").haProtected = undefined;
    });
    assert.equal((await settleOver([early, scene()])).looks, 2);
  });

  it("does not wait for what has no object here", async () => {
    const off = changed(({ inventory }) => {
      inventory.cluster.settings.haEnabled = false;
    });
    assert.equal((await settleOver([off, scene()])).looks, 1);
  });

  it("does not wait for drift, which stays", async () => {
    const drifted = changed(({ inventory }) => {
      inventory.cluster.settings.haVmRestartPriority = "low";
    });
    const { looks, results } = await settleOver([drifted, scene()]);
    assert.equal(looks, 1);
    assert.deepEqual(failed(results), ["ha-settings-as-declared"]);
  });

  it("does not wait for a mere warning", async () => {
    const warned = changed((broken) => {
      hostOf(broken, 1).configIssues.push("an issue");
    });
    assert.equal((await settleOver([warned, scene()])).looks, 1);
  });

  it("ends with the last look when the budget is over", async () => {
    const broken = changed(({ silent }) => {
      silent.add("10.0.2.1");
    });
    const { looks, results } = await settleOver([broken], 200);
    assert.deepEqual(failed(results), ["vms-reachable"]);
    // Every five seconds, the first and the last included.
    assert.equal(looks, 41);
  });

  it("stops when it is interrupted", async () => {
    const abort = new AbortController();
    const broken = changed(({ silent }) => {
      silent.add("10.0.2.1");
    });
    const waiting = settle(() => look(broken), {
      clock: new ManualClock(),
      signal: abort.signal,
      waiting: () => {
        abort.abort(new Error("enough"));
      },
    });
    await assert.rejects(waiting, /^Error: enough$/);
  });
});
