import assert from "node:assert/strict";
import { novaSettings } from "../../../../verification/openstack/novaConf";
import { CouldNotRun } from "../../../../verification/problems";

describe("nova's configuration", () => {
  it("has nova's defaults where it says nothing", () => {
    assert.deepEqual(novaSettings(["[vmware]\nhost_ip = vc\n"]), { syncPowerStateInterval: 600, insecure: false });
  });

  it("is read as oslo.config reads it: later values and files replace earlier ones, sections may come again", () => {
    const files = [
      "[DEFAULT]\n# sync_power_state_interval = 1\nsync_power_state_interval = 30\n[vmware]\ninsecure = True\n",
      "[vmware]\nhost_ip: vc\n[DEFAULT]\nsync_power_state_interval=-1\n",
    ];
    assert.deepEqual(novaSettings(files), { syncPowerStateInterval: -1, insecure: true });
  });

  it("takes an option of its own section only, and no continuation for one", () => {
    const text = "[libvirt]\nsync_power_state_interval = 5\n[DEFAULT]\nx = 1\n  sync_power_state_interval = 5\n";
    assert.equal(novaSettings([text]).syncPowerStateInterval, 600);
  });

  it("is not insecure with a CA file, which nova prefers", () => {
    assert.equal(novaSettings(["[vmware]\ninsecure = true\nca_file = /etc/ca.pem\n"]).insecure, false);
    assert.equal(novaSettings(['[vmware]\ninsecure = "yes"\nca_file =\n']).insecure, true);
  });

  it("is refused with a value that nova refuses, without showing it", () => {
    const text = "[DEFAULT]\nsync_power_state_interval = hunter2\n";
    assert.throws(
      () => novaSettings([text]),
      (error) => error instanceof CouldNotRun && !error.message.includes("hunter2"),
    );
  });
});
