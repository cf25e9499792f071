import { fillInGuests } from "../../../../verification/config/guests";
import type { VmOverride } from "../../../../verification/clusterRules";
import { runChecks } from "../../../../verification/checks";
import type { VerificationConfig } from "../../../../verification/config";
import type { CheckResult, HostState, Inventory, SettingValue, VmState } from "../../../../verification/model";

/** Everything that a test may break before the checks look. */
export interface Scene {
  inventory: Inventory;
  config: VerificationConfig;
  /** Addresses that do not answer. */
  silent: Set<string>;
}

const settings: Record<string, SettingValue> = {
  haEnabled: true,
  haHostMonitoring: "enabled",
  haVmRestartPriority: "medium",
  haVmRestartTimeout: 600,
  haAdvancedOptions: { "das.isolationaddress0": "10.0.0.1" },
  haAdmissionControlPolicy: "resourcePercentage",
  haAdmissionControlHostFailureTolerance: 1,
  haAdmissionControlResourcePercentageAutoCompute: true,
  haVmComponentProtection: "enabled",
  haDatastoreApdResponse: "restartConservative",
  haHeartbeatDatastorePolicy: "allFeasibleDsWithUserPreference",
  haHeartbeatDatastoreIds: ["datastore-1", "datastore-2"],
  drsEnabled: true,
  drsAutomationLevel: "fullyAutomated",
  dpmEnabled: false,
  proactiveHaEnabled: false,
};

export function scene(): Scene {
  const hostIds = ["host-1", "host-2", "host-3"];
  return {
    inventory: {
      takenAt: new Date("2026-01-01T00:00:00Z"),
      certificateValidTo: new Date("2027-01-01T00:00:00Z"),
      cluster: {
        id: "domain-c1",
        name: "compute-1",
        settings: structuredClone(settings),
        rules: [
          { name: "spread", enabled: true, kind: "apart", vms: ["vm-1", "vm-2"] },
          {
            name: "left",
            enabled: true,
            kind: "vm-host",
            vms: ["vm-1"],
            hosts: ["host-1", "host-2"],
            avoid: false,
            mandatory: true,
          },
          { name: "order", enabled: true, kind: "dependency", vms: ["vm-2"], dependsOn: ["vm-1"] },
        ],
        overrides: [override("vm-1", { restartPriority: "high", drs: "partiallyAutomated" })],
        configIssues: [],
      },
      hosts: [host(1, "connectedToMaster"), host(2, "master"), host(3, "connectedToMaster")],
      vms: [
        vm("ubuntu-1", { id: "vm-1", addresses: ["10.0.2.1"] }),
        vm("xp-1", { id: "vm-2", hostId: "host-2", addresses: ["10.0.2.2"] }),
        vm("vCLS-1", {
          id: "vm-3",
          system: true,
          haProtected: undefined,
          toolsRunning: false,
          datastoreIds: ["datastore-9"],
        }),
        vm("somebody-else", { id: "vm-4", powerState: "poweredOff", haProtected: false }),
      ],
      datastores: [
        {
          id: "datastore-1",
          name: "ha-a",
          type: "NFS",
          accessible: true,
          multipleHostAccess: true,
          hostIds: [...hostIds],
          devices: [],
        },
        {
          id: "datastore-2",
          name: "ha-b",
          type: "NFS",
          accessible: true,
          multipleHostAccess: true,
          hostIds: [...hostIds],
          devices: [],
        },
        {
          id: "datastore-9",
          name: "local",
          type: "VMFS",
          accessible: true,
          multipleHostAccess: false,
          hostIds: ["host-1"],
          devices: [],
        },
      ],
      networks: [
        { id: "network-1", name: "VM Network", hostIds: [...hostIds] },
        { id: "network-9", name: "lonely", hostIds: ["host-1"] },
      ],
    },
    config: {
      vcenter: { server: "vc.example.com", user: "reader", caFile: undefined, thumbprint: undefined },
      cluster: {
        datacenter: "dc-1",
        name: "compute-1",
        declared: {
          haVmRestartPriority: "medium",
          haVmRestartTimeout: 600,
          haAdvancedOptions: { "das.isolationaddress0": "10.0.0.1" },
          haHeartbeatDatastoreIds: ["datastore-2", "datastore-1"],
          haAdmissionControlHostFailureTolerance: 1,
          drsAutomationLevel: "fullyAutomated",
          dpmEnabled: false,
        },
      },
      hosts: [1, 2, 3].map((n) => ({ name: `esx-${n.toString()}`, bmc: undefined, ssh: undefined })),
      vms: [
        {
          name: "ubuntu-1",
          guestOs: "ubuntu",
          address: undefined,
          probe: { port: 22 },
          bootSeconds: 120,
          openstack: undefined,
        },
        {
          name: "xp-1",
          guestOs: "windowsxp",
          address: undefined,
          probe: { port: 3389 },
          bootSeconds: 180,
          openstack: undefined,
        },
      ],
      guests: fillInGuests(),
      openstack: undefined,
      timeScale: 1,
      probeIntervalSeconds: 1,
    },
    silent: new Set(),
  };
}

function host(n: number, fdmState: string): HostState {
  return {
    id: `host-${n.toString()}`,
    name: `esx-${n.toString()}`,
    connectionState: "connected",
    powerState: "poweredOn",
    inMaintenanceMode: false,
    fdmState,
    cpuMhz: 20_000,
    cpuThreads: 16,
    memoryMb: 32_768,
    cpuUsageMhz: 500,
    memoryUsageMb: 4096,
    uptimeSeconds: 86_400,
    datastoreIds: ["datastore-1", "datastore-2"],
    networkIds: ["network-1"],
    configIssues: [],
    version: "8.0.3 build-1",
    clock: { servers: ["ntp.example.com"], running: true },
    apd: { handled: true, timeoutSeconds: 140 },
    management: [{ adapter: "vmk0", uplinks: ["vmnic0", "vmnic1"] }],
  };
}

export function vm(name: string, change: Partial<VmState> = {}): VmState {
  return {
    id: "vm-0",
    name,
    uuid: `bios-${name}`,
    instanceUuid: `uuid-${name}`,
    hostId: "host-1",
    template: false,
    system: false,
    powerState: "poweredOn",
    connectionState: "connected",
    haProtected: true,
    failoverInProgress: false,
    guestHeartbeat: "green",
    toolsRunning: true,
    addresses: [],
    uptimeSeconds: 3600,
    numCpu: 1,
    memoryMb: 1024,
    cpuReservationMhz: 0,
    memoryReservationMb: 0,
    memoryOverheadMb: 50,
    datastoreIds: ["datastore-1"],
    networkIds: ["network-1"],
    hostDevices: [],
    ...change,
  };
}

/** An override of one VM, the cluster's defaults elsewhere. */
export function override(of: string, change: Partial<VmOverride>): VmOverride {
  return {
    vm: of,
    restartPriority: undefined,
    isolationResponse: undefined,
    monitoring: undefined,
    componentProtection: undefined,
    drs: undefined,
    ...change,
  };
}

/** Host by number, to break it. */
export function hostOf({ inventory }: Scene, n: number): HostState {
  return find(inventory.hosts, `esx-${n.toString()}`);
}

export function vmOf({ inventory }: Scene, name: string): VmState {
  return find(inventory.vms, name);
}

export function find<T extends { name: string }>(things: T[], name: string): T {
  const found = things.find((thing) => thing.name === name);
  if (found === undefined) throw new Error(`no ${name} in the scene`);
  return found;
}

export function look({ inventory, config, silent }: Scene): Promise<CheckResult[]> {
  return runChecks({ inventory, config, probe: ({ address }) => Promise.resolve(!silent.has(address)) });
}

export function resultOf(results: CheckResult[], id: string): CheckResult {
  const found = results.find((result) => result.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}
