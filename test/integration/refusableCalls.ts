import assert from "node:assert/strict";
import type { Privilege } from "../../verification/privileges";
import { element, refElement, type Ref } from "../../verification/vcenter/xml";
import type { Administrator } from "./smallCluster";

/** A call as the provider makes it, with arguments that ask for everything it can ask for. */
export interface Call {
  on: Ref;
  parameters: string[];
}

const typed = (name: string, type: string, content: string[]): string => element(name, content, { "xsi:type": type });
const nic = (network: Ref): string =>
  typed("device", "VirtualVmxnet3", [
    element("key", "4000"),
    typed("backing", "VirtualEthernetCardNetworkBackingInfo", [
      element("deviceName", "vm-ha"),
      refElement("network", network),
    ]),
  ]);
const disk = typed("device", "VirtualDisk", [
  element("key", "-1"),
  typed("backing", "VirtualDiskFlatVer2BackingInfo", [
    element("fileName", "[ha-a]"),
    element("diskMode", "persistent"),
  ]),
  element("capacityInKB", "1024"),
]);
const option = element("extraConfig", [
  element("key", "isolation.tools.copy.disable"),
  typed("value", "xsd:string", ["TRUE"]),
]);

/** The calls of the table on a deployed reference stack. What is refused changes nothing. */
export async function refusableCalls(admin: Administrator): Promise<(row: Privilege) => Call> {
  const [host, cluster, vm, template] = await Promise.all([
    admin.find("HostSystem", "esx-01.lab.test"),
    admin.find("ClusterComputeResource", "ha"),
    admin.find("VirtualMachine", "ubuntu-1"),
    admin.find("VirtualMachine", "ubuntu-13.10"),
  ]);
  const datacenter = await admin.find("Datacenter", "Lab");
  const network = await admin.find("Network", "vm-ha");
  const datastore = await admin.find("Datastore", "ha-a");
  const [hosts, vms, pool] = await Promise.all([
    admin.property(datacenter, "hostFolder"),
    admin.property(datacenter, "vmFolder"),
    admin.property(cluster, "resourcePool"),
  ]);
  const part = (name: string): Promise<Ref> => admin.property(host, `configManager.${name}`);
  const [storage, networks, access] = await Promise.all([
    part("datastoreSystem"),
    part("networkSystem"),
    part("hostAccessManager"),
  ]);
  const call = (on: Ref, ...parameters: string[]): Call => ({ on, parameters });
  const nas = ["remoteHost", "remotePath", "localPath", "accessMode"].map((name) => element(name, "x"));
  const calls: Record<string, Call> = {
    AddStandaloneHost_Task: call(hosts, element("spec", [element("force", "false")]), element("addConnected", "true")),
    ChangeLockdownMode: call(access, element("mode", "lockdownDisabled")),
    CreateClusterEx: call(hosts, element("name", "other"), element("spec", [])),
    MoveInto_Task: call(cluster, refElement("host", host)),
    ReconfigureComputeResource_Task: call(cluster, typed("spec", "ClusterConfigSpecEx", []), element("modify", "true")),
    CreateNasDatastore: call(storage, element("spec", nas)),
    CreateVmfsDatastore: call(
      storage,
      element("spec", [
        element("diskUuid", "x"),
        element("partition", []),
        element("vmfs", [element("majorVersion", "6"), element("volumeName", "x")]),
      ]),
    ),
    RemoveDatastore: call(storage, refElement("datastore", datastore)),
    AddPortGroup: call(networks, element("portgrp", [element("name", "x"), element("vlanId", "0")])),
    RemovePortGroup: call(networks, element("pgName", "vm-ha")),
    CloneVM_Task: call(
      template,
      refElement("folder", vms),
      element("name", "x"),
      element("spec", [
        element("location", [refElement("datastore", datastore), refElement("pool", pool)]),
        element("powerOn", "false"),
        element("template", "false"),
      ]),
    ),
    CreateVM_Task: call(
      vms,
      element("config", [
        element("name", "x"),
        element("files", [element("vmPathName", "[ha-a]")]),
        element("deviceChange", [element("operation", "add"), element("fileOperation", "create"), disk]),
        element("deviceChange", [element("operation", "add"), nic(network)]),
        option,
      ]),
      refElement("pool", pool),
    ),
    ReconfigVM_Task: call(
      vm,
      element("spec", [
        element("name", "x"),
        element("guestId", "ubuntu64Guest"),
        element("numCPUs", "2"),
        element("memoryMB", "2048"),
        element("deviceChange", [element("operation", "edit"), nic(network)]),
        element("cpuAllocation", [element("limit", "-1")]),
        option,
        element("swapPlacement", "inherit"),
      ]),
    ),
    PowerOnVM_Task: call(vm),
    ShutdownGuest: call(vm),
    EnterMaintenanceMode_Task: call(host, element("timeout", "0")),
    MoveIntoFolder_Task: call(hosts, refElement("list", host)),
    DisconnectHost_Task: call(host),
  };
  const destroyed: Record<string, Ref> = {
    "VirtualMachine.Inventory.Delete": vm,
    "Host.Inventory.DeleteCluster": cluster,
    "Host.Inventory.RemoveHostFromCluster": host,
  };
  return ({ privilege, call: name }) => {
    const on = destroyed[privilege];
    return (name === "Destroy_Task" && on ? call(on) : calls[name]) ?? assert.fail(`no call ${name} for ${privilege}`);
  };
}
