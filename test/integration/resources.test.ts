import assert from "node:assert/strict";
import type { Stack } from "@pulumi/pulumi/automation";
import * as vsphere from "@pulumi/vsphere";
import { assertSettled, changed, inlineStack, labOfSuite } from "./inlineStack";
import { wholeInventory } from "./inventory";

/** What the second deployment changes: one property of every resource that has one to change. */
interface Variant {
  text: string;
  number: number;
  enabled: boolean;
}

const first: Variant = { text: "first", number: 1, enabled: false };
const second: Variant = { text: "second", number: 2, enabled: true };

/** Every kind of resource that the library and its users' stacks declare, once; with what import needs to find each. */
function everything(v: Variant, password: string): () => Promise<void> {
  return (): Promise<void> => {
    const category = new vsphere.TagCategory("category", {
      name: "category",
      cardinality: "MULTIPLE",
      associableTypes: ["Folder", "VirtualMachine", "ClusterComputeResource", "Datastore"],
      description: v.text,
    });
    const tag = new vsphere.Tag("tag", { name: "tag", categoryId: category.id, description: v.text });
    const attribute = new vsphere.CustomAttribute("attribute", { name: `attribute-${v.text}` });
    const tags = [tag.id];
    const policy = new vsphere.VmStoragePolicy("policy", {
      name: `policy-${v.text}`,
      description: v.text,
      tagRules: [{ tagCategory: category.name, tags: [tag.name], includeDatastoresWithTags: true }],
    });
    const customAttributes = attribute.id.apply((id) => ({ [id]: v.text }));

    const dc = new vsphere.Datacenter("dc", { name: "everything" });
    const folder = new vsphere.Folder("folder", {
      path: `machines-${v.text}`,
      type: "vm",
      datacenterId: dc.moid,
      tags,
      customAttributes,
    });
    const host = (i: number): vsphere.Host =>
      new vsphere.Host(`host${i}`, {
        hostname: `esx-0${i + 1}.lab.test`,
        username: "root",
        password,
        datacenter: dc.moid,
        clusterManaged: true,
        lockdown: v.enabled && i === 0 ? "normal" : "disabled",
      });
    const [host0, host1] = [host(0), host(1)];
    const hostIds = [host0.id, host1.id];
    const nas = new vsphere.NasDatastore("nas", {
      name: `nas-${v.text}`,
      hostSystemIds: hostIds,
      type: "NFS",
      remoteHosts: ["nfs.lab.test"],
      remotePath: "/exports/ha-a",
      tags,
    });
    const vmfs = new vsphere.VmfsDatastore("vmfs", {
      name: `vmfs-${v.text}`,
      hostSystemId: host0.id,
      disks: ["naa.6000c29000000000000000000000a001"],
    });
    const cluster = new vsphere.ComputeCluster("cluster", {
      name: `cluster-${v.text}`,
      datacenterId: dc.moid,
      hostSystemIds: hostIds,
      haEnabled: true,
      haDatastoreApdResponseDelay: 180,
      haVmMaximumResets: 3 + v.number,
      haHeartbeatDatastoreIds: [nas.id],
      haAdmissionControlPolicy: "disabled",
      drsEnabled: true,
      drsAutomationLevel: "fullyAutomated",
      forceEvacuateOnDestroy: true,
      tags,
    });
    const vswitch = new vsphere.HostVirtualSwitch("vswitch", {
      name: "vSwitch1",
      hostSystemId: host0.id,
      networkAdapters: ["vmnic2"],
      activeNics: ["vmnic2"],
      standbyNics: [],
      mtu: v.enabled ? 9000 : 1500,
    });
    const portGroup = new vsphere.HostPortGroup("portgroup", {
      name: "standard",
      hostSystemId: host0.id,
      virtualSwitchName: vswitch.name,
      vlanId: v.number,
    });
    const dvs = new vsphere.DistributedVirtualSwitch("dvs", {
      name: "dvs",
      datacenterId: dc.moid,
      maxMtu: v.enabled ? 9000 : 1500,
      hosts: hostIds.map((hostSystemId) => ({ hostSystemId, devices: ["vmnic3"] })),
    });
    const dpg = new vsphere.DistributedPortGroup("dpg", {
      name: "distributed",
      distributedVirtualSwitchUuid: dvs.id,
      vlanId: 100 + v.number,
    });
    const pool = new vsphere.ResourcePool("pool", {
      name: "pool",
      parentResourcePoolId: cluster.resourcePoolId,
      cpuLimit: v.number * 1000,
    });
    const machine = (i: number): vsphere.VirtualMachine =>
      new vsphere.VirtualMachine(
        `vm${i}`,
        {
          name: `vm-${i}`,
          resourcePoolId: pool.id,
          datastoreId: nas.id,
          folder: folder.path,
          guestId: "ubuntu64Guest",
          numCpus: v.number,
          memory: 512,
          annotation: v.text,
          storagePolicyId: policy.id,
          scsiType: "lsilogic",
          networkInterfaces: [{ networkId: dpg.id, adapterType: "vmxnet3" }],
          disks: [{ label: "disk0", size: 4 + v.number }],
          waitForGuestNetTimeout: 0,
          tags,
        },
        { dependsOn: [portGroup, vmfs] },
      );
    const [vm0, vm1] = [machine(0).id, machine(1).id];
    const vmIds = [vm0, vm1];
    const common = { computeClusterId: cluster.id };
    const vmGroup = new vsphere.ComputeClusterVmGroup("vmgroup", {
      ...common,
      name: "vms",
      virtualMachineIds: v.enabled ? vmIds : [vm0],
    });
    const otherGroup = new vsphere.ComputeClusterVmGroup("othergroup", {
      ...common,
      name: "others",
      virtualMachineIds: [vm1],
    });
    const hostGroup = new vsphere.ComputeClusterHostGroup("hostgroup", {
      ...common,
      name: "hosts",
      hostSystemIds: v.enabled ? hostIds : [host0.id],
    });
    new vsphere.ComputeClusterVmHostRule("vmhost", {
      ...common,
      name: "vm-host",
      vmGroupName: vmGroup.name,
      affinityHostGroupName: hostGroup.name,
      enabled: v.enabled,
    });
    new vsphere.ComputeClusterVmDependencyRule("dependency", {
      ...common,
      name: "dependency",
      vmGroupName: otherGroup.name,
      dependencyVmGroupName: vmGroup.name,
      enabled: v.enabled,
    });
    new vsphere.ComputeClusterVmAntiAffinityRule("anti", {
      ...common,
      name: "apart",
      virtualMachineIds: vmIds,
      enabled: v.enabled,
    });
    new vsphere.ComputeClusterVmAffinityRule("affinity", {
      ...common,
      name: "together",
      virtualMachineIds: vmIds,
      enabled: false,
      mandatory: v.enabled,
    });
    new vsphere.HaVmOverride("ha", {
      ...common,
      virtualMachineId: vm0,
      haVmRestartPriority: v.enabled ? "highest" : "low",
    });
    new vsphere.DrsVmOverride("drs", {
      ...common,
      virtualMachineId: vm0,
      drsEnabled: true,
      drsAutomationLevel: v.enabled ? "manual" : "partiallyAutomated",
    });
    new vsphere.DpmHostOverride("dpm", { ...common, hostSystemId: host0.id, dpmEnabled: v.enabled });
    return Promise.resolve();
  };
}

const clusterPath = "/everything/host/cluster-second";

/** The identifier of what belongs to a cluster. */
const inCluster = (of: Record<string, string>): (() => string) => {
  const id = JSON.stringify({ compute_cluster_path: clusterPath, ...of });
  return () => id;
};
const ofMachine = { virtual_machine_path: "/everything/vm/machines-second/vm-0" };

/** The import identifiers of the provider's documentation, for the second variant. Storage policies cannot be imported. */
const imports: [type: string, name: string, id: (ids: Map<string, string>) => string][] = [
  ["vsphere:index/datacenter:Datacenter", "dc", () => "/everything"],
  ["vsphere:index/folder:Folder", "folder", () => "/everything/vm/machines-second"],
  ["vsphere:index/computeCluster:ComputeCluster", "cluster", () => "/everything/host/cluster-second"],
  ["vsphere:index/host:Host", "host1", (ids) => ids.get("host1") ?? ""],
  ["vsphere:index/nasDatastore:NasDatastore", "nas", (ids) => ids.get("nas") ?? ""],
  ["vsphere:index/vmfsDatastore:VmfsDatastore", "vmfs", (ids) => `${ids.get("vmfs") ?? ""}:${ids.get("host0") ?? ""}`],
  ["vsphere:index/hostVirtualSwitch:HostVirtualSwitch", "vswitch", (ids) => ids.get("vswitch") ?? ""],
  ["vsphere:index/hostPortGroup:HostPortGroup", "portgroup", (ids) => ids.get("portgroup") ?? ""],
  ["vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch", "dvs", () => "/everything/network/dvs"],
  ["vsphere:index/distributedPortGroup:DistributedPortGroup", "dpg", () => "/everything/network/distributed"],
  ["vsphere:index/resourcePool:ResourcePool", "pool", () => "/everything/host/cluster-second/Resources/pool"],
  ["vsphere:index/virtualMachine:VirtualMachine", "vm0", () => "/everything/vm/machines-second/vm-0"],
  ["vsphere:index/computeClusterVmGroup:ComputeClusterVmGroup", "vmgroup", inCluster({ name: "vms" })],
  ["vsphere:index/computeClusterHostGroup:ComputeClusterHostGroup", "hostgroup", inCluster({ name: "hosts" })],
  ["vsphere:index/computeClusterVmHostRule:ComputeClusterVmHostRule", "vmhost", inCluster({ name: "vm-host" })],
  [
    "vsphere:index/computeClusterVmDependencyRule:ComputeClusterVmDependencyRule",
    "dependency",
    inCluster({ name: "dependency" }),
  ],
  [
    "vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule",
    "anti",
    inCluster({ name: "apart" }),
  ],
  [
    "vsphere:index/computeClusterVmAffinityRule:ComputeClusterVmAffinityRule",
    "affinity",
    inCluster({ name: "together" }),
  ],
  ["vsphere:index/haVmOverride:HaVmOverride", "ha", inCluster(ofMachine)],
  ["vsphere:index/drsVmOverride:DrsVmOverride", "drs", inCluster(ofMachine)],
  ["vsphere:index/dpmHostOverride:DpmHostOverride", "dpm", inCluster({ host_path: `${clusterPath}/esx-01.lab.test` })],
  ["vsphere:index/tagCategory:TagCategory", "category", () => "category"],
  ["vsphere:index/tag:Tag", "tag", () => JSON.stringify({ category_name: "category", tag_name: "tag" })],
  ["vsphere:index/customAttribute:CustomAttribute", "attribute", () => "attribute-second"],
];

describe("every kind of resource", function () {
  this.timeout(600_000);
  const lab = labOfSuite("resources");
  let inventoryBefore: string[];
  let stack: Stack;
  let ids: Map<string, string>;
  const deploy = async (v: Variant): Promise<Record<string, number | undefined>> => {
    stack.workspace.program = everything(v, process.env.VSPHERE_HA_HOST_PASSWORD ?? "");
    return changed((await stack.up()).summary.resourceChanges);
  };

  before(async () => {
    inventoryBefore = await wholeInventory(lab().env);
    stack = await inlineStack("everything", everything(first, process.env.VSPHERE_HA_HOST_PASSWORD ?? ""));
  });

  it("is created, and then has nothing to change", async () => {
    assert.deepEqual(Object.keys(await deploy(first)), ["create"]);
    await assertSettled(stack);
  });

  it("is updated in place, and then has nothing to change", async () => {
    const operations = await deploy(second);
    assert.deepEqual(Object.keys(operations), ["update"], JSON.stringify(operations));
    await assertSettled(stack);
    const state = (await stack.exportStack()).deployment as { resources: { urn: string; id?: string }[] };
    ids = new Map(state.resources.map((r) => [r.urn.split("::").pop() ?? "", r.id ?? ""]));
  });

  it("is imported as it is, and then nothing differs", async () => {
    const imported = await inlineStack("adopted", () => Promise.resolve({}));
    const resources = imports.map(([type, name, id]) => ({ type, name, id: id(ids) }));
    await imported.import({ resources, generateCode: false, protect: false });
    assert.deepEqual(changed((await imported.refresh()).summary.resourceChanges), {});
  });

  it("is deleted, and leaves the inventory as it was", async () => {
    await stack.destroy();
    assert.deepEqual(await wholeInventory(lab().env), inventoryBefore);
  });
});
