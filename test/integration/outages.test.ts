import assert from "node:assert/strict";
import { largestError } from "../truth";
import { DeployedLab } from "./deployedLab";
import { measureOutages } from "./outages";

/** A tenth of `npm run soak`. */
const count = 20;
const intervalMs = 500;

describe("outages of guests", function () {
  this.timeout(300_000);
  let deployed: DeployedLab;

  before(async () => {
    deployed = await DeployedLab.start("outages", 10);
  });
  after(async () => {
    await deployed.stop();
  });

  it(`are measured so that every true edge of ${count.toString()} lies within its bounds, a probe interval apart`, async () => {
    const { edges, errors, blurred } = await measureOutages(deployed, count, intervalMs);
    assert.deepEqual(errors, []);
    assert.equal(edges.length, 2 * count);
    const wide = edges.filter(({ lower, upper }) => upper - lower > intervalMs);
    // Only a probe that was lost on a busy machine makes an edge wider, and is told as lost.
    assert.ok(wide.length <= blurred, `${wide.length.toString()} wide edges, ${blurred.toString()} with lost probes`);
    assert.ok(blurred <= edges.length / 4, `probes were lost at ${blurred.toString()} edges`);
    assert.ok(largestError(edges.filter((edge) => !wide.includes(edge))) <= intervalMs);
  });
});
