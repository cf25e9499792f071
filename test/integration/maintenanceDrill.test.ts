import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { element, refElement } from "../../verification/vcenter/xml";
import { DrillLab, type Watch } from "./drillLab";

const host = "esx-02.lab.test";
const automation = (level: string): string => `<drsConfig><defaultVmBehavior>${level}</defaultVmBehavior></drsConfig>`;

describe("maintenance-mode drills on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("maintenance");
  });

  after(() => lab.stop());

  afterEach(() => lab.reconfigure(automation("fullyAutomated")));

  const drill = (report: string, watch?: Watch) => lab.observed(report, ["maintenance-mode", "--host", host], watch);

  /** So that the drill has nothing to move there first. */
  async function gather(...vms: string[]): Promise<void> {
    const on = refElement("host", await lab.admin.find("HostSystem", host));
    for (const name of vms) {
      const vm = await lab.admin.find("VirtualMachine", name);
      await lab.admin.task("MigrateVM_Task", vm, on, element("priority", "defaultPriority"));
    }
  }

  /** DRS stops moving VMs once the drill has been allowed. */
  function stopDrs(): { watch: Watch; done: () => Promise<void> | undefined } {
    let done: Promise<void> | undefined;
    const watch: Watch = (soFar) => {
      if (soFar.includes("the steady state holds (")) done ??= lab.reconfigure(automation("manual"));
    };
    return { watch, done: () => done };
  }

  it("pass without a second of downtime, and take the host back into service", async () => {
    const { code, output } = await drill("passed");
    assert.equal(code, 0, output);
    const result = lab.result("passed");
    assert.ok(result.vms.length === 4 && result.vms.every(({ downtimeSeconds }) => downtimeSeconds.lower === 0));
    assert.ok(result.expectations.some(({ id }) => id.startsWith("vm-elsewhere:")));
    assert.match(output, /1 host was put into maintenance mode, and no guest noticed/);
    const checked = await lab.verifier(["check"]);
    assert.equal(checked.code, 0, checked.output);
  });

  it("are refused where DRS moves nothing by itself", async () => {
    await lab.reconfigure(automation("manual"));
    const { code, output } = await drill("refused");
    assert.equal(code, 2, output);
    assert.match(output, /must not go into maintenance mode:\n.*DRS of cluster compute-1 is not fully automated/);
  });

  it("fail for a VM that cannot leave the host", async () => {
    await gather("ubuntu-1", "xp-1");
    const { watch, done } = stopDrs();
    const { code, output } = await drill("stuck", watch);
    await done();
    assert.equal(code, 1, output);
    const missed = lab.missed("stuck");
    for (const id of ["host-evacuated", "vm-elsewhere:ubuntu-1", "vm-elsewhere:xp-1"]) {
      assert.ok(missed.includes(`failed ${id}`), `${id}: ${missed.join()}`);
    }
    assert.match(output, /did not come into maintenance mode, .*ubuntu-1/);
  });

  it("fail for a VM whose service is interrupted, with the seconds", async () => {
    let broken: Promise<() => Promise<void>> | undefined;
    const { code, output } = await drill("interrupted", (soFar) => {
      if (soFar.includes(`${host} is in maintenance mode`)) {
        broken ??= lab.fault({ kind: "guestServiceDown", vm: "xp-2" });
      }
      if (soFar.includes("stopped: ")) void broken?.then((end) => end());
    });
    assert.equal(code, 1, output);
    const failed = lab.missed("interrupted").filter((line) => line.startsWith("failed "));
    assert.deepEqual(failed, ["failed vm-undisturbed:xp-2", "failed not-stopped"]);
    assert.match(output, /^stopped: xp-2 went down, and had nothing to do with what was broken; it answered at 20.*Z/m);
    await stopped("interrupted");
  });

  it("are stopped when they last longer than they may", async () => {
    lab.configure({ ...lab.document, stop: { totalSeconds: 30 } });
    const { code, output } = await lab.drill("late", ["maintenance-mode"]);
    assert.equal(code, 2, output);
    assert.match(output, /^stopped: the drill has lasted longer than 30 s \(stop\.totalSeconds\), since 20/m);
    await stopped("late");
  });

  it("and others are stopped when vCenter is silent for longer than it may be", async () => {
    lab.configure({ ...lab.document, stop: { vcenterSilentSeconds: 10 } });
    let silent: Promise<() => Promise<void>> | undefined;
    const { code, output } = await lab.drill("silent", ["host-loss", "--host", host], (soFar) => {
      if (soFar.includes(`${host} is off`)) silent ??= lab.fault({ kind: "http500", count: 100_000 });
      if (soFar.includes("stopped: ")) void silent?.then((end) => end());
    });
    assert.equal(code, 2, output);
    assert.match(output, /^stopped: vCenter has not answered for 10 s \(stop\.vcenterSilentSeconds\), since 20/m);
    await stopped("silent");
  });

  /** One drill, that was ended early with everything put back. */
  async function stopped(report: string): Promise<void> {
    const { stopped: how, undo } = lab.result(report);
    assert.ok(how !== undefined && undo.done);
    lab.configure(lab.document);
    const { code, output } = await lab.verifier(["check"]);
    assert.equal(code, 0, output);
  }

  it("are inconclusive, never passed, when their own process stood still", async () => {
    let paused = false;
    const { code, output } = await lab.drill("paused", ["maintenance-mode", "--host", host], (soFar, child) => {
      if (paused || !soFar.includes(`${host} is in maintenance mode`)) return;
      paused = true;
      child.kill("SIGSTOP");
      void sleep(2500).then(() => child.kill("SIGCONT"));
    });
    assert.equal(code, 1, output);
    assert.equal(lab.result("paused").verdict, "inconclusive");
    assert.ok(lab.missed("paused").includes("inconclusive observed"), output);
  });

  it("killed while the host is being evacuated, are put back by recover, which ends the evacuation", async () => {
    await gather("ubuntu-1", "xp-1");
    const { watch, done } = stopDrs();
    const { code } = await drill("killed", (soFar, child) => {
      watch(soFar, child);
      if (soFar.includes(`putting ${host} into`)) void sleep(1000).then(() => child.kill("SIGKILL"));
    });
    await done();
    assert.equal(code, null);
    const recovered = await lab.verifier(["recover", "--journal", join(lab.dir, "killed", "journal.json")]);
    assert.equal(recovered.code, 0, recovered.output);
    await lab.reconfigure(automation("fullyAutomated"));
    // Longer than an evacuation that goes on takes.
    await sleep(3000);
    const checked = await lab.verifier(["check"]);
    assert.equal(checked.code, 0, checked.output);
    assert.match(checked.output, /2\d|3\d passed/);
  });
});
