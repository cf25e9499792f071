import assert from "node:assert/strict";
import type { DownInterval, DrillResult } from "../../verification/model";
import { compare, largestError, outages, parseTruth, type TruthEvent } from "../truth";
import { drill } from "./verification/report/fixture";

const start = Date.parse("2026-01-31T12:00:00Z");
const up = (t: number, name = "ubuntu-1"): TruthEvent => ({ t: start + t, name, host: "esx-01", event: "up" });
const down = (t: number, name = "ubuntu-1"): TruthEvent => ({ t: start + t, name, host: "esx-01", event: "down" });

function measured(intervals: [number, number, number, number | undefined][]): DrillResult {
  const base = drill().vms[0];
  assert.ok(base !== undefined);
  const wall = intervals.map(([startAfter, startBefore, endAfter, endBefore]): DownInterval => {
    return {
      startAfter: start + startAfter,
      startBefore: start + startBefore,
      endAfter: start + endAfter,
      endBefore: endBefore === undefined ? undefined : start + endBefore,
    };
  });
  return drill({ vms: [{ ...base, intervals: wall }] });
}

const errors = (events: TruthEvent[], result: DrillResult): string[] => compare(events, result, 0).errors;

describe("truth against measurement", () => {
  it("agrees when every edge lies within its bounds, and tells how far they are from it", () => {
    const { edges, errors: found } = compare([down(1000), up(5000)], measured([[950, 1030, 4960, 5060]]), 0);
    assert.deepEqual(found, []);
    assert.equal(edges.length, 2);
    assert.equal(largestError(edges), 60);
  });

  it("finds an edge outside its bounds", () => {
    assert.deepEqual(errors([down(1000), up(5000)], measured([[1010, 1100, 4900, 5100]])), [
      "ubuntu-1: the start of its outage lies 10.0 ms outside the measured bounds",
    ]);
    assert.deepEqual(errors([down(1000), up(5000)], measured([[900, 1100, 4900, 4980]])), [
      "ubuntu-1: the end of its outage lies 20.0 ms outside the measured bounds",
    ]);
  });

  it("allows for what the log's stamps are off", () => {
    const result = measured([[1010, 1100, 4900, 5100]]);
    assert.deepEqual(compare([down(1000), up(5000)], result, 10).errors, []);
  });

  it("finds an outage that was missed, and one that never was", () => {
    assert.match(errors([down(1000), up(5000)], measured([]))[0] ?? "", /had 1 outages, 0 were measured/);
    assert.match(errors([], measured([[1, 2, 3, 4]]))[0] ?? "", /had 0 outages, 1 were measured/);
  });

  it("finds a return that only one side knows of", () => {
    assert.match(errors([down(1000)], measured([[900, 1100, 4900, 5000]]))[0] ?? "", /only one of truth/);
    assert.match(
      errors([down(1000), up(5000)], measured([[900, 1100, 4900, undefined]]))[0] ?? "",
      /only one of truth/,
    );
    assert.deepEqual(errors([down(1000)], measured([[900, 1100, 4900, undefined]])), []);
  });

  it("leaves out what happened before and after the drill", () => {
    assert.deepEqual(errors([down(-9000), up(-5000), down(900_000)], measured([])), []);
  });

  it("pairs each guest's own events, in any order", () => {
    assert.deepEqual(outages([up(50), down(10, "xp-1"), down(20), up(30, "xp-1")]), [
      { vm: "xp-1", from: start + 10, to: start + 30 },
      { vm: "ubuntu-1", from: start + 20, to: start + 50 },
    ]);
  });

  it("reads the log, host events and all", () => {
    const log =
      '{"t":1.5,"vm":"u","name":"a","host":"h","event":"down","cause":"c"}\n{"t":2,"host":"h","event":"powerOff"}\n';
    assert.deepEqual(outages(parseTruth(log)), [{ vm: "a", from: 1.5, to: undefined }]);
  });
});
