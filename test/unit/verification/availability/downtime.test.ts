import assert from "node:assert/strict";
import * as fc from "fast-check";
import { availabilityPercent, downtime, vmAvailability } from "../../../../verification/availability/availability";
import { observe, type Window } from "../../../../verification/availability/downtime";
import type { Sample } from "../../../../verification/probes/sample";

/** Samples written as text: one character a period, `+` up, `-` down, `.` lost, ` ` missing. Each takes 2 ms. */
function samples(text: string, period = 10): Sample[] {
  return [...text].flatMap((mark, k): Sample[] => {
    if (mark === " ") return [];
    const sent = k * period;
    const outcome = mark === "+" ? "up" : mark === "-" ? "down" : "lost";
    return [{ vm: "a", due: sent, sent, done: sent + 2, outcome }];
  });
}

const window = { from: 0, to: 92 };
const seen = (text: string, resolution = 12): ReturnType<typeof observe> => observe(samples(text), window, resolution);

describe("down intervals", () => {
  it("has none when every sample was answered", () => {
    assert.deepEqual(seen("++++++++++"), { intervals: [], unobserved: [], lost: 0 });
  });

  it("bounds each edge by the sending of the last sample before it and the end of the first after it", () => {
    assert.deepEqual(seen("+++---++++").intervals, [{ startAfter: 20, startBefore: 32, endAfter: 50, endBefore: 62 }]);
  });

  it("leaves the end open when the service is still down at the end of the window", () => {
    const { intervals, unobserved } = seen("++++++++--");
    assert.deepEqual(intervals, [{ startAfter: 70, startBefore: 82, endAfter: 90, endBefore: undefined }]);
    assert.deepEqual(downtime(intervals, unobserved, window), { lower: 8, upper: 22 });
  });

  it("lets an outage that begins the window start at its beginning", () => {
    const { intervals, unobserved } = seen("--++++++++");
    assert.deepEqual(intervals, [{ startAfter: 0, startBefore: 2, endAfter: 10, endBefore: 22 }]);
    assert.deepEqual(downtime(intervals, unobserved, window), { lower: 8, upper: 22 });
  });

  it("widens an edge by the samples lost there", () => {
    assert.deepEqual(seen("+++..--+++").intervals, [{ startAfter: 20, startBefore: 52, endAfter: 60, endBefore: 72 }]);
  });

  it("takes a missing sample as a lost one", () => {
    assert.deepEqual(seen("+++  --+++").intervals, seen("+++..--+++").intervals);
  });

  it("calls the span unobserved when samples were lost between two that were answered", () => {
    const { intervals, unobserved, lost } = seen("+++..+++++");
    assert.deepEqual(intervals, []);
    assert.deepEqual(unobserved, [{ from: 20, to: 52 }]);
    assert.equal(lost, 2);
    assert.deepEqual(downtime(intervals, unobserved, window), { lower: 0, upper: 32 });
  });

  it("does not prove downtime across lost samples within an outage", () => {
    const { intervals, unobserved } = seen("+--...--++");
    assert.deepEqual(intervals, [{ startAfter: 0, startBefore: 12, endAfter: 70, endBefore: 82 }]);
    assert.deepEqual(unobserved, [{ from: 20, to: 62 }]);
    assert.deepEqual(downtime(intervals, unobserved, window), { lower: 8 + 8, upper: 82 });
  });

  it("calls the beginning and the end unobserved when samples are missing there", () => {
    assert.deepEqual(seen("   +++    ").unobserved, [
      { from: 0, to: 32 },
      { from: 50, to: 92 },
    ]);
  });

  it("does not depend on the order in which samples come", () => {
    const all = samples("++--+.--++");
    assert.deepEqual(observe([...all].reverse(), window, 12), observe(all, window, 12));
  });

  it("leaves out samples that end before they begin, and those outside the window", () => {
    const stepped: Sample = { vm: "a", due: 40, sent: 40, done: 35, outcome: "down" };
    const early: Sample = { vm: "a", due: -10, sent: -10, done: -8, outcome: "down" };
    const late: Sample = { vm: "a", due: 91, sent: 91, done: 95, outcome: "down" };
    const { intervals, lost } = observe([...samples("++++++++++"), stepped, early, late], window, 12);
    assert.deepEqual(intervals, []);
    assert.equal(lost, 3);
  });

  it("leaves out overlapping samples that disagree: they do not tell which state came first", () => {
    const slow: Sample = { vm: "a", due: 38, sent: 38, done: 45, outcome: "down" };
    const { intervals, unobserved, lost } = observe([...samples("++++++++++"), slow], window, 12);
    assert.deepEqual(intervals, []);
    assert.deepEqual(unobserved, [{ from: 30, to: 52 }]);
    assert.equal(lost, 2);
  });

  it("knows nothing of a short window without samples", () => {
    assert.deepEqual(observe([], { from: 0, to: 5 }, 12).unobserved, [{ from: 0, to: 5 }]);
  });

  it("knows nothing without samples", () => {
    const { intervals, unobserved } = observe([], window, 12);
    assert.deepEqual(unobserved, [window]);
    assert.deepEqual(downtime(intervals, unobserved, window), { lower: 0, upper: 92 });
  });
});

describe("availability", () => {
  it("is the share of the window that the service was up, the bounds exchanged", () => {
    assert.deepEqual(availabilityPercent({ lower: 10, upper: 25 }, 100), { lower: 75, upper: 90 });
  });

  it("says nothing about a window of no length", () => {
    assert.deepEqual(availabilityPercent({ lower: 0, upper: 0 }, 0), { lower: 0, upper: 100 });
  });

  it("reports seconds of the Clock", () => {
    const measurement = { vm: "a", guestOs: "ubuntu" as const, samples: samples("+++---++++"), window, resolution: 12 };
    const result = vmAvailability(measurement, (ms) => ms / 10);
    assert.equal(result.windowSeconds, 9.2);
    assert.deepEqual(result.downtimeSeconds, { lower: 1.8, upper: 4.2 });
    assert.deepEqual(result.samples, { sent: 10, answered: 7, lost: 0 });
    assert.ok(Math.abs(result.availabilityPercent.lower - (100 * (92 - 42)) / 92) < 1e-9);
    assert.ok(Math.abs(result.availabilityPercent.upper - (100 * (92 - 18)) / 92) < 1e-9);
  });
});

describe("bounds against a simulated history", () => {
  const period = 10;
  const limit = 10;
  const interval = period + limit;

  /** Phases long enough to hold a whole sample each, so that none is missed: an outage may start at any instant. */
  const history = fc.record({
    phases: fc.array(fc.double({ min: interval, max: 200, noNaN: true }), { minLength: 1, maxLength: 12 }),
    upFirst: fc.boolean(),
    answers: fc.infiniteStream(
      fc.record({
        late: fc.double({ min: 0, max: limit / 2, noNaN: true }),
        takes: fc.double({ min: 0, max: limit / 2, noNaN: true }),
        instant: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    ),
  });

  interface Case {
    truth: { up: boolean; from: number; to: number }[];
    samples: Sample[];
    window: Window;
  }

  function play(h: { phases: number[]; upFirst: boolean; answers: Stream }): Case {
    let at = 0;
    let up = h.upFirst;
    const truth = h.phases.map((length) => {
      const phase = { up, from: at, to: at + length };
      at += length;
      up = !up;
      return phase;
    });
    const taken: Sample[] = [];
    for (let due = 0; due + limit <= at; due += period) {
      const answer = next(h.answers);
      const sent = due + answer.late;
      const done = sent + answer.takes;
      const instant = sent + (done - sent) * answer.instant;
      const state = truth.find(({ from, to }) => instant >= from && instant < to)?.up === true;
      taken.push({ vm: "a", due, sent, done, outcome: state ? "up" : "down" });
    }
    return { truth, samples: taken, window: { from: 0, to: at } };
  }

  const trueDowntime = (one: Case): number =>
    one.truth.filter(({ up }) => !up).reduce((sum, { from, to }) => sum + to - from, 0);

  it("hold the true downtime and every true edge", () => {
    fc.assert(
      fc.property(history, (h) => {
        const one = play(h);
        const { intervals, unobserved } = observe(one.samples, one.window, interval);
        const { lower, upper } = downtime(intervals, unobserved, one.window);
        const down = trueDowntime(one);
        assert.ok(lower <= down + 1e-6 && down <= upper + 1e-6, `${lower} <= ${down} <= ${upper}`);
        const outages = one.truth.filter(({ up }) => !up);
        assert.equal(intervals.length, outages.length);
        outages.forEach(({ from, to }, k) => {
          const interval_ = intervals[k];
          assert.ok(interval_ !== undefined);
          assert.ok(interval_.startAfter <= from && from <= interval_.startBefore);
          if (interval_.endBefore !== undefined) assert.ok(interval_.endAfter <= to && to <= interval_.endBefore);
        });
      }),
      { numRuns: 500 },
    );
  });

  it("are no wider than one interval (period and time limit) an edge", () => {
    fc.assert(
      fc.property(history, (h) => {
        const one = play(h);
        for (const { startAfter, startBefore, endAfter, endBefore } of observe(one.samples, one.window, interval)
          .intervals) {
          assert.ok(startBefore - startAfter <= interval + 1e-6);
          if (endBefore !== undefined) assert.ok(endBefore - endAfter <= interval + 1e-6);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("still hold the truth when any samples are lost", () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.boolean()), (h, lose) => {
        const one = play(h);
        const thinned = one.samples.map((sample) => {
          const lost = next(lose);
          return lost ? { ...sample, outcome: "lost" as const } : sample;
        });
        const { intervals, unobserved } = observe(thinned, one.window, interval);
        const { lower, upper } = downtime(intervals, unobserved, one.window);
        const down = trueDowntime(one);
        assert.ok(lower <= down + 1e-6 && down <= upper + 1e-6, `${lower} <= ${down} <= ${upper}`);
      }),
      { numRuns: 500 },
    );
  });
});

describe("whatever samples come", () => {
  const instant = fc.integer({ min: -50, max: 300 });
  const any = fc.array(
    fc.record({
      vm: fc.constant("a"),
      due: instant,
      sent: instant,
      // Also before it was sent: the clock was stepped back.
      done: instant,
      outcome: fc.constantFrom("up" as const, "down" as const, "lost" as const),
    }),
    { maxLength: 40 },
  );
  const anyWindow = fc.record({ from: fc.integer({ min: 0, max: 200 }), length: fc.integer({ min: 0, max: 200 }) });
  const measure = (taken: Sample[], { from, length }: { from: number; length: number }) =>
    vmAvailability(
      { vm: "a", guestOs: "ubuntu", samples: taken, window: { from, to: from + length }, resolution: 20 },
      (ms) => ms,
    );

  it("bounds are in order and within the window, of no length too", () => {
    fc.assert(
      fc.property(any, anyWindow, (taken, window_) => {
        const { downtimeSeconds: down, availabilityPercent: percent, unobservedSeconds } = measure(taken, window_);
        assert.ok(0 <= down.lower && down.lower <= down.upper && down.upper <= window_.length, JSON.stringify(down));
        assert.ok(0 <= percent.lower && percent.lower <= percent.upper && percent.upper <= 100);
        assert.ok(0 <= unobservedSeconds && unobservedSeconds <= window_.length);
        if (window_.length === 0) assert.deepEqual(percent, { lower: 0, upper: 100 });
      }),
      { numRuns: 500 },
    );
  });

  it("intervals are in order and do not overlap, though samples do", () => {
    fc.assert(
      fc.property(any, anyWindow, (taken, window_) => {
        const { intervals } = measure(taken, window_);
        intervals.forEach(({ startAfter, startBefore, endAfter, endBefore }, k) => {
          assert.ok(startAfter <= startBefore && (endBefore === undefined || endAfter <= endBefore));
          const next_ = intervals[k + 1];
          if (next_ !== undefined) assert.ok(endBefore !== undefined && endAfter <= next_.startAfter);
        });
      }),
      { numRuns: 500 },
    );
  });

  it("their order does not matter, nor do lost ones and those that a clock step turned round", () => {
    fc.assert(
      fc.property(any, any, anyWindow, fc.integer(), (taken, more, window_, seed) => {
        const noise = more.map((sample) =>
          sample.outcome === "lost" || sample.done < sample.sent ? sample : { ...sample, outcome: "lost" as const },
        );
        const mixed = [...taken, ...noise].sort(
          (a, b) => ((a.sent * 31 + a.done * 17 + seed) % 7) - ((b.sent * 31 + b.done * 17 + seed) % 7),
        );
        const { samples: counts, ...one } = measure(taken, window_);
        const { samples: others, ...other } = measure(mixed, window_);
        assert.deepEqual(other, one);
        assert.equal(others.lost, counts.lost + noise.length);
      }),
      { numRuns: 500 },
    );
  });
});

type Stream = fc.Stream<{ late: number; takes: number; instant: number }>;

function next<T>(stream: fc.Stream<T>): T {
  const step = stream.next();
  if (step.done === true) throw new Error("the stream is infinite");
  return step.value;
}
