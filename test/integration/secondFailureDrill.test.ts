import assert from "node:assert/strict";
import { DrillLab, type Watch } from "./drillLab";

const host = "esx-02.lab.test";

describe("second-failure drills on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("second-failure", 4);
  });

  after(() => lab.stop());

  const drill = (report: string, watch?: Watch) => lab.observed(report, ["second-failure", "--host", host], watch);

  it("are refused where admission control keeps room for one failure", async () => {
    const { code, output } = await drill("refused");
    assert.equal(code, 2, output);
    assert.match(output, /keeps room for 1 host failure, and this drill fails two hosts/);
  });

  it("pass where it keeps room for two: the VMs of both hosts come back on the others", async () => {
    await lab.reconfigure(
      '<dasConfig><admissionControlPolicy xsi:type="ClusterFailoverResourcesAdmissionControlPolicy">' +
        "<cpuFailoverResourcesPercent>50</cpuFailoverResourcesPercent>" +
        "<memoryFailoverResourcesPercent>50</memoryFailoverResourcesPercent>" +
        "<failoverLevel>2</failoverLevel><autoComputePercentages>true</autoComputePercentages>" +
        "</admissionControlPolicy></dasConfig>",
    );
    const { code, output } = await drill("passed");
    assert.equal(code, 0, output);
    const { vms, undo, timeline } = lab.result("passed");
    assert.ok(undo.fault.kind === "second-failure");
    const { second } = undo.fault;
    for (const vm of vms.filter(({ affected }) => affected)) {
      assert.ok(vm.hostAfter !== undefined && ![host, second].includes(vm.hostAfter), JSON.stringify(vm));
    }
    const failedAt = timeline.find(({ text }) => text.includes("during the failover"))?.t ?? 0;
    assert.ok(failedAt >= 15, "the second host failed before HA had declared the first");
    const checked = await lab.verifier(["check"]);
    assert.equal(checked.code, 0, checked.output);
  });

  it("fail for a guest that is kept from restarting", async () => {
    const faults = await Promise.all(["xp-1", "xp-2"].map((vm) => lab.fault({ kind: "restartFails", vm })));
    let lifted: Promise<unknown> | undefined;
    const { code, output } = await drill("prevented", (soFar) => {
      if (soFar.includes("restoring the power")) lifted ??= Promise.all(faults.map((end) => end()));
    });
    await lifted;
    assert.equal(code, 1, output);
    assert.ok(
      lab.missed("prevented").some((id) => id.startsWith("failed vm-answers:xp-")),
      lab.missed("prevented").join(),
    );
  });
});
