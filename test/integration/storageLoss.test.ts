import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { element, refElement } from "../../verification/vcenter/xml";
import { override } from "./clusterEdits";
import { DrillLab, type Run, type Watch } from "./drillLab";

const disk = "naa.6000c29000000000000000000000a001";

/** The hosts' time-out of APD, which ESXi has at 140. */
const timeoutSeconds = 60;

/** VMs are reset where APD ends after the time-out: no drill ends it before they were terminated. */
function protection(apd: string, pdl: string): string {
  const words = { vmStorageProtectionForAPD: apd, vmTerminateDelayForAPDSec: "30", vmReactionOnAPDCleared: "reset" };
  const fields = Object.entries({ ...words, vmStorageProtectionForPDL: pdl }).map(([key, value]) =>
    element(key, value),
  );
  return element("dasConfig", [
    element("vmComponentProtecting", "enabled"),
    element("defaultVmSettings", [element("vmComponentProtectionSettings", fields)]),
  ]);
}

describe("drills on lost storage on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("storage");
    await lab.reconfigure(protection("restartConservative", "restartAggressive"));
    for (const { name } of lab.document.hosts) await lab.admin.hostOption(name, "Misc.APDTimeout", timeoutSeconds);
  });

  after(() => lab.stop());

  const drill = (report: string, kind: "apd" | "pdl", host: string, watch?: Watch): Promise<Run> =>
    lab.drill(report, [kind, "--host", host], watch);
  const observed = (report: string, kind: "apd" | "pdl", host: string): Promise<Run> =>
    lab.observed(report, [kind, "--host", host]);

  async function inOrder(): Promise<void> {
    const checked = await lab.verifier(["check"]);
    assert.equal(checked.code, 0, checked.output);
  }

  it("are not applicable to PDL while no VM is on VMFS, which is no pass", async () => {
    const { code, output } = await drill("none", "pdl", "esx-01.lab.test");
    assert.equal(code, 2, output);
    assert.match(output, /not applicable to esx-01\.lab\.test: no VM of the target is on a shared VMFS datastore/);
    assert.equal(lab.journal("none").verdict, "not-applicable");
  });

  it("are refused to APD where the host does not handle it, with nothing broken", async () => {
    const [host, handling] = ["esx-01.lab.test", "Misc.APDHandlingEnable"];
    await lab.admin.hostOption(host, handling, 0);
    const truth = readFileSync(lab.lab.truthLog, "utf8");
    const plan = await lab.verifier(["drill", "apd", "--host", host, "--plan"]);
    const run = await drill("unhandled", "apd", host);
    await lab.admin.hostOption(host, handling, 1);
    assert.equal(plan.code, 2, plan.output);
    assert.match(
      plan.output,
      /^ {4}esx-01\.lab\.test does not handle APD: .*set its advanced setting Misc\.APDHandlingEnable to 1$/m,
    );
    assert.equal(run.code, 2, run.output);
    assert.match(run.output, /apd-handled/);
    assert.deepEqual(lab.journal("unhandled").drills, []);
    assert.equal(readFileSync(lab.lab.truthLog, "utf8"), truth);
  });

  it("pass where all paths to the NFS datastores of a host are down: their VMs restart elsewhere", async () => {
    const host = "esx-02.lab.test";
    // HA leaves this one alone, also when its storage is back.
    const left = await lab.admin.find("VirtualMachine", "xp-2");
    await lab.admin.task(
      "MigrateVM_Task",
      left,
      refElement("host", await lab.admin.find("HostSystem", host)),
      element("priority", "defaultPriority"),
    );
    const response = element("vmComponentProtectionSettings", [element("vmStorageProtectionForAPD", "warning")]);
    const end = await override(lab.admin, left, response);
    const { code, output } = await observed("nfs", "apd", host);
    await end();
    assert.equal(code, 0, output);
    const { expectations } = lab.result("nfs");
    assert.match(expectations.find(({ id }) => id === "vm-left-alone:xp-2")?.basis ?? "", /response to APD is warning/);
    const terminated = expectations.filter(({ id }) => id.startsWith("vm-terminated:"));
    assert.ok(terminated.length >= 1);
    for (const { basis, seen } of terminated) {
      assert.match(basis, /: 60 s until APD times out \(esx-02\.lab\.test's Misc\.APDTimeout\), 30 s delay/);
      // By ESXi's default it would come 80 s later.
      const [, latest] = /^terminated [\d.]+ to ([\d.]+) s after the fault/.exec(seen) ?? [];
      assert.ok(Number(latest) >= timeoutSeconds + 30 - 5 && Number(latest) < 140 + 30, seen);
    }
    const affected = lab.result("nfs").vms.filter((vm) => vm.affected);
    assert.ok(affected.some(({ guestOs }) => guestOs === "ubuntu"));
    assert.ok(affected.every(({ vm }) => vm !== "xp-2"));
    assert.ok(affected.every(({ hostBefore, hostAfter }) => hostAfter !== undefined && hostAfter !== hostBefore));
    await inOrder();
  });

  describe("of VMFS", () => {
    const host = "esx-03.lab.test";

    before(async () => {
      await lab.admin.createVmfs(host, disk, "vmfs-1");
      for (const vm of ["ubuntu-1", "xp-1"]) await lab.relocate(vm, "vmfs-1");
    });

    it("pass where its disk is gone for good: its VMs restart elsewhere, and no other notices", async () => {
      const { code, output } = await observed("pdl", "pdl", host);
      assert.equal(code, 0, output);
      const { vms } = lab.result("pdl");
      assert.deepEqual(
        vms.filter((vm) => vm.affected).map(({ vm }) => vm),
        ["ubuntu-1", "xp-1"],
      );
      assert.ok(vms.filter((vm) => !vm.affected).every(({ downtimeSeconds }) => downtimeSeconds.lower === 0));
      await inOrder();
    });

    it("fail, with the numbers, for a VM that is kept from restarting", async () => {
      const end = await lab.fault({ kind: "restartFails", vm: "xp-1" });
      let lifted: Promise<void> | undefined;
      const { code, output } = await drill("prevented", "pdl", host, (soFar) => {
        if (soFar.includes("bringing vmfs-1 back")) lifted ??= end();
      });
      await lifted;
      assert.equal(code, 1, output);
      const missed = lab.missed("prevented");
      for (const id of ["vm-answers:xp-1", "vm-elsewhere:xp-1", "vm-restarted:xp-1"]) {
        assert.ok(missed.includes(`failed ${id}`), missed.join());
      }
      assert.ok(!missed.includes("failed vm-terminated:xp-1"), missed.join());
    });

    it("pass where the settings leave its VMs alone when their disk is gone", async () => {
      await lab.reconfigure(protection("restartConservative", "disabled"));
      const { code, output } = await observed("left", "pdl", host);
      assert.equal(code, 0, output);
      const { expectations, vms } = lab.result("left");
      assert.ok(expectations.some(({ id }) => id === "vm-left-alone:ubuntu-1"));
      assert.ok(vms.every(({ affected }) => !affected));
    });

    it("killed while all paths are down, are put back by recover", async () => {
      const { code } = await drill("killed", "apd", host, (soFar, child) => {
        if (soFar.includes(`${host} has lost vmfs-1`)) child.kill("SIGKILL");
      });
      assert.equal(code, null);
      const { undo } = lab.result("killed");
      assert.deepEqual(undo.fault.kind === "apd" && undo.fault.paths, ["vmhba64:C0:T0:L0", "vmhba65:C0:T0:L0"]);
      const recovered = await lab.verifier(["recover", "--journal", join(lab.dir, "killed", "journal.json")]);
      assert.equal(recovered.code, 0, recovered.output);
      assert.match(recovered.output, /has vmfs-1 again/);
      await inOrder();
    });
  });
});
