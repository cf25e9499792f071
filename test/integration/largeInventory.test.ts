import assert from "node:assert/strict";
import { startLargeLab, type LargeLab } from "../../bench/largeLab";

describe("a cluster of 96 hosts and 10,000 VMs", function () {
  this.timeout(300_000);
  let lab: LargeLab;

  before(async () => {
    lab = await startLargeLab(96, 10_000);
  });
  after(async () => {
    await lab.stop();
  });

  it("is read whole in at most 20 calls, 5 s of a processor and 300 MB", async () => {
    const { hosts, vms, calls, seconds, cpuSeconds, maxRssMb } = await lab.traverse();
    assert.equal(hosts, 96);
    assert.ok(vms >= 10_000, vms.toString());
    assert.ok(calls <= 20, `${calls.toString()} calls`);
    assert.ok(maxRssMb <= 300, `${maxRssMb.toFixed(0)} MB`);
    // Other tests keep the processors busy meanwhile: then its own share of them counts.
    assert.ok(Math.min(seconds, cpuSeconds) <= 5, `${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of a processor`);
  });
});
