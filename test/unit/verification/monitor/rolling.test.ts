import assert from "node:assert/strict";
import * as fc from "fast-check";
import { downtime } from "../../../../verification/availability/availability";
import { observe } from "../../../../verification/availability/downtime";
import { RollingAvailability } from "../../../../verification/monitor/rolling";
import type { Sample } from "../../../../verification/probes/sample";

const resolution = 25;
const hour = 3_600_000;

/** Samples every 10 ms that take up to 5 ms, some of them lost. */
const history = fc
  .array(
    fc.record({
      outcome: fc.constantFrom("up" as const, "down" as const, "lost" as const),
      takes: fc.integer({ min: 0, max: 5 }),
    }),
    {
      minLength: 1,
      maxLength: 80,
    },
  )
  .map((all) =>
    all.map(({ outcome, takes }, k): Sample => {
      return { vm: "a", due: k * 10, sent: k * 10, done: k * 10 + takes, outcome };
    }),
  );

describe("rolling availability", () => {
  it("proves just what the arithmetic of a whole run proves", () => {
    fc.assert(
      fc.property(history, (samples) => {
        const rolling = new RollingAvailability([hour], resolution, 0);
        for (const sample of samples) rolling.add(sample);
        const now = samples.length * 10;
        const { intervals, unobserved } = observe(samples, { from: 0, to: now }, resolution);
        const down = downtime(intervals, unobserved, { from: 0, to: now });
        const [{ share, length } = assert.fail()] = rolling.availability(now);
        assert.equal(length, now);
        assert.ok(
          Math.abs((1 - share.upper) * now - down.lower) < 1e-6,
          `${rolling.downMs.toString()} ${down.lower.toString()}`,
        );
        assert.ok(Math.abs(rolling.downMs - down.lower) < 1e-6);
        // What lies before the first sample, and between the last one and now, is not settled.
        assert.ok(share.lower <= 1 - down.upper / now + 1e-9);
        assert.ok((1 - share.lower) * now - down.upper <= 2 * (resolution + 10));
      }),
      { numRuns: 500 },
    );
  });

  it("forgets what has left the window, and keeps each window apart", () => {
    const rolling = new RollingAvailability([600, 60_000], resolution, 0);
    const at = (k: number, outcome: "up" | "down"): Sample => ({ vm: "a", due: k, sent: k, done: k + 1, outcome });
    for (let t = 0; t < 1000; t += 10) rolling.add(at(t, "down"));
    for (let t = 1000; t < 3000; t += 10) rolling.add(at(t, "up"));
    const [short, long] = rolling.availability(3000);
    assert.ok((short?.share.lower ?? 0) > 0.95 && short?.share.upper === 1);
    assert.ok(Math.abs((long?.share.upper ?? 0) - 2 / 3) < 0.02);
  });

  it("says nothing before anything was seen, and calls silence unknown", () => {
    const rolling = new RollingAvailability([hour], resolution, 0);
    assert.deepEqual(rolling.availability(0), [{ share: { lower: 0, upper: 1 }, length: 0 }]);
    assert.equal(rolling.isUp, undefined);
    for (let t = 0; t <= 100; t += 10) rolling.add({ vm: "a", due: t, sent: t, done: t, outcome: "up" });
    const [{ share } = assert.fail()] = rolling.availability(1000);
    assert.ok(share.lower <= 0.1 && share.upper === 1);
    assert.equal(rolling.isUp, true);
  });

  it("takes nothing from samples that overlap, or end before they begin", () => {
    const rolling = new RollingAvailability([hour], resolution, 0);
    rolling.add({ vm: "a", due: 0, sent: 0, done: 10, outcome: "up" });
    rolling.add({ vm: "a", due: 5, sent: 5, done: 12, outcome: "down" });
    rolling.add({ vm: "a", due: 20, sent: 20, done: 15, outcome: "down" });
    assert.equal(rolling.isUp, true);
    assert.equal(rolling.downMs, 0);
  });
});
