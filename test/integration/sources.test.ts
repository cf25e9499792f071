import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { EsxiCluster, UbuntuVm, WindowsXpVm } from "../../components";
import { parseConfig } from "../../verification/config";
import { connect } from "../../verification/vcenter/client";
import { assertSettled, inlineStack, labOfSuite } from "./inlineStack";
import { wholeInventory } from "./inventory";

/** Packs the OVF and an empty disk of the size that it states. */
function makeOva(folder: string): string {
  copyFileSync(join(__dirname, "fixtures", "ubuntu.ovf"), join(folder, "ubuntu.ovf"));
  writeFileSync(join(folder, "disk.vmdk"), Buffer.alloc(65536));
  execFileSync("tar", ["--create", "--file", "ubuntu.ova", "ubuntu.ovf", "disk.vmdk"], { cwd: folder });
  return join(folder, "ubuntu.ova");
}

/** One machine of each source. */
function program(ova: string, password: string): PulumiFn {
  return () => {
    const { target } = new EsxiCluster("c", {
      datacenter: { name: "Lab", existing: true },
      hosts: ["esx-01", "esx-02"].map((name) => ({ name: `${name}.lab.test`, password })),
      datastores: ["a", "b"].map((letter) => ({
        name: `ha-${letter}`,
        nfs: { server: "nfs.lab.test", path: `/exports/ha-${letter}` },
      })),
      portGroups: [{ name: "vm-ha" }],
    });
    const common = { target, datastore: "ha-a", network: "vm-ha" };
    new UbuntuVm("cloned-ubuntu", { ...common, template: "ubuntu-13.10", memoryMb: 2048, diskGb: 10 });
    new WindowsXpVm("cloned-xp", { ...common, template: "windows-xp-sp3" });
    new UbuntuVm("from-ova", { ...common, ova: { path: ova, network: "nat" } });
    new WindowsXpVm("blank", { ...common, network: "VM Network" });
    return Promise.resolve();
  };
}

describe("virtual machines", function () {
  this.timeout(300_000);
  const lab = labOfSuite("sources");
  let stack: Stack;
  let inventoryBefore: string[];

  before(async () => {
    const { dir, env } = lab();
    inventoryBefore = await wholeInventory(env);
    stack = await inlineStack("sources", program(makeOva(dir), env.VSPHERE_HA_HOST_PASSWORD ?? ""));
  });

  it("are cloned, deployed from an OVA, or blank, and then have nothing to change", async () => {
    await stack.up();
    await assertSettled(stack);
  });

  it("have nothing to change after they moved to another host, wherever they came from", async () => {
    const config = parseConfig({ cluster: { datacenter: "Lab", name: "c" }, hosts: [], vms: [] }, lab().env);
    const vcenter = await connect(config, lab().env);
    try {
      const { vms, hosts } = await vcenter.inventory();
      const own = vms.filter(({ system }) => !system);
      assert.equal(own.length, 4);
      for (const { id, hostId } of own) {
        const other = hosts.find((host) => host.id !== hostId);
        assert.ok(other);
        await vcenter.moveVm(id, other.id);
      }
    } finally {
      await vcenter.close();
    }
    await assertSettled(stack);
  });

  it("are taken away", async () => {
    await stack.destroy();
    assert.deepEqual(await wholeInventory(lab().env), inventoryBefore);
  });
});
