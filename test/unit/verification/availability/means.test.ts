import assert from "node:assert/strict";
import * as fc from "fast-check";
import { cell, cellOfDrill, guestMeans, inWindow } from "../../../../verification/availability/means";
import type { DrillResult, GuestMean } from "../../../../verification/model";
import { drill } from "../report/fixture";

/** A drill of one host whose Ubuntu guests were down for so many of 300 s. */
function lost(host: string, downtimes: number[], changes: Partial<DrillResult> = {}): DrillResult {
  const [base] = drill().vms;
  assert.ok(base !== undefined);
  return drill({
    host,
    vms: downtimes.map((down, k) => ({
      ...base,
      vm: `ubuntu-${k.toString()}`,
      downtimeSeconds: { lower: down, upper: down + 3 },
      availabilityPercent: { lower: 100 * (1 - (down + 3) / 300), upper: 100 * (1 - down / 300) },
    })),
    ...changes,
  });
}

describe("means", () => {
  it("are over the hosts, each weighing the same however many guests it had", () => {
    const [mean] = guestMeans([lost("esx-01", [30, 60]), lost("esx-02", [120])]);
    assert.deepEqual(mean?.downtimeSeconds, { lower: (45 + 120) / 2, upper: (48 + 123) / 2 });
    assert.equal(mean.hosts, 2);
    assert.equal(mean.windowSeconds, 300);
    assert.ok(Math.abs(mean.availabilityPercent.upper - 100 * (1 - 82.5 / 300)) < 1e-9);
    assert.ok(Math.abs(mean.availabilityPercent.lower - 100 * (1 - 85.5 / 300)) < 1e-9);
  });

  it("stand beside the published figure of their guest OS", () => {
    assert.deepEqual(
      guestMeans([drill()]).map(({ guestOs, publishedPercent }) => [guestOs, publishedPercent]),
      [["ubuntu", 94.88037823]],
    );
  });

  it("keep VMs of OpenStack apart from those of vCenter", () => {
    const { vms } = lost("esx-01", [30, 60]);
    const mixed = drill({ vms: vms.map((vm, k) => (k === 0 ? vm : { ...vm, openstack: true as const })) });
    assert.deepEqual(
      guestMeans([mixed]).map(({ openstack, downtimeSeconds }) => [openstack, downtimeSeconds.lower]),
      [
        [undefined, 30],
        [true, 60],
      ],
    );
    assert.equal(cell(mixed, { guestOs: "ubuntu", openstack: true })?.downtimeSeconds.lower, 60);
  });

  it("leave out losses with another fault beside, unless there are no others", () => {
    const beside = lost("esx-01", [120], { drill: "nova-compute-down" });
    assert.equal(guestMeans([lost("esx-01", [30]), beside])[0]?.downtimeSeconds.lower, 30);
    assert.equal(guestMeans([beside])[0]?.downtimeSeconds.lower, 120);
  });

  it("are no cell of a drill that was to take no VM down; the table shows what its VMs had all the same", () => {
    const loss = lost("esx-01", [30, 60]);
    const harmless = { ...loss, vms: loss.vms.map((vm) => ({ ...vm, affected: false })) };
    assert.equal(cell(harmless, { guestOs: "ubuntu" }), undefined);
    assert.deepEqual(cellOfDrill(harmless, { guestOs: "ubuntu" })?.downtimeSeconds, { lower: 45, upper: 48 });
    assert.equal(cellOfDrill({ ...harmless, verdict: "inconclusive" }, { guestOs: "ubuntu" }), undefined);
    const [first, second] = loss.vms;
    assert.ok(first && second);
    const oneDown = { ...loss, vms: [first, { ...second, affected: false }] };
    assert.equal(cellOfDrill(oneDown, { guestOs: "ubuntu" })?.downtimeSeconds.lower, 30);
  });

  it("count only guests that ran on the failed host", () => {
    assert.equal(cell(drill(), { guestOs: "windowsxp" }), undefined);
    assert.deepEqual(cell(drill(), { guestOs: "ubuntu" })?.downtimeSeconds, { lower: 150, upper: 152 });
  });

  it("leave out drills that were not observed or never began", () => {
    assert.deepEqual(guestMeans([lost("a", [30], { verdict: "inconclusive" })]), []);
    assert.deepEqual(guestMeans([lost("a", [30], { faultAt: undefined })]), []);
  });

  it("keep a drill that failed: its downtime was real", () => {
    assert.equal(guestMeans([lost("a", [30], { verdict: "failed" })]).length, 1);
  });

  it("are comparable in a window of another length", () => {
    assert.deepEqual(inWindow({ lower: 36, upper: 72 }, 3600), { lower: 98, upper: 99 });
    assert.deepEqual(inWindow({ lower: 36, upper: 72 }, 0), { lower: 0, upper: 100 });
  });
});

describe("means over repetitions", () => {
  const only = (drills: DrillResult[], mtbfHours?: number): GuestMean =>
    guestMeans(drills, mtbfHours)[0] ?? assert.fail();

  it("have a 95 % interval by Student's t over the means of the hosts, and say n", () => {
    // Means over the hosts 30, 40, 50: standard deviation 10, t of 2 degrees 4.303, half width 24.84.
    const drills = [20, 30, 40].flatMap((down) => [lost("esx-01", [down]), lost("esx-02", [down + 20])]);
    const { repetitions: n, hosts, downtimeSeconds, interval } = only(drills);
    assert.deepEqual([n, hosts, downtimeSeconds.lower, downtimeSeconds.upper], [3, 2, 40, 43]);
    assert.equal(interval?.downtimeSeconds.lower.toFixed(2), (40 - 24.84).toFixed(2));
    assert.equal(interval.downtimeSeconds.upper.toFixed(2), (43 + 24.84).toFixed(2));
    assert.ok(interval.availabilityPercent.lower < 100 * (1 - 43 / 300));
  });

  it("have no interval without repetitions", () => {
    const mean = only([lost("esx-01", [30]), lost("esx-02", [40])]);
    assert.deepEqual([mean.repetitions, mean.interval], [1, undefined]);
  });

  it("leave out a repetition that was not observed on every host", () => {
    const unseen = lost("esx-02", [500], { verdict: "inconclusive" });
    const drills = [lost("esx-01", [30]), lost("esx-02", [50]), lost("esx-01", [900]), unseen];
    const mean = only(drills);
    assert.deepEqual([mean.repetitions, mean.downtimeSeconds.lower], [1, 40]);
  });

  it("keep an interval of shares within 0 and 100 %, and of times at 0 or more", () => {
    const { interval } = only([lost("esx-01", [1]), lost("esx-01", [250])]);
    assert.deepEqual([interval?.availabilityPercent.lower, interval?.downtimeSeconds.lower], [0, 0]);
    assert.equal(interval?.availabilityPercent.upper, 100);
  });

  it("leave out losses under load", () => {
    const under = lost("esx-01", [200], { loadPercent: 50 });
    assert.equal(only([lost("esx-01", [30]), under]).downtimeSeconds.lower, 30);
    assert.deepEqual(guestMeans([under]), []);
    const [idle] = guestMeans([lost("esx-01", [40], { loadPercent: 0 }), under]);
    assert.deepEqual([idle?.downtimeSeconds.lower, idle?.repetitions], [40, 1]);
  });

  it("do not depend on the order of the hosts within a repetition", () => {
    const downtimes = fc.array(fc.array(fc.integer({ min: 0, max: 290 }), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(downtimes, fc.boolean(), (rounds, reversed) => {
        const drillsOf = (order: number[]): DrillResult[] =>
          rounds.flatMap((round) => order.map((k) => lost(`esx-${k.toString()}`, [round[k] ?? 0])));
        const one = only(drillsOf([0, 1, 2]));
        const other = only(drillsOf(reversed ? [2, 1, 0] : [1, 0, 2]));
        assert.ok(Math.abs(one.downtimeSeconds.lower - other.downtimeSeconds.lower) < 1e-9);
        assert.equal(one.repetitions, rounds.length);
        const [a, b] = [one.interval?.downtimeSeconds.upper, other.interval?.downtimeSeconds.upper];
        assert.ok(a === b || Math.abs((a ?? 0) - (b ?? 0)) < 1e-6);
        if (one.interval) {
          assert.ok(one.interval.downtimeSeconds.lower <= one.downtimeSeconds.lower);
          assert.ok(one.interval.downtimeSeconds.upper >= one.downtimeSeconds.upper);
          assert.ok(one.interval.availabilityPercent.lower <= one.availabilityPercent.lower);
        }
      }),
    );
  });

  it("split the time to restore into detection, restart and boot, each with its interval and n", () => {
    const shares = (detection: number): DrillResult => {
      const drill_ = lost("esx-01", [60]);
      const vms = drill_.vms.map((vm) => {
        return { ...vm, shares: { detectionSeconds: detection, restartSeconds: 12, bootSeconds: undefined } };
      });
      return { ...drill_, vms };
    };
    const { restore } = only([shares(10), shares(20)]);
    assert.deepEqual([restore?.total?.seconds, restore?.total?.n], [61.5, 2]);
    assert.deepEqual([restore?.detection?.seconds, restore?.restart?.seconds], [15, 12]);
    assert.equal(restore?.detection?.interval?.lower.toFixed(1), (15 - 12.706 * 5).toFixed(1));
    assert.deepEqual(restore.restart?.interval, { lower: 12, upper: 12 });
    assert.equal(restore.boot, undefined);
  });

  it("tell the long run from the interval of the downtime where there is one", () => {
    const once = only([lost("esx-01", [36])], 1);
    assert.ok(Math.abs((once.longRun?.availabilityPercent.upper ?? 0) - 100 / 1.01) < 1e-9);
    const repeated = only([lost("esx-01", [36]), lost("esx-01", [40])], 1);
    const { lower = 100 } = repeated.longRun?.availabilityPercent ?? {};
    assert.ok(lower < (once.longRun?.availabilityPercent.lower ?? 0));
    assert.equal(only([lost("esx-01", [36])]).longRun, undefined);
  });
});
