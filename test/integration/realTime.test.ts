import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { compare, largestError, parseTruth } from "../truth";
import { DrillLab } from "./drillLab";

const host = "esx-01.lab.test";
/** One probe interval of the configuration, ms. */
const intervalMs = 3000;
/** The lab stamps its log just after it has opened or closed a socket, ms. */
const stampMs = 50;

/** No second is shortened here: what the drills say at other time scales holds at the clock's own pace. */
describe("host loss at time scale 1", function () {
  this.timeout(900_000);
  let drillLab: DrillLab;

  before(async () => {
    drillLab = await DrillLab.start("real-time", 3, 1);
  });

  after(() => drillLab.stop());

  it("passes, with every edge of the downtime inside its bounds", async () => {
    const { code, output } = await drillLab.drill("real", ["host-loss", "--host", host]);
    assert.equal(code, 0, output);
    const result = drillLab.result("real");
    const { edges, errors } = compare(parseTruth(readFileSync(drillLab.lab.truthLog, "utf8")), result, stampMs);
    assert.deepEqual(errors, []);
    const affected = result.vms.filter((vm) => vm.affected);
    assert.deepEqual([...new Set(affected.map(({ guestOs }) => guestOs))].sort(), ["ubuntu", "windowsxp"]);
    assert.equal(edges.length, 2 * affected.length);
    assert.ok(largestError(edges) <= intervalMs);
    assert.equal(drillLab.journal("real").timeScale, 1);
    assert.doesNotMatch(output, /faster than the clock on the wall/);
  });
});
