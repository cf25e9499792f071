import assert from "node:assert/strict";
import { retrieve, type ObjectContent } from "../../../../verification/vcenter/properties";
import { clusterFilter, toInventory } from "../../../../verification/vcenter/inventory";
import { at, parseXml, type Xml } from "../../../../verification/vcenter/xml";
import { FakeVcenter, string } from "./fakeVcenter";
import { collect, referencesTo, type Managed } from "./propertyCollector";

const takenAt = new Date("2026-01-01T00:00:00Z");

function object(type: string, id: string, properties: Record<string, string>): ObjectContent {
  const read = Object.entries(properties).map(([name, xml]): [string, Xml] => {
    const value = at(parseXml(`<r xmlns:xsi="x">${xml.startsWith("<") ? xml : `<val>${xml}</val>`}</r>`), "r", "val");
    return [name, value ?? ""];
  });
  return { ref: { type, id }, properties: new Map(read) };
}

function refs(...ids: string[]): string {
  const list = ids.map((id) => `<ManagedObjectReference type="x">${id}</ManagedObjectReference>`);
  return `<val xsi:type="ArrayOfManagedObjectReference">${list.join("")}</val>`;
}

const cluster = object("ClusterComputeResource", "domain-c1", {
  name: "compute%2f1",
  configurationEx: "<val><drsConfig><enabled>true</enabled></drsConfig></val>",
  configIssue:
    '<val xsi:type="ArrayOfEvent"><Event xsi:type="EventEx"><fullFormattedMessage>too few hosts</fullFormattedMessage></Event></val>',
});

const host = object("HostSystem", "host-1", {
  name: "esx-1",
  "runtime.connectionState": "notResponding",
  "runtime.powerState": "standBy",
  "runtime.inMaintenanceMode": "true",
  "runtime.dasHostState": "<val><state>master</state><stateReporter>host-1</stateReporter></val>",
  "summary.hardware.cpuMhz": "2600",
  "summary.hardware.numCpuCores": "8",
  "summary.hardware.numCpuThreads": "16",
  "summary.hardware.memorySize": "34359738368",
  "summary.quickStats":
    "<val><overallCpuUsage>77</overallCpuUsage><overallMemoryUsage>4096</overallMemoryUsage><uptime>99</uptime></val>",
  datastore: refs("datastore-1", "datastore-2"),
  network: refs("network-1"),
  configIssue: '<val xsi:type="ArrayOfEvent"><Event><eventTypeId>com.vmware.x</eventTypeId></Event><Event/></val>',
});

const vm = object("VirtualMachine", "vm-1", {
  name: "ubuntu-1",
  "config.uuid": "bios-1",
  "config.instanceUuid": "uuid-1",
  "config.template": "false",
  "config.hardware.numCPU": "2",
  "config.hardware.memoryMB": "1024",
  "runtime.host": '<val type="HostSystem">host-1</val>',
  "runtime.powerState": "poweredOn",
  "runtime.connectionState": "connected",
  "runtime.dasVmProtection": "<val><dasProtected>true</dasProtected></val>",
  "runtime.vmFailoverInProgress": "true",
  "runtime.memoryOverhead": "52428800",
  "summary.quickStats":
    "<val><guestHeartbeatStatus>green</guestHeartbeatStatus><uptimeSeconds>12</uptimeSeconds></val>",
  "resourceConfig.cpuAllocation.reservation": "500",
  "resourceConfig.memoryAllocation.reservation": "256",
  "guest.ipAddress": "10.0.0.5",
  "guest.net": `<val xsi:type="ArrayOfGuestNicInfo"><GuestNicInfo><ipAddress>fe80::1</ipAddress><ipAddress>10.0.0.5</ipAddress>
    <ipAddress>2001:db8::5</ipAddress><ipAddress>169.254.1.2</ipAddress></GuestNicInfo></val>`,
  "guest.toolsRunningStatus": "guestToolsRunning",
  datastore: refs("datastore-1"),
  network: refs("network-1"),
});

const mounts = [
  "<key>host-1</key><mountInfo><mounted>true</mounted><accessible>true</accessible></mountInfo>",
  "<key>host-2</key><mountInfo><accessMode>readWrite</accessMode></mountInfo>",
  "<key>host-3</key><mountInfo><mounted>false</mounted></mountInfo>",
  "<key>host-4</key><mountInfo><accessible>false</accessible></mountInfo>",
].map((mount) => `<DatastoreHostMount>${mount}</DatastoreHostMount>`);

const datastore = object("Datastore", "datastore-1", {
  name: "ha-a",
  "summary.type": "NFS",
  "summary.accessible": "true",
  "summary.multipleHostAccess": "true",
  host: `<val xsi:type="ArrayOfDatastoreHostMount">${mounts.join("")}</val>`,
});

function read(...objects: ObjectContent[]): NonNullable<ReturnType<typeof toInventory>> {
  const inventory = toInventory([cluster, ...objects], takenAt);
  assert.ok(inventory);
  return inventory;
}

describe("inventory", () => {
  it("has the cluster with settings and issues", () => {
    assert.deepEqual(read().cluster, {
      id: "domain-c1",
      name: "compute/1",
      settings: { drsEnabled: true, drsMigrationThreshold: 0, drsAdvancedOptions: {} },
      rules: [],
      overrides: [],
      configIssues: ["too few hosts"],
    });
    assert.equal(read().takenAt, takenAt);
  });

  it("has every fact of a host", () => {
    assert.deepEqual(read(host).hosts, [
      {
        id: "host-1",
        name: "esx-1",
        connectionState: "notResponding",
        powerState: "standBy",
        inMaintenanceMode: true,
        fdmState: "master",
        cpuMhz: 20_800,
        cpuThreads: 16,
        memoryMb: 32_768,
        cpuUsageMhz: 77,
        memoryUsageMb: 4096,
        uptimeSeconds: 99,
        datastoreIds: ["datastore-1", "datastore-2"],
        networkIds: ["network-1"],
        configIssues: ["com.vmware.x", "an issue without text"],
        version: undefined,
        clock: undefined,
        apd: undefined,
        management: undefined,
        routes: undefined,
      },
    ]);
  });

  it("has every fact of a VM; addresses primary first, once, none of them link-local", () => {
    assert.deepEqual(read(vm).vms, [
      {
        id: "vm-1",
        name: "ubuntu-1",
        uuid: "bios-1",
        instanceUuid: "uuid-1",
        hostId: "host-1",
        template: false,
        system: false,
        powerState: "poweredOn",
        connectionState: "connected",
        haProtected: true,
        failoverInProgress: true,
        guestHeartbeat: "green",
        toolsRunning: true,
        addresses: ["10.0.0.5", "2001:db8::5"],
        uptimeSeconds: 12,
        numCpu: 2,
        memoryMb: 1024,
        cpuReservationMhz: 500,
        memoryReservationMb: 256,
        memoryOverheadMb: 50,
        datastoreIds: ["datastore-1"],
        networkIds: ["network-1"],
        hostDevices: undefined,
      },
    ]);
  });

  it("does not guess what vCenter leaves unset", () => {
    const inventory = read(
      object("VirtualMachine", "vm-2", { name: "bare" }),
      object("HostSystem", "host-2", { name: "bare" }),
    );
    const vms = inventory.vms.map((one) => [one.haProtected, one.guestHeartbeat, one.hostId, one.uptimeSeconds]);
    assert.deepEqual(vms, [[undefined, undefined, undefined, undefined]]);
    assert.deepEqual(
      inventory.vms.map((one) => [one.toolsRunning, one.connectionState, one.powerState]),
      [[false, "disconnected", "poweredOff"]],
    );
    assert.deepEqual(
      inventory.hosts.map((one) => [one.fdmState, one.connectionState, one.powerState]),
      [[undefined, "disconnected", "unknown"]],
    );
  });

  it("marks VMs that vSphere keeps itself, by their manager or their name", () => {
    const system = (name: string, manager?: string): boolean | undefined => {
      const managedBy: Record<string, string> =
        manager === undefined ? {} : { "config.managedBy": `<val><extensionKey>${manager}</extensionKey></val>` };
      return read(object("VirtualMachine", "vm-3", { name, ...managedBy })).vms[0]?.system;
    };
    assert.equal(system("agent", "com.vmware.vim.eam"), true);
    assert.equal(system("vCLS-4c1d"), true);
    assert.equal(system("vCLS (3)"), true);
    assert.equal(system("vclsomething"), false);
    assert.equal(system("app", "org.openstack.nova"), false);
  });

  it("counts as a datastore's hosts those that have mounted it and reach it", () => {
    assert.deepEqual(read(datastore).datastores, [
      {
        id: "datastore-1",
        name: "ha-a",
        type: "NFS",
        accessible: true,
        multipleHostAccess: true,
        hostIds: ["host-1", "host-2"],
        nfs: undefined,
        devices: [],
      },
    ]);
  });

  it("has the servers of an NFS datastore, and the adapters that hosts bind its mount to", () => {
    const nfs = (info: string, ...mounts: string[]) => {
      const list = mounts.map((mount) => `<DatastoreHostMount>${mount}</DatastoreHostMount>`).join("");
      const values = { name: "n", host: `<val xsi:type="ArrayOfDatastoreHostMount">${list}</val>` };
      const all = { ...values, info: `<val xsi:type="NasDatastoreInfo">${info}</val>` };
      return read(object("Datastore", "datastore-3", all)).datastores[0]?.nfs;
    };
    const two =
      "<remoteHost>10.0.1.5</remoteHost><remoteHostNames>10.0.1.5</remoteHostNames><remoteHostNames>nas</remoteHostNames>";
    const mount = (host: string, adapter: string) => `<key>${host}</key><mountInfo>${adapter}</mountInfo>`;
    assert.deepEqual(nfs(`<nas>${two}</nas>`, mount("host-1", "<vmknicName>vmk2</vmknicName>"), mount("host-2", "")), {
      servers: ["10.0.1.5", "nas"],
      boundAdapters: { "host-1": "vmk2" },
    });
    assert.deepEqual(nfs("<nas><remoteHost>nas</remoteHost></nas>"), { servers: ["nas"], boundAdapters: {} });
    assert.equal(nfs("<vmfs/>"), undefined);
  });

  it("names the disks of a VMFS datastore", () => {
    const info =
      "<vmfs><name>v</name>" + ["a", "b"].map((id) => `<extent><diskName>naa.${id}</diskName></extent>`).join("");
    const vmfs = object("Datastore", "datastore-2", {
      name: "v",
      "summary.type": "VMFS",
      info: `<val xsi:type="VmfsDatastoreInfo">${info}</vmfs></val>`,
    });
    assert.deepEqual(read(vmfs).datastores[0]?.devices, ["naa.a", "naa.b"]);
  });

  it("has networks of every kind, and everything in the order of names", () => {
    const networks = ["DistributedVirtualPortgroup", "Network", "OpaqueNetwork"].map((type, n) => {
      return object(type, `network-${n.toString()}`, { name: ["b", "c", "a"][n] ?? "", host: refs("host-1") });
    });
    assert.deepEqual(read(...networks).networks, [
      { id: "network-2", name: "a", hostIds: ["host-1"] },
      { id: "network-0", name: "b", hostIds: ["host-1"] },
      { id: "network-1", name: "c", hostIds: ["host-1"] },
    ]);
  });

  it("is none without its cluster", () => {
    assert.equal(toInventory([host], takenAt), undefined);
  });

  it("is read in one traversal: hosts, datastores, networks, and VMs of all pools and vApps below", async () => {
    const objects: Managed[] = [];
    const managed = (type: string, id: string, links: Record<string, Managed[]> = {}): Managed => {
      const own = Object.entries(links).map(([path, inside]) => [path, referencesTo(...inside)] as const);
      const one = { type, id, properties: { name: string(id), ...Object.fromEntries(own) } };
      objects.push(one);
      return one;
    };
    const vms = ["vm-1", "vm-2", "vm-3"].map((id) => managed("VirtualMachine", id));
    const vapp = managed("VirtualApp", "vapp-1", { vm: vms.slice(2) });
    const pool = managed("ResourcePool", "pool-2", { vm: vms.slice(1, 2), resourcePool: [vapp] });
    const root = managed("ResourcePool", "pool-1", { vm: vms.slice(0, 1), resourcePool: [pool] });
    const start = managed("ClusterComputeResource", "domain-c1", {
      host: [managed("HostSystem", "host-1", { vm: [managed("VirtualMachine", "vm-of-no-pool")] })],
      datastore: [managed("Datastore", "datastore-1")],
      network: [managed("Network", "network-1"), managed("DistributedVirtualPortgroup", "portgroup-1")],
      resourcePool: [root],
    });
    managed("HostSystem", "host-of-another-cluster");
    const vcenter = new FakeVcenter();
    vcenter.on("RetrievePropertiesEx", (parameters) => collect(parameters, objects));
    const found = await retrieve(await vcenter.open(), clusterFilter(start));
    assert.equal(vcenter.calls.filter((call) => call === "RetrievePropertiesEx").length, 1);
    const inventory = toInventory(found, takenAt);
    const names = (list: { name: string }[] = []): string[] => list.map(({ name }) => name);
    assert.deepEqual([inventory?.hosts, inventory?.vms, inventory?.datastores, inventory?.networks].map(names), [
      ["host-1"],
      ["vm-1", "vm-2", "vm-3"],
      ["datastore-1"],
      ["network-1", "portgroup-1"],
    ]);
    assert.equal(inventory?.cluster.name, "domain-c1");
  });

  it("is in the order of names; those of one name as vCenter told them", () => {
    for (const [type, list] of [
      ["HostSystem", "hosts"],
      ["VirtualMachine", "vms"],
      ["Datastore", "datastores"],
      ["Network", "networks"],
    ] as const) {
      const told = ["b", "c", "a", "b", "d", "b"].map((name, n) => object(type, n.toString(), { name }));
      assert.deepEqual(
        read(...told)[list].map(({ id, name }) => name + id),
        ["a2", "b0", "b3", "b5", "c1", "d4"],
      );
    }
  });

  it("has addresses of a VM's interfaces where there is no primary one, and all that are not link-local", () => {
    const of = (primary: string | undefined, ...others: string[]): string[] | undefined => {
      const net = `<val xsi:type="ArrayOfGuestNicInfo"><GuestNicInfo>${others.map((one) => `<ipAddress>${one}</ipAddress>`).join("")}</GuestNicInfo></val>`;
      const own: Record<string, string> = primary === undefined ? {} : { "guest.ipAddress": `<val>${primary}</val>` };
      return read(object("VirtualMachine", "vm-4", { name: "v", "guest.net": net, ...own })).vms[0]?.addresses;
    };
    assert.deepEqual(of(undefined, "10.0.0.6"), ["10.0.0.6"]);
    assert.deepEqual(of("", "10.0.0.6"), ["10.0.0.6"]);
    assert.deepEqual(of("10.0.0.7", "10.0.0.6"), ["10.0.0.7", "10.0.0.6"]);
    assert.deepEqual(of("10.169.254.1", "FE80::2", "2001:db8::fe80:1", "169.254.3.4"), [
      "10.169.254.1",
      "2001:db8::fe80:1",
    ]);
  });

  it("takes for a template, in failover or accessible only what vCenter says is", () => {
    const [bare] = read(object("VirtualMachine", "vm-5", { name: "v" })).vms;
    assert.deepEqual(
      [bare?.template, bare?.failoverInProgress, bare?.instanceUuid, bare?.addresses],
      [false, false, "", []],
    );
    const template = object("VirtualMachine", "vm-5", { name: "v", "config.template": "true" });
    assert.equal(read(template).vms[0]?.template, true);
    assert.equal(read(object("Datastore", "datastore-9", { name: "d" })).datastores[0]?.accessible, false);
    assert.equal(read(object("VirtualMachine", "vm-6", { name: "my vCLS-copy" })).vms[0]?.system, false);
  });
});
