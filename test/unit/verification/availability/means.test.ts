import assert from "node:assert/strict";
import { cell, guestMeans, inWindow } from "../../../../verification/availability/means";
import type { DrillResult } from "../../../../verification/model";
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
