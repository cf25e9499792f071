import assert from "node:assert/strict";
import { join } from "node:path";
import { DrillLab, type Watch } from "./drillLab";

const host = "esx-02.lab.test";

describe("host-loss drills while vCenter is down, on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("vcenter-down");
  });

  after(() => lab.stop());

  const drill = (report: string, watch?: Watch) =>
    lab.observed(report, ["host-loss-vcenter-down", "--host", host], watch);

  async function inOrder(): Promise<void> {
    const { code, output } = await lab.verifier(["check"]);
    assert.equal(code, 0, output);
  }

  it("pass: HA restarts the VMs without vCenter, which tells of it when it is back", async () => {
    let answered: Promise<number> | undefined;
    const { code, output } = await drill("passed", (soFar) => {
      if (soFar.includes("is off, and vCenter does not know")) answered ??= lab.sdkStatus();
    });
    assert.equal(code, 0, output);
    assert.equal(await answered, 503, "vCenter's service ran all the time");
    const result = lab.result("passed");
    const at = (text: string): number => result.timeline.find((entry) => entry.text.includes(text))?.t ?? Number.NaN;
    assert.ok(at("stopping vCenter's own service") < 0);
    assert.ok(at("answers again") < at("starting vCenter's service"), output);
    for (const vm of result.vms.filter(({ affected }) => affected)) assert.notEqual(vm.hostAfter, host);
    assert.match(output, /HA, which needs no vCenter, brought the guests back/);
    await inOrder();
  });

  it("fail, with the numbers, for a guest that is kept from restarting", async () => {
    const { watch, lift } = keptDown();
    const { code, output } = await drill("prevented", watch);
    await lift();
    assert.equal(code, 1, output);
    const missed = lab.missed("prevented");
    assert.ok(
      missed.some((id) => id.startsWith("failed vm-answers:xp-")),
      missed.join(),
    );
    await inOrder();
  });

  /** HA cannot start the XP guests until the host gets its power back. */
  function keptDown(): { watch: Watch; lift: () => Promise<void> } {
    const faults = ["xp-1", "xp-2"].map((name) => lab.fault({ kind: "restartFails", vm: name }));
    let lifted: Promise<void> | undefined;
    const lift = (): Promise<void> => {
      lifted ??= Promise.all(faults.map(async (made) => (await made)())).then(() => undefined);
      return lifted;
    };
    const watch: Watch = (soFar) => {
      if (soFar.includes("restoring the power")) void lift();
    };
    return { watch, lift };
  }

  it("killed while vCenter is down, are put back by recover, which starts vCenter first", async () => {
    const { code } = await lab.drill("killed", ["host-loss-vcenter-down", "--host", host], (soFar, child) => {
      if (soFar.includes("is off, and vCenter does not know")) child.kill("SIGKILL");
    });
    assert.equal(code, null);
    const checked = await lab.verifier(["check"]);
    assert.equal(checked.code, 2, "vCenter answers, and was to be down");
    const recovered = await lab.verifier(["recover", "--journal", join(lab.dir, "killed", "journal.json")]);
    assert.equal(recovered.code, 0, recovered.output);
    await inOrder();
  });
});
