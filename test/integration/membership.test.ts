import assert from "node:assert/strict";
import type { OpMap, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import * as vsphere from "@pulumi/vsphere";
import { EsxiCluster, type EsxiHostArgs, UbuntuVm } from "../../components";
import { assertSettled, changed, inlineStack, labOfSuite } from "./inlineStack";
import { wholeInventory } from "./inventory";

const existing = ["esx-01.lab.test", "esx-02.lab.test"];

/** Hosts that another stack added to vCenter. */
function foreignHosts(password: string): PulumiFn {
  return () => {
    const datacenter = vsphere.getDatacenterOutput({ name: "Lab" }).id;
    for (const hostname of existing) {
      new vsphere.Host(hostname, { datacenter, clusterManaged: true, hostname, username: "root", password });
    }
    return Promise.resolve();
  };
}

function clusterOf(hosts: EsxiHostArgs[]): PulumiFn {
  return () => {
    const { target } = new EsxiCluster("c", {
      datacenter: { name: "Lab", existing: true },
      hosts,
      datastores: ["a", "b"].map((letter) => ({
        name: `ha-${letter}`,
        nfs: { server: "nfs.lab.test", path: `/exports/ha-${letter}` },
      })),
      portGroups: [{ name: "vm-ha" }],
    });
    new UbuntuVm("u", { target, template: "ubuntu-13.10", datastore: "ha-a", network: "vm-ha" });
    return Promise.resolve();
  };
}

describe("the hosts of a cluster", function () {
  this.timeout(300_000);
  const lab = labOfSuite("membership");
  let foreign: Stack;
  let stack: Stack;
  let inventoryBefore: string[];
  const adopted = existing.map((name) => ({ name, existing: true }));
  const password = (): string => lab().env.VSPHERE_HA_HOST_PASSWORD ?? "";

  const deploy = async (hosts: EsxiHostArgs[]): Promise<OpMap> => {
    stack.workspace.program = clusterOf(hosts);
    return changed((await stack.up()).summary.resourceChanges);
  };

  before(async () => {
    foreign = await inlineStack("foreign", foreignHosts(password()));
    await foreign.up();
    inventoryBefore = await wholeInventory(lab().env);
    stack = await inlineStack("own", clusterOf(adopted));
  });

  it("may exist before it, and then belong to both stacks without a conflict", async () => {
    await stack.up();
    await assertSettled(stack);
    assert.deepEqual(changed((await foreign.preview()).changeSummary), {});
    assert.deepEqual(changed((await foreign.refresh()).summary.resourceChanges), {});
  });

  it("take one more, which gets everything that the others have", async () => {
    const more = { name: "esx-03.lab.test", password: password() };
    assert.deepEqual(await deploy([...adopted, more]), { create: 2, update: 3 });
    await assertSettled(stack);
  });

  it("let one go, after a deployment that puts it in maintenance mode", async () => {
    const leaving = { name: "esx-03.lab.test", password: password(), maintenance: true };
    assert.deepEqual(await deploy([...adopted, leaving]), { update: 1 });
    await assertSettled(stack);
    assert.deepEqual(await deploy(adopted), { delete: 2, update: 3 });
    await assertSettled(stack);
  });

  it("stay in vCenter when the cluster goes, if they existed before it", async () => {
    await stack.destroy();
    assert.deepEqual(await wholeInventory(lab().env), inventoryBefore);
    assert.deepEqual(changed((await foreign.preview()).changeSummary), {});
  });
});
