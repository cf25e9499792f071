import assert from "node:assert/strict";
import * as fc from "fast-check";
import { estimate, intervalOfBounds } from "../../../../verification/statistics/estimate";
import { leastSquares, type Point } from "../../../../verification/statistics/leastSquares";
import { studentT } from "../../../../verification/statistics/studentT";

const number = fc.double({ min: -1000, max: 1000, noNaN: true });
const near = (a: number, b: number, tolerance = 1e-9): void => {
  assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(a) + Math.abs(b)), `${a.toString()} is not ${b.toString()}`);
};

describe("Student's t", () => {
  // Published tables, two-sided.
  const table: [number, number, number][] = [
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 3, 3.182],
    [0.95, 4, 2.776],
    [0.95, 10, 2.228],
    [0.95, 29, 2.045],
    [0.95, 120, 1.98],
    [0.99, 5, 4.032],
    [0.9, 7, 1.895],
    [0.95, 100_000, 1.96],
  ];
  for (const [confidence, degrees, t] of table) {
    it(`is ${t.toString()} for ${confidence.toString()} and ${degrees.toString()}`, () => {
      assert.equal(Number(studentT(confidence, degrees).toFixed(3)), t);
    });
  }

  it("falls with the degrees of freedom and rises with the confidence", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0.01, max: 0.98, noNaN: true }), (n, share) => {
        assert.ok(studentT(share, n) > studentT(share, n + 1));
        assert.ok(studentT(share, n) < studentT(share + 0.01, n));
      }),
    );
  });

  it("has no value outside its domain", () => {
    for (const [share, n] of [
      [0, 3],
      [1, 3],
      [Number.NaN, 3],
      [0.95, 0],
      [0.95, 1.5],
    ] as const) {
      assert.throws(() => studentT(share, n), RangeError);
    }
  });
});

describe("estimate", () => {
  it("is the mean with its interval by Student's t", () => {
    // Mean 3, standard deviation 1.5811, t of 4 degrees 2.776: half width 1.963.
    const { mean, interval, n } = estimate([1, 2, 3, 4, 5]) ?? assert.fail();
    assert.deepEqual([mean, n], [3, 5]);
    assert.equal(interval?.lower.toFixed(3), "1.037");
    assert.equal(interval.upper.toFixed(3), "4.963");
  });

  it("has no interval of one value, and is nothing of none", () => {
    assert.deepEqual(estimate([7]), { mean: 7, interval: undefined, n: 1 });
    assert.equal(estimate([]), undefined);
  });

  it("does not depend on the order, and moves with its values", () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 2, maxLength: 20 }), number, (values, shift) => {
        const one = estimate(values)?.interval ?? assert.fail();
        const reversed = estimate([...values].reverse())?.interval ?? assert.fail();
        const moved = estimate(values.map((value) => value + shift))?.interval ?? assert.fail();
        near(one.lower, reversed.lower, 1e-6);
        near(moved.lower, one.lower + shift, 1e-6);
        near(moved.upper, one.upper + shift, 1e-6);
      }),
    );
  });

  it("covers the true mean in 95 of 100 cases", () => {
    // Normal values by Box and Muller, from a linear congruential generator: the same in every run.
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    let covered = 0;
    for (let run = 0; run < 4000; run++) {
      const { lower, upper } = estimate([normal(), normal(), normal()])?.interval ?? assert.fail();
      if (lower <= 0 && 0 <= upper) covered++;
    }
    assert.ok(Math.abs(covered / 4000 - 0.95) < 0.015, `${(covered / 4000).toString()}`);
  });

  it("of bounds reaches from the lower ones' interval to the upper ones'", () => {
    const bounds = [1, 2, 3].map((value) => ({ lower: value, upper: value + 1 }));
    const { lower, upper } = intervalOfBounds(bounds) ?? assert.fail();
    near(lower, estimate([1, 2, 3])?.interval?.lower ?? assert.fail());
    near(upper, estimate([2, 3, 4])?.interval?.upper ?? assert.fail());
    assert.equal(intervalOfBounds([{ lower: 1, upper: 2 }]), undefined);
  });
});

describe("least squares", () => {
  const points = fc.array(fc.record({ x: fc.integer({ min: 0, max: 100 }), y: number }), {
    minLength: 3,
    maxLength: 20,
  });
  const determined = points.filter((some) => new Set(some.map(({ x }) => x)).size > 1);

  it("finds a line that points lie on, and its interval has no width", () => {
    fc.assert(
      fc.property(determined, number, number, (some, slope, intercept) => {
        const line = leastSquares(some.map(({ x }) => ({ x, y: slope * x + intercept }))) ?? assert.fail();
        near(line.slope, slope, 1e-6);
        near(line.intercept, intercept, 1e-6);
        near(line.interval?.lower ?? assert.fail(), slope, 1e-5);
        near(line.interval?.upper ?? assert.fail(), slope, 1e-5);
      }),
    );
  });

  it("leaves residuals that no other slope or intercept makes smaller", () => {
    const squares = (some: readonly Point[], slope: number, intercept: number): number =>
      some.reduce((sum, { x, y }) => sum + (y - slope * x - intercept) ** 2, 0);
    fc.assert(
      fc.property(determined, number, number, (some, a, b) => {
        const { slope, intercept } = leastSquares(some) ?? assert.fail();
        const least = squares(some, slope, intercept);
        assert.ok(least <= squares(some, slope + a / 1000, intercept + b / 1000) + 1e-6 * (1 + least));
      }),
    );
  });

  it("does not depend on the order, and scales with y", () => {
    fc.assert(
      fc.property(determined, (some) => {
        const one = leastSquares(some) ?? assert.fail();
        near(leastSquares([...some].reverse())?.slope ?? assert.fail(), one.slope, 1e-6);
        near(leastSquares(some.map(({ x, y }) => ({ x, y: 3 * y })))?.slope ?? assert.fail(), 3 * one.slope, 1e-6);
      }),
    );
  });

  it("has the interval of the textbook", () => {
    // x 1…5, y 2, 4, 5, 4, 5: slope 0.6, standard error 0.2828, t of 3 degrees 3.182.
    const { slope, interval, n } = leastSquares([2, 4, 5, 4, 5].map((y, k) => ({ x: k + 1, y }))) ?? assert.fail();
    near(slope, 0.6);
    assert.equal(n, 5);
    assert.equal(interval?.lower.toFixed(2), "-0.30");
    assert.equal(interval.upper.toFixed(2), "1.50");
  });

  it("tells no interval of two points, and nothing where x is the same", () => {
    const two = [
      { x: 0, y: 1 },
      { x: 10, y: 2 },
    ];
    assert.equal(leastSquares(two)?.interval, undefined);
    assert.equal(leastSquares([]), undefined);
    assert.equal(leastSquares([two[0] as Point, two[0] as Point]), undefined);
  });
});
