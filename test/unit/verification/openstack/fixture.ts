import type { OpenStackConfig } from "../../../../verification/config/openstack";
import type { Instance, OpenStackState, Reading } from "../../../../verification/openstack/model";
import { runChecks } from "../../../../verification/checks";
import type { CheckResult } from "../../../../verification/model";
import { find, scene, type Scene } from "../checks/fixture";

export const instanceId = "8c36ee1c-5b5a-4c1a-9ab0-7a5b0b1a2c3d";
export const otherId = "11111111-5b5a-4c1a-9ab0-7a5b0b1a2c3d";

export function cloud(changes: Partial<OpenStackConfig> = {}): OpenStackConfig {
  return {
    authUrl: "https://keystone.example.com:5000/v3",
    username: "admin",
    projectName: "admin",
    userDomainName: "Default",
    projectDomainName: "Default",
    region: undefined,
    caFile: undefined,
    thumbprint: undefined,
    computeHost: "compute-1",
    availabilityZone: "vsphere-1",
    aggregate: "cluster-1",
    flavors: ["small"],
    images: [
      { name: "ubuntu-13.10", guestOs: "ubuntu" },
      { name: "windows-xp", guestOs: "windowsxp" },
    ],
    service: "nova-compute",
    novaConf: ["/etc/nova/nova.conf"],
    ssh: undefined,
    ...changes,
  };
}

export function instance(changes: Partial<Instance> = {}): Instance {
  return {
    id: instanceId,
    name: "ubuntu-os",
    status: "ACTIVE",
    vmState: "active",
    taskState: undefined,
    powerState: "running",
    host: "compute-1",
    zone: "vsphere-1",
    ...changes,
  };
}

export function state(): OpenStackState {
  const takenAt = new Date("2026-01-01T00:00:00Z");
  const capacity = { vcpus: 48, memoryMb: 98_304 };
  const room = { used: 2, limit: 10 };
  return {
    takenAt,
    cloud: "keystone.example.com:5000, region R",
    services: {
      value: [
        { host: "compute-1", enabled: true, up: true, forcedDown: false, disabledReason: undefined, reportedAt: "1" },
      ],
    },
    hypervisors: { value: [{ id: "h", name: "domain-c1.0815", serviceHost: "compute-1", ...capacity }] },
    provider: { value: capacity },
    aggregates: { value: [{ name: "cluster-1", zone: "vsphere-1", hosts: ["compute-1"] }] },
    zones: { value: [{ name: "vsphere-1", available: true }] },
    instances: {
      value: [
        instance(),
        instance({ id: otherId, name: "other", status: "SHUTOFF", vmState: "stopped", powerState: "shut down" }),
      ],
    },
    flavors: { value: [{ name: "small", vcpus: 1, memoryMb: 512 }] },
    quota: { value: { instances: room, vcpus: room, memoryMb: { used: 1024, limit: undefined } } },
    images: {
      value: [
        {
          name: "ubuntu-13.10",
          status: "active",
          diskFormat: "vmdk",
          properties: { vmware_ostype: "ubuntu64Guest", vmware_disktype: "streamOptimized" },
        },
        {
          name: "windows-xp",
          status: "active",
          diskFormat: "vmdk",
          properties: {
            vmware_ostype: "winXPProGuest",
            vmware_adaptertype: "lsiLogic",
            hw_vif_model: "VirtualE1000",
            img_hv_type: "vmware",
          },
        },
      ],
    },
    ports: { value: [{ instanceId, address: "10.0.2.1", vifType: "dvs" }] },
    certificates: {
      value: [
        { service: "Keystone", server: "keystone.example.com:5000", validTo: new Date("2026-06-01T00:00:00Z") },
        { service: "nova", server: "127.0.0.1:8774", validTo: undefined },
      ],
    },
    settings: { value: { syncPowerStateInterval: -1, insecure: false } },
  };
}

export interface CloudScene extends Scene {
  openstack: OpenStackState;
}

/** A good cluster with a good cloud on it: its VM ubuntu-1 is an instance. */
export function cloudScene(): CloudScene {
  const good = scene();
  good.config.openstack = cloud();
  find(good.config.vms, "ubuntu-1").openstack = { instanceId };
  find(good.inventory.vms, "ubuntu-1").instanceUuid = instanceId;
  find(good.inventory.vms, "somebody-else").instanceUuid = otherId;
  return { ...good, openstack: state() };
}

export function read<T>(reading: Reading<T>): T {
  if ("unread" in reading) throw new Error(reading.unread);
  return reading.value;
}

export function first<T>(reading: Reading<T[]>): T {
  const [one] = read(reading);
  if (one === undefined) throw new Error("nothing was read");
  return one;
}

export function look({ inventory, config, silent, openstack }: CloudScene): Promise<CheckResult[]> {
  return runChecks({
    inventory,
    config,
    openstack,
    probe: ({ address }) => Promise.resolve(!silent.has(address)),
  });
}
