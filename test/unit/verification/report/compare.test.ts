import assert from "node:assert/strict";
import { compare, compareText, type Difference } from "../../../../verification/report/compare";
import type { Journal } from "../../../../verification/model";
import { journal } from "./fixture";

function after(change: (journal: Journal) => void): Difference[] {
  const later = journal();
  change(later);
  return compare(journal(), later);
}

function told(differences: Difference[]): string[] {
  return differences.map(({ direction, what, before, after: now }) => `${direction} ${what}: ${before}, ${now}`);
}

describe("comparison of two runs", () => {
  it("of the same tells nothing", () => {
    assert.deepEqual(compare(journal(), journal()), []);
    assert.equal(compareText([]), "nothing is different");
  });

  it("tells a check, an expectation, a drill and a run that fail now, and the other way round", () => {
    const differences = after((later) => {
      const [drill] = later.drills;
      const [check] = later.checks;
      assert.ok(drill?.expectations[0] && check);
      later.verdict = drill.verdict = drill.expectations[0].verdict = "failed";
      check.verdict = "inconclusive";
    });
    const { drills, checks } = journal();
    const name = `${drills[0]?.drill ?? ""} of ${drills[0]?.host ?? ""}`;
    assert.deepEqual(told(differences), [
      "worse run whole run: passed, failed",
      `worse check ${checks[0]?.id ?? ""}: passed, inconclusive`,
      `worse drill ${name}: passed, failed`,
      `worse expectation ${name}, ${drills[0]?.expectations[0]?.id ?? ""}: passed, failed`,
    ]);
    const later = journal();
    later.verdict = "failed";
    assert.deepEqual(told(compare(later, journal())), ["better run whole run: failed, passed"]);
  });

  it("counts a check that is new as worse only when it does not pass", () => {
    const add = (verdict: "passed" | "failed"): Difference[] =>
      after((later) => {
        const [check] = later.checks;
        assert.ok(check);
        later.checks.push({ ...check, id: "new-one", verdict });
      });
    assert.deepEqual(told(add("failed")), ["worse check new-one: not there, failed"]);
    assert.deepEqual(told(add("passed")), ["changed check new-one: not there, passed"]);
  });

  it("takes the worst of a drill that was repeated", () => {
    const differences = after((later) => {
      const [drill] = later.drills;
      assert.ok(drill);
      later.drills.push({ ...drill, verdict: "failed" });
    });
    assert.match(told(differences).join(), /^worse drill [^:]+: passed, failed$/);
  });

  it("tells of availability only what the bounds prove", () => {
    const moved = (by: number): Difference[] =>
      after((later) => {
        const [mean] = later.means;
        assert.ok(mean);
        const { lower, upper } = mean.availabilityPercent;
        mean.availabilityPercent = { lower: lower + by, upper: upper + by };
      });
    assert.match(told(moved(-5)).join(), /^worse mean availability of /);
    assert.match(told(moved(5)).join(), /^better mean availability of /);
    assert.deepEqual(moved(1e-6), []);
  });

  it("compares downtimes where the windows differ, percentages would mislead", () => {
    const differences = after((later) => {
      const [mean] = later.means;
      assert.ok(mean);
      mean.windowSeconds *= 2;
      mean.availabilityPercent = { lower: 99.9, upper: 99.9 };
      mean.downtimeSeconds = { lower: 10_000, upper: 10_001 };
    });
    assert.match(
      told(differences).join(),
      /^worse mean downtime of [^,]+, in windows of \d+ and \d+ s: .* s, 10000\.0–10001\.0 s$/,
    );
  });

  it("puts what got worse first", () => {
    const before = journal();
    const [check] = before.checks;
    assert.ok(check);
    before.checks = [
      { ...check, id: "mended", verdict: "failed" },
      { ...check, id: "broken", verdict: "passed" },
    ];
    const later = journal();
    later.checks = [
      { ...check, id: "mended", verdict: "passed" },
      { ...check, id: "broken", verdict: "failed" },
    ];
    const text = compareText(compare(before, later));
    assert.match(text, /^worse .*\nbetter /);
  });
});
