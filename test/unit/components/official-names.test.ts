import assert from "node:assert/strict";
import { EsxiCluster, PostDeployCheck, UbuntuVm, VmPlacement, WindowsXpVm } from "../../../components";
import { registered } from "./mocks";
import official from "./official-names.json";

/** A program that uses every part of the library. */
function everything(): void {
  const cluster = new EsxiCluster("c", {
    datacenter: { name: "New" },
    hosts: [
      { name: "esx-01", password: "p", thumbprint: Array(20).fill("ab").join(":"), license: "l", lockdown: "normal" },
      { name: "esx-02", existing: true },
    ],
    datastores: [
      { name: "ha-a", nfs: { server: "nfs", path: "/a" } },
      { name: "ha-b", vmfs: { disk: "naa.1" } },
      { name: "ha-c", existing: true },
    ],
    portGroups: [{ name: "vm-ha" }],
    ha: {
      admissionControlPolicy: "failoverHosts",
      admissionControlFailoverHosts: ["esx-02"],
      advancedOptions: { "das.heartbeatDsPerHost": "2" },
    },
    drs: { advancedOptions: { a: "b" } },
    proactiveHa: { providerIds: ["p"] },
  });
  const { target } = cluster;
  new EsxiCluster("old", {
    datacenter: { name: "Lab", existing: true },
    hosts: ["a", "b"].map((name) => ({ name, existing: true })),
    datastores: ["d", "e"].map((name) => ({ name, existing: true })),
  });
  const cloned = new UbuntuVm("cloned", { target, template: "t", datastore: "ha-a", network: "vm-ha" });
  const ova = { path: "x.ova", network: "n" };
  const deployed = new WindowsXpVm("deployed", { target, ova, datastore: "ha-b", network: "VM Network" });
  new UbuntuVm("blank", { target, datastore: "ha-c", network: "vm-ha" });
  new VmPlacement("p", {
    target,
    vms: { a: cloned.vmId, b: deployed.vmId },
    haOverrides: [{ vm: "a", monitoring: {} }],
    drsOverrides: [{ vm: "a" }],
    affinityRules: [{ name: "together", vms: ["a", "b"] }],
    antiAffinityRules: [{ name: "apart", vms: ["a", "b"], enabled: false }],
    vmGroups: [
      { name: "first", vms: ["a"] },
      { name: "later", vms: ["b"] },
    ],
    hostGroups: [{ name: "hosts", hosts: ["esx-01"] }],
    vmHostRules: [
      { name: "on", vmGroup: "first", hostGroup: "hosts" },
      { name: "off", vmGroup: "later", hostGroup: "hosts", keepOff: true },
    ],
    dependencyRules: [{ name: "order", vmGroup: "later", dependsOnVmGroup: "first" }],
  });
  new PostDeployCheck("check", { target, vms: [cloned.testVm] });
}

type Names = Record<string, { inputs: string[]; required?: string[]; outputsOnly?: string[] }>;
const names: Names = { ...official.resources, ...official.functions };

/** official-names.json is an extract of the schema of the official provider, version 4.17.0. */
describe("the library, beside the official vSphere provider", () => {
  it("uses its resources, functions and fields only", async () => {
    const used = (await registered(everything)).filter(({ type }) => type.startsWith("vsphere:"));
    for (const { type, inputs } of used) {
      const known = names[type];
      assert.ok(known, `${type} is not in the official provider`);
      const strange = Object.keys(inputs).filter((field) => !known.inputs.includes(field));
      assert.deepEqual(strange, [], `fields of ${type}`);
      const missing = (known.required ?? []).filter((field) => !(field in inputs));
      assert.deepEqual(missing, [], `required fields of ${type}`);
    }
    assert.deepEqual(Object.keys(names).sort(), [...new Set(used.map(({ type }) => type))].sort());
  });

  it("reads outputs that it has", () => {
    const outputs = {
      "vsphere:index/datacenter:Datacenter": "moid",
      "vsphere:index/computeCluster:ComputeCluster": "resourcePoolId",
      "vsphere:index/virtualMachine:VirtualMachine": "moid",
    };
    for (const [type, output] of Object.entries(outputs)) {
      assert.ok(names[type]?.outputsOnly?.includes(output), `${type}.${output}`);
    }
    const template = official.functions["vsphere:index/getVirtualMachine:getVirtualMachine"].outputs;
    assert.ok(["id", "disks"].every((output) => template.includes(output)));
  });
});
