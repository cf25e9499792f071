import assert from "node:assert/strict";
import { asCreated, isFindable, leftBehind } from "../../../../verification/deploy/leftBehind";
import type { StateResource } from "../../../../verification/deploy/state";
import type { TreeObject } from "../../../../verification/vcenter/tree";
import { at, parseXml } from "../../../../verification/vcenter/xml";

function object(
  type: string,
  id: string,
  name: string,
  parent?: string,
  properties: Record<string, string> = {},
): TreeObject {
  const read = Object.entries(properties).map(([path, xml]): [string, NonNullable<ReturnType<typeof at>>] => {
    return [path, at(parseXml(xml), "val") ?? ""];
  });
  return { type, id, name, parent, properties: new Map(read) };
}

const portGroups =
  '<val xmlns:xsi="x" xsi:type="ArrayOfHostPortGroup"><HostPortGroup><spec><name>vm-ha</name></spec></HostPortGroup></val>';
const configuration = `<val xmlns:xsi="x">
<dasVmConfig><key>vm-1</key></dasVmConfig><drsVmConfig><key>vm-2</key></drsVmConfig>
<rule xsi:type="ClusterAntiAffinityRuleSpec"><key>7</key><name>a%2fb</name></rule>
<rule xsi:type="ClusterAffinityRuleSpec"><key>8</key><name>pair</name></rule>
<rule xsi:type="ClusterVmHostRuleInfo"><key>9</key><name>left</name></rule>
<rule xsi:type="ClusterDependencyRuleInfo"><key>10</key><name>order</name></rule>
<group xsi:type="ClusterVmGroup"><name>web</name></group><group xsi:type="ClusterHostGroup"><name>rack</name></group></val>`;

/** Two datacenters of the same shape, but for the cluster's settings; dc-2 is in a folder. */
const tree: TreeObject[] = [
  object("Folder", "group-d1", "Datacenters"),
  object("Folder", "group-d2", "europe", "group-d1"),
  ...[1, 2].flatMap((n) => {
    const [dc, of] = [`datacenter-${n.toString()}`, (id: string) => `${id}-${n.toString()}`];
    return [
      object("Datacenter", dc, `dc-${n.toString()}`, `group-d${n.toString()}`),
      object("Folder", of("group-h"), "host", dc),
      object("Folder", of("group-s"), "datastore", dc),
      object("Folder", of("group-v"), "vm", dc),
      object("Folder", of("group-w"), "web", of("group-v")),
      object("ClusterComputeResource", of("domain-c"), "ha", of("group-h"), { configurationEx: configuration }),
      object("HostSystem", of("host-in"), "esx-in", of("domain-c"), { "config.network.portgroup": portGroups }),
      object("ComputeResource", of("domain-s"), "esx-alone", of("group-h")),
      object("HostSystem", of("host-alone"), "esx-alone", of("domain-s")),
      object("Datastore", of("datastore"), "ha-a", of("group-s")),
    ];
  }),
  ...[1, 2].map((n) =>
    object("VirtualMachine", `vm-${n.toString()}`, `ubuntu-${n.toString()}`, n === 1 ? "group-v-1" : "group-w-1", {
      "config.uuid": `<val>uuid-${n.toString()}</val>`,
    }),
  ),
];

function fitting(type: string, inputs: Record<string, unknown>, resources: Partial<StateResource>[] = []): string[] {
  const kind = type.charAt(0).toLowerCase() + type.slice(1);
  const resource = { urn: "urn:pulumi:dev::p::t::it", type: `vsphere:index/${kind}:${type}`, inputs };
  assert.ok(isFindable(resource.type));
  const found = leftBehind(resource, { version: 3, deployment: { resources } }, tree);
  return found.fits.map(({ id, object: told }) => `${id} ${told}`);
}

describe("what a killed deployment may have created", () => {
  it("is a datacenter of that name in the root folder", () => {
    assert.deepEqual(fitting("Datacenter", { name: "dc-1" }), ["dc-1 datacenter dc-1 (datacenter-1)"]);
    assert.deepEqual(fitting("Datacenter", { name: "dc-2" }), []);
    assert.deepEqual(fitting("Datacenter", { name: "dc-1", folder: "europe" }), []);
  });

  it("is a host of that name that stands alone in the datacenter, or is in a cluster of the stack", () => {
    const alone = { hostname: "esx-alone", datacenter: "datacenter-1" };
    assert.deepEqual(fitting("Host", alone), ["host-alone-1 host esx-alone (host-alone-1)"]);
    assert.deepEqual(fitting("Host", { ...alone, hostname: "esx-other" }), []);
    const inside = { hostname: "esx-in", datacenter: "datacenter-1" };
    assert.deepEqual(fitting("Host", inside), []);
    assert.deepEqual(fitting("Host", inside, [{ id: "domain-c-2" }]), ["host-in-2 host esx-in (host-in-2)"]);
    assert.deepEqual(fitting("Host", { hostname: "esx-in", cluster: "domain-c-1" }), [
      "host-in-1 host esx-in (host-in-1)",
    ]);
  });

  it("is a cluster of that name in that datacenter and folder", () => {
    const there = { name: "ha", datacenterId: "datacenter-2" };
    assert.deepEqual(fitting("ComputeCluster", there), ["domain-c-2 cluster ha (domain-c-2)"]);
    assert.deepEqual(fitting("ComputeCluster", { ...there, name: "hb" }), []);
    assert.deepEqual(fitting("ComputeCluster", { ...there, folder: "racks" }), []);
  });

  it("is a datastore of that name in its host's datacenter", () => {
    const nas = { name: "ha-a", hostSystemIds: ["host-in-1", "host-in-2"] };
    assert.deepEqual(fitting("NasDatastore", nas), ["datastore-1 datastore ha-a (datastore-1)"]);
    assert.deepEqual(fitting("NasDatastore", { name: "ha-a" }), []);
    assert.deepEqual(fitting("NasDatastore", { ...nas, name: "ha-b" }), []);
    assert.deepEqual(fitting("VmfsDatastore", { name: "ha-a", hostSystemId: "host-in-2" }), [
      "datastore-2 datastore ha-a (datastore-2)",
    ]);
    assert.deepEqual(fitting("VmfsDatastore", { name: "ha-a", hostSystemId: "host-gone" }), []);
  });

  it("is a virtual machine of that name in that folder", () => {
    assert.deepEqual(fitting("VirtualMachine", { name: "ubuntu-1" }), ["uuid-1 virtual machine ubuntu-1 (vm-1)"]);
    assert.deepEqual(fitting("VirtualMachine", { name: "ubuntu-2" }), []);
    assert.deepEqual(fitting("VirtualMachine", { name: "ubuntu-2", folder: "/web/" }), [
      "uuid-2 virtual machine ubuntu-2 (vm-2)",
    ]);
    assert.deepEqual(fitting("VirtualMachine", { name: "ubuntu-1", folder: "web" }), []);
  });

  it("is a port group that the host has", () => {
    const there = { name: "vm-ha", hostSystemId: "host-in-1" };
    assert.deepEqual(fitting("HostPortGroup", there), ["tf-HostPortGroup:host-in-1:vm-ha port group vm-ha of esx-in"]);
    assert.deepEqual(fitting("HostPortGroup", { ...there, name: "vm-hb" }), []);
    assert.deepEqual(fitting("HostPortGroup", { ...there, hostSystemId: "host-alone-1" }), []);
  });

  it("is an override of that VM in that cluster, HA's or DRS's", () => {
    const of = (n: number) => ({ computeClusterId: "domain-c-1", virtualMachineId: `uuid-${n.toString()}` });
    assert.deepEqual(fitting("HaVmOverride", of(1)), ["domain-c-1:uuid-1 HA override of ubuntu-1"]);
    assert.deepEqual(fitting("DrsVmOverride", of(2)), ["domain-c-1:uuid-2 DRS override of ubuntu-2"]);
    assert.deepEqual([...fitting("HaVmOverride", of(2)), ...fitting("DrsVmOverride", of(1))], []);
    assert.deepEqual(fitting("HaVmOverride", of(3)), []);
    assert.deepEqual(fitting("HaVmOverride", { ...of(1), computeClusterId: "domain-gone" }), []);
  });

  it("is a rule of that kind and name, or a group", () => {
    const named = (type: string, name: string): string[] => fitting(type, { computeClusterId: "domain-c-2", name });
    assert.deepEqual(named("ComputeClusterVmAntiAffinityRule", "a/b"), ["domain-c-2:7 rule a/b (7)"]);
    assert.deepEqual(named("ComputeClusterVmAffinityRule", "pair"), ["domain-c-2:8 rule pair (8)"]);
    assert.deepEqual(named("ComputeClusterVmHostRule", "left"), ["domain-c-2:9 rule left (9)"]);
    assert.deepEqual(named("ComputeClusterVmDependencyRule", "order"), ["domain-c-2:10 rule order (10)"]);
    assert.deepEqual(named("ComputeClusterVmAffinityRule", "a/b"), []);
    assert.deepEqual(named("ComputeClusterVmGroup", "web"), ["domain-c-2:web group web"]);
    assert.deepEqual(named("ComputeClusterHostGroup", "rack"), ["domain-c-2:rack group rack"]);
    assert.deepEqual([...named("ComputeClusterVmGroup", "rack"), ...named("ComputeClusterHostGroup", "web")], []);
  });

  it("holds data when it is a virtual machine or a VMFS datastore", () => {
    const holdsData = (type: string): boolean =>
      leftBehind({ urn: "u", type: `vsphere:index/${type}`, inputs: {} }, { version: 3, deployment: {} }, tree)
        .holdsData;
    assert.deepEqual(
      ["virtualMachine:VirtualMachine", "vmfsDatastore:VmfsDatastore", "nasDatastore:NasDatastore", "host:Host"].map(
        holdsData,
      ),
      [true, true, false, false],
    );
  });

  it("is not sought where its kind is not known", () => {
    assert.equal(isFindable("command:local:Command"), false);
    const found = leftBehind({ urn: "u", type: "command:local:Command" }, { version: 3, deployment: {} }, tree);
    assert.deepEqual(found.fits, []);
    assert.deepEqual(asCreated(found), []);
  });

  it("is recorded with its id, and with its inputs as what was read, without the engine's own marks", () => {
    const inputs = { __defaults: ["name"], name: "ha", password: { ciphertext: "v1:x" } };
    const resource = { urn: "u", type: "t", inputs, parent: "p" };
    const [created] = asCreated({ resource, holdsData: false, fits: [{ id: "domain-c1", object: "it" }] });
    assert.deepEqual(created, {
      ...resource,
      id: "domain-c1",
      outputs: { name: "ha", password: { ciphertext: "v1:x" }, id: "domain-c1" },
    });
  });
});
