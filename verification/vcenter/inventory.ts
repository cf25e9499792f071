import type { ClusterState, DatastoreState, HostState, Inventory, Moid, VmState } from "../model";
import { decodeName } from "./names";
import { hostFactProperties, readHostFacts } from "./hostFacts";
import type { ObjectContent, PropertyFilter } from "./properties";
import { readOverrides, readRules } from "./rules";
import { translateSettings } from "./settings";
import { at, boolean, children, ids, integer, members, text, textAt, type Ref, type Xml } from "./xml";

const properties = {
  ClusterComputeResource: ["name", "configurationEx", "configIssue"],
  HostSystem: [
    "name",
    "runtime.connectionState",
    "runtime.powerState",
    "runtime.inMaintenanceMode",
    "runtime.dasHostState",
    "summary.hardware.cpuMhz",
    "summary.hardware.numCpuCores",
    "summary.hardware.numCpuThreads",
    "summary.hardware.memorySize",
    "summary.quickStats",
    "datastore",
    "network",
    "configIssue",
    ...hostFactProperties,
  ],
  VirtualMachine: [
    "name",
    "config.uuid",
    "config.instanceUuid",
    "config.template",
    "config.managedBy",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "runtime.host",
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.dasVmProtection",
    "runtime.vmFailoverInProgress",
    "runtime.memoryOverhead",
    "summary.quickStats",
    "resourceConfig.cpuAllocation.reservation",
    "resourceConfig.memoryAllocation.reservation",
    "guest.ipAddress",
    "guest.net",
    "guest.toolsRunningStatus",
    "datastore",
    "network",
  ],
  Datastore: ["name", "summary.type", "summary.accessible", "summary.multipleHostAccess", "host", "info"],
  Network: ["name", "host"],
};

/** One traversal of the cluster: its hosts, datastores, networks, and the VMs of its resource pools and vApps. */
export function clusterFilter(cluster: Ref): PropertyFilter {
  return {
    start: cluster,
    properties,
    traversal: [
      { type: "ComputeResource", path: "host" },
      { type: "ComputeResource", path: "datastore" },
      { type: "ComputeResource", path: "network" },
      { type: "ComputeResource", path: "resourcePool", then: ["pools", "vms"] },
      { name: "pools", type: "ResourcePool", path: "resourcePool", then: ["pools", "vms"] },
      { name: "vms", type: "ResourcePool", path: "vm" },
    ],
  };
}

/** What the traversal read, as the model's types; undefined when the cluster itself is not among it. */
export function toInventory(objects: ObjectContent[], takenAt: Date): Inventory | undefined {
  const ofType = (...types: string[]): ObjectContent[] => objects.filter(({ ref }) => types.includes(ref.type));
  const cluster = ofType("ClusterComputeResource")[0];
  if (cluster === undefined) return undefined;
  return {
    takenAt,
    certificateValidTo: undefined,
    cluster: toCluster(cluster),
    hosts: ofType("HostSystem").map(toHost).sort(byName),
    vms: ofType("VirtualMachine").map(toVm).sort(byName),
    datastores: ofType("Datastore").map(toDatastore).sort(byName),
    networks: ofType("Network", "DistributedVirtualPortgroup", "OpaqueNetwork").map(toNetwork).sort(byName),
  };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function toCluster({ ref, properties: read }: ObjectContent): ClusterState {
  const configuration = read.get("configurationEx") ?? {};
  return {
    id: ref.id,
    name: nameOf(read),
    settings: translateSettings(configuration),
    rules: readRules(configuration),
    overrides: readOverrides(configuration),
    configIssues: issues(read),
  };
}

function toHost({ ref, properties: read }: ObjectContent): HostState {
  const quick = read.get("summary.quickStats");
  const cores = integer(read.get("summary.hardware.numCpuCores")) ?? 0;
  return {
    id: ref.id,
    name: nameOf(read),
    connectionState: (text(read.get("runtime.connectionState")) ?? "disconnected") as HostState["connectionState"],
    powerState: (text(read.get("runtime.powerState")) ?? "unknown") as HostState["powerState"],
    inMaintenanceMode: boolean(read.get("runtime.inMaintenanceMode")) ?? false,
    fdmState: text(at(read.get("runtime.dasHostState"), "state")),
    cpuMhz: (integer(read.get("summary.hardware.cpuMhz")) ?? 0) * cores,
    cpuThreads: integer(read.get("summary.hardware.numCpuThreads")) ?? 0,
    memoryMb: megabytes(read.get("summary.hardware.memorySize")),
    cpuUsageMhz: integer(at(quick, "overallCpuUsage")) ?? 0,
    memoryUsageMb: integer(at(quick, "overallMemoryUsage")) ?? 0,
    uptimeSeconds: integer(at(quick, "uptime")) ?? 0,
    datastoreIds: ids(members(read.get("datastore"))),
    networkIds: ids(members(read.get("network"))),
    configIssues: issues(read),
    ...readHostFacts(read),
  };
}

function toVm({ ref, properties: read }: ObjectContent): VmState {
  const quick = read.get("summary.quickStats");
  const name = nameOf(read);
  return {
    id: ref.id,
    name,
    uuid: textAt(read.get("config.uuid")),
    instanceUuid: textAt(read.get("config.instanceUuid")),
    hostId: text(read.get("runtime.host")),
    template: boolean(read.get("config.template")) ?? false,
    system: isSystemVm(name, read.get("config.managedBy")),
    powerState: (text(read.get("runtime.powerState")) ?? "poweredOff") as VmState["powerState"],
    connectionState: text(read.get("runtime.connectionState")) ?? "disconnected",
    haProtected: boolean(at(read.get("runtime.dasVmProtection"), "dasProtected")),
    failoverInProgress: boolean(read.get("runtime.vmFailoverInProgress")) ?? false,
    guestHeartbeat: text(at(quick, "guestHeartbeatStatus")) as VmState["guestHeartbeat"],
    toolsRunning: text(read.get("guest.toolsRunningStatus")) === "guestToolsRunning",
    addresses: addresses(read),
    uptimeSeconds: integer(at(quick, "uptimeSeconds")),
    numCpu: integer(read.get("config.hardware.numCPU")) ?? 0,
    memoryMb: integer(read.get("config.hardware.memoryMB")) ?? 0,
    cpuReservationMhz: integer(read.get("resourceConfig.cpuAllocation.reservation")) ?? 0,
    memoryReservationMb: integer(read.get("resourceConfig.memoryAllocation.reservation")) ?? 0,
    memoryOverheadMb: megabytes(read.get("runtime.memoryOverhead")),
    datastoreIds: ids(members(read.get("datastore"))),
    networkIds: ids(members(read.get("network"))),
    hostDevices: undefined,
  };
}

/**
 * VMs that vSphere itself deploys and keeps: agents of the ESX Agent Manager, vCLS among them. Where another service
 * keeps the vCLS VMs, only their names tell (vSphere Resource Management, vSphere Cluster Services).
 */
function isSystemVm(name: string, managedBy: Xml | undefined): boolean {
  return text(at(managedBy, "extensionKey")) === "com.vmware.vim.eam" || /^vCLS[- ]/.test(name);
}

/** The primary address first, then those of all interfaces; link-local ones cannot be reached from elsewhere. */
function addresses(read: Map<string, Xml>): string[] {
  const primary = textAt(read.get("guest.ipAddress"));
  const others = members(read.get("guest.net")).flatMap((nic) => ids(children(nic, "ipAddress")));
  return [...new Set([primary, ...others])].filter((address) => {
    return address !== "" && !/^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
  });
}

function toDatastore({ ref, properties: read }: ObjectContent): DatastoreState {
  const mounts = members(read.get("host")).filter((mount) => {
    const info = at(mount, "mountInfo");
    return boolean(at(info, "mounted")) !== false && boolean(at(info, "accessible")) !== false;
  });
  return {
    id: ref.id,
    name: nameOf(read),
    type: textAt(read.get("summary.type")),
    accessible: boolean(read.get("summary.accessible")) ?? false,
    multipleHostAccess: boolean(read.get("summary.multipleHostAccess")),
    hostIds: ids(mounts.flatMap((mount) => children(mount, "key"))),
    nfs: nfsMount(read),
    devices: ids(children(at(read.get("info"), "vmfs"), "extent").flatMap((extent) => children(extent, "diskName"))),
  };
}

function nfsMount(read: Map<string, Xml>): DatastoreState["nfs"] {
  const nas = at(read.get("info"), "nas");
  if (nas === undefined) return undefined;
  const servers = ids([...children(nas, "remoteHostNames"), at(nas, "remoteHost") ?? ""]).filter((one) => one !== "");
  // vSphere API reference, HostMountInfo.vmknicName: the adapter that the mount is bound to, since vSphere 8.0 U1.
  const bound = members(read.get("host")).map((mount) => [
    text(at(mount, "key")) ?? "",
    text(at(mount, "mountInfo", "vmknicName")) ?? "",
  ]);
  const boundAdapters = Object.fromEntries(bound.filter(([, adapter]) => adapter !== "")) as Record<Moid, string>;
  return { servers: [...new Set(servers)], boundAdapters };
}

function toNetwork({ ref, properties: read }: ObjectContent): { id: Moid; name: string; hostIds: Moid[] } {
  return { id: ref.id, name: nameOf(read), hostIds: ids(members(read.get("host"))) };
}

function nameOf(read: Map<string, Xml>): string {
  return decodeName(textAt(read.get("name")));
}

function megabytes(bytes: Xml | undefined): number {
  return Math.floor((integer(bytes) ?? 0) / 1024 ** 2);
}

function issues(read: Map<string, Xml>): string[] {
  return members(read.get("configIssue")).map((issue) => {
    return text(at(issue, "fullFormattedMessage")) ?? text(at(issue, "eventTypeId")) ?? "an issue without text";
  });
}
