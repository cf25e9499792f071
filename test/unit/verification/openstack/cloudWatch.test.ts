import assert from "node:assert/strict";
import { CloudWatch } from "../../../../verification/drills/cloudWatch";
import type { Capacity } from "../../../../verification/openstack/model";
import { CouldNotRun } from "../../../../verification/problems";

describe("the watch of OpenStack", () => {
  const of = { computeHost: "compute-1", hypervisorId: "h" };
  let now: number;
  let capacity: Capacity;
  /** What ends the answer that is under way. */
  let answer: () => void;
  let tick: () => void;
  let watch: CloudWatch;

  beforeEach(() => {
    now = 0;
    capacity = { vcpus: 16, memoryMb: 1024 };
    const openstack = {
      instances: () => Promise.resolve([]),
      provider: () => {
        const asked = capacity;
        return new Promise<Capacity>((resolve) => (answer = () => resolve(asked)));
      },
    };
    watch = new CloudWatch(
      openstack,
      of,
      () => now,
      (_, act) => {
        tick = act;
        return () => undefined;
      },
    );
    watch.start();
  });
  const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

  it("looks again when it is asked to while a look is under way: that one may be out of date", async () => {
    tick();
    now = 5;
    capacity = { vcpus: 24, memoryMb: 1536 };
    const last = watch.look();
    answer();
    await settled();
    answer();
    await last;
    assert.deepEqual(
      watch.samples.map(({ at, capacity: seen }) => [at, seen?.vcpus]),
      [
        [0, 16],
        [5, 24],
      ],
    );
  });

  it("leaves out a look of its interval while one is under way", async () => {
    tick();
    tick();
    answer();
    await settled();
    assert.equal(watch.samples.length, 1);
    tick();
    answer();
    await settled();
    assert.equal(watch.samples.length, 2);
  });

  it("tells a look that failed, and whose fault that was", async () => {
    const failing = async (error: Error): Promise<string[]> => {
      const reject = (): Promise<never> => Promise.reject(error);
      const blind = new CloudWatch(
        { instances: reject, provider: reject },
        of,
        () => now,
        () => () => undefined,
      );
      await blind.look();
      assert.deepEqual(blind.samples, []);
      return blind.failures.map(({ at, reason }) => `${at.toString()}: ${reason}`);
    };
    now = 7;
    assert.deepEqual(await failing(new CouldNotRun("nova is away")), ["7: nova is away"]);
    assert.deepEqual(await failing(new TypeError("unforeseen")), ["7: internal error: unforeseen"]);
  });

  it("begins once, every second, and ends once", () => {
    const begun: number[] = [];
    let ended = 0;
    const idle = { instances: () => Promise.resolve([]), provider: () => Promise.resolve(undefined) };
    const twice = new CloudWatch(
      idle,
      of,
      () => now,
      (ms) => {
        begun.push(ms);
        return () => void ended++;
      },
    );
    twice.start();
    twice.start();
    twice.stop();
    twice.stop();
    assert.deepEqual([begun, ended], [[1000], 1]);
  });
});
