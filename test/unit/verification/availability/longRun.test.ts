import assert from "node:assert/strict";
import * as fc from "fast-check";
import { longRunAvailability, nines } from "../../../../verification/availability/longRun";

const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });
const hours = fc.double({ min: 0.1, max: 1e6, noNaN: true });

describe("long-run availability", () => {
  it("is MTBF / (MTBF + MTTR)", () => {
    assert.deepEqual(longRunAvailability({ lower: 3600, upper: 3600 }, 1), { lower: 50, upper: 50 });
    const { lower } = longRunAvailability({ lower: 150, upper: 152 }, 8760);
    assert.equal(lower.toFixed(6), "99.999518");
  });

  it("lies from 0 to 100, its bounds in order, falls with the time to restore and rises with the MTBF", () => {
    fc.assert(
      fc.property(seconds, seconds, hours, hours, (a, b, mtbf, more) => {
        const bounds = { lower: Math.min(a, b), upper: Math.max(a, b) };
        const { lower, upper } = longRunAvailability(bounds, mtbf);
        assert.ok(0 <= lower && lower <= upper && upper <= 100);
        assert.ok(longRunAvailability({ lower: bounds.upper, upper: bounds.upper + 1 }, mtbf).upper <= upper);
        assert.ok(longRunAvailability(bounds, mtbf + more).lower >= lower);
      }),
    );
  });

  it("is 100 % where nothing is ever down", () => {
    assert.deepEqual(longRunAvailability({ lower: 0, upper: 0 }, 1), { lower: 100, upper: 100 });
  });

  it("is not told for an MTBF that is none", () => {
    for (const mtbf of [0, -1, Number.NaN, Infinity]) {
      assert.throws(() => longRunAvailability({ lower: 0, upper: 1 }, mtbf), RangeError);
    }
  });
});

describe("nines", () => {
  it("are counted as they are said", () => {
    for (const [percent, count] of [
      [0, 0],
      [90, 1],
      [99, 2],
      [99.9, 3],
      [99.999, 5],
    ] as const) {
      assert.ok(Math.abs(nines(percent) - count) < 1e-6, percent.toString());
    }
    assert.equal(nines(99.5).toFixed(1), "2.3");
    assert.equal(nines(100), Infinity);
  });

  it("rise with the percentage, and are of percentages only", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 99.99, noNaN: true }), (percent) => {
        assert.ok(nines(percent) <= nines(percent + 0.01));
        assert.ok(nines(percent) >= 0);
      }),
    );
    assert.throws(() => nines(100.1), RangeError);
    assert.throws(() => nines(-1), RangeError);
    assert.throws(() => nines(Number.NaN), RangeError);
  });
});
