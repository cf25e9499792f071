import assert from "node:assert/strict";
import { join } from "node:path";
import { DrillLab, type Watch } from "./drillLab";

const monitoring = (mode: string): string => `<dasConfig><vmMonitoring>${mode}</vmMonitoring></dasConfig>`;

describe("guest-hang drills on the lab", function () {
  this.timeout(300_000);
  let lab: DrillLab;

  before(async () => {
    lab = await DrillLab.start("guest-hang");
    await lab.reconfigure(monitoring("vmMonitoringOnly"));
  });

  after(() => lab.stop());

  const drill = (report: string, vm: string, watch?: Watch) => lab.observed(report, ["guest-hang", "--vm", vm], watch);

  async function inOrder(): Promise<void> {
    const { code, output } = await lab.verifier(["check"]);
    assert.equal(code, 0, output);
  }

  for (const vm of ["ubuntu-1", "xp-1"]) {
    it(`pass when HA resets ${vm}, where it runs and in time`, async () => {
      const { code, output } = await drill("passed", vm);
      assert.equal(code, 0, output);
      const result = lab.result("passed");
      const hung = result.vms.find((one) => one.vm === vm);
      assert.equal(hung?.hostAfter, hung?.hostBefore);
      // The I/O interval is the longest of what HA waits for.
      assert.ok((hung?.shares?.detectionSeconds ?? 0) >= 110, JSON.stringify(hung?.shares));
      assert.ok(result.vms.every((one) => one.vm === vm || one.downtimeSeconds.lower === 0));
      assert.match(output, /1 guest was made to hang, and HA reset it/);
      await inOrder();
    });
  }

  it("fail when HA does not reset the guest, which is then reset by the drill", async () => {
    const end = await lab.fault({ kind: "resetFails", vm: "ubuntu-2" });
    const { code, output } = await drill("not-reset", "ubuntu-2");
    await end();
    assert.equal(code, 1, output);
    const missed = lab.missed("not-reset");
    for (const id of ["vm-reset:ubuntu-2", "vm-answers:ubuntu-2"]) {
      assert.ok(missed.includes(`failed ${id}`), missed.join());
    }
    assert.match(output, /answered again [\d.]+ to [\d.]+ s|still down [\d.]+ s/);
    await inOrder();
  });

  it("are not applicable where VM monitoring is off", async () => {
    await lab.reconfigure(monitoring("vmMonitoringDisabled"));
    const { code, output } = await drill("off", "ubuntu-1");
    await lab.reconfigure(monitoring("vmMonitoringOnly"));
    assert.equal(code, 2, output);
    assert.match(output, /not applicable: VM monitoring of ubuntu-1 is off/);
  });

  it("killed while the guest hangs, are put back by recover", async () => {
    const { code } = await drill("killed", "xp-2", (soFar, child) => {
      if (soFar.includes("the guest of xp-2 hangs")) child.kill("SIGKILL");
    });
    assert.equal(code, null);
    const recovered = await lab.verifier(["recover", "--journal", join(lab.dir, "killed", "journal.json")]);
    assert.equal(recovered.code, 0, recovered.output);
    await inOrder();
  });

  it("take a command of the user's, without our passwords in its environment", async () => {
    const command = ["/bin/sh", "-c", 'env | grep -c PASSWORD >&2; echo "no way to hang $VM_NAME" >&2; exit 1'];
    lab.configure({ ...lab.document, guests: { ubuntu: { hang: { command } } } });
    const { code, output } = await drill("command", "ubuntu-1");
    lab.configure(lab.document);
    assert.equal(code, 2, output);
    assert.match(output, /the command \/bin\/sh failed: no way to hang ubuntu-1/);
  });

  it("break nothing without the guests' password", async () => {
    const args = ["drill", "guest-hang", "--vm", "ubuntu-1", "--report", join(lab.dir, "no-password")];
    const { code, output } = await lab.verifier(args, undefined, { VSPHERE_HA_GUEST_PASSWORD: "wrong" });
    assert.equal(code, 2, output);
    assert.match(output, /guest operations in ubuntu-1: the guest refuses user root/);
    assert.deepEqual(lab.journal("no-password").drills, []);
  });
});
