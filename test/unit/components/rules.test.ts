import assert from "node:assert/strict";
import type { EsxiClusterArgs, ShellArgs, VmArgs, VmPlacementArgs } from "../../../components";
import { clusterRules } from "../../../components/clusterRules";
import { placementRules } from "../../../components/placementRules";
import { shellRules } from "../../../components/shellRules";
import { GuestOs } from "../../../components/values";
import { vmRules } from "../../../components/vmRules";
import { type Case, suite, target } from "./ruleSuite";

const cluster: EsxiClusterArgs = {
  datacenter: { name: "Lab" },
  hosts: ["esx-01", "esx-02", "esx-03"].map((name) => ({ name, password: "p" })),
  datastores: ["ha-a", "ha-b"].map((name) => ({ name, nfs: { server: "nfs", path: `/${name}` } })),
};

const vm: VmArgs = { target, template: "t", datastore: "ha-a", network: "vm-ha" };
const placement: VmPlacementArgs = { target, vms: { a: "1", b: "2", c: "3" } };

const [h1, h2, h3] = cluster.hosts;
const [d1, d2] = cluster.datastores;
assert.ok(h1 && h2 && h3 && d1 && d2);

const clusterCases: Case[] = [
  [{ clusterName: " " }, "clusterName"],
  [{ datacenter: { name: "" } }, "datacenter.name"],
  [{ hosts: [h1, h2, { name: "", password: "p" }] }, "hosts[2].name"],
  [{ hosts: [h1, h2, { ...h3, username: "" }] }, "hosts[2].username"],
  [{ hosts: [h1, h2, { ...h3, password: "" }] }, "hosts[2].password"],
  [{ hosts: [h1, h2, { name: "esx-03" }] }, "hosts[2].password"],
  [{ hosts: [h1, h2, { ...h3, thumbprint: "12:34" }] }, "hosts[2].thumbprint"],
  [{ hosts: [h1, h2, { ...h3, lockdown: "locked" }] }, "hosts[2].lockdown"],
  [{ hosts: [h1, h2, { ...h3, existing: true, maintenance: true }] }, "hosts[2].password", "hosts[2].maintenance"],
  [{ hosts: [h1] }, "hosts"],
  [{ hosts: [h1, h2, { ...h3, name: "ESX-01" }] }, "hosts[2].name"],
  [{ datastores: [d1, { ...d2, name: "ha-a" }] }, "datastores[1].name", "datastores"],
  [{ datastores: [d1, { name: "", existing: true }] }, "datastores[1].name"],
  [{ datastores: [d1, { name: "ha-b" }] }, "datastores[1]"],
  [{ datastores: [d1, { ...d2, existing: true }] }, "datastores[1]"],
  [{ datastores: [d1, { name: "x", nfs: { server: "", path: "/" } }] }, "datastores[1].nfs.server"],
  [{ datastores: [d1, { name: "x", nfs: { server: "s", path: "" } }] }, "datastores[1].nfs.path"],
  [{ datastores: [d1, { name: "x", nfs: { server: "s", path: "/", version: "4" } }] }, "datastores[1].nfs.version"],
  [{ datastores: [d1, { name: "x", vmfs: { disk: "" } }] }, "datastores[1].vmfs.disk"],
  [{ datastores: [d1] }, "datastores"],
  [{ portGroups: [{ name: "" }] }, "portGroups[0].name"],
  [{ portGroups: [{ name: "p" }, { name: "p" }] }, "portGroups[1].name"],
  [{ portGroups: [{ name: "p", virtualSwitch: "" }] }, "portGroups[0].virtualSwitch"],
  [{ portGroups: [{ name: "p", vlanId: 4096 }] }, "portGroups[0].vlanId"],
  [{ existing: true }, "datacenter.existing"],
  [
    { existing: true, datacenter: { name: "Lab", existing: true }, forceEvacuateOnDestroy: true },
    "forceEvacuateOnDestroy",
  ],
  [{ ha: { heartbeatDatastores: [], heartbeatDatastorePolicy: "userSelectedDs" } }, "ha.heartbeatDatastores"],
  [{ datastores: [d1], ha: { heartbeatDatastores: [] } }, "datastores"],
  [{ hostClusterExitTimeout: 604801 }, "hostClusterExitTimeout"],
  [{ ha: { hostMonitoring: "on" } }, "ha.hostMonitoring"],
  [{ ha: { vmComponentProtection: "on" } }, "ha.vmComponentProtection"],
  [{ ha: { vmRestartPriority: "disabled" } }, "ha.vmRestartPriority"],
  [{ ha: { vmDependencyRestartCondition: "ready" } }, "ha.vmDependencyRestartCondition"],
  [{ ha: { vmRestartAdditionalDelay: -1 } }, "ha.vmRestartAdditionalDelay"],
  [{ ha: { vmRestartTimeout: 1.5 } }, "ha.vmRestartTimeout"],
  [{ ha: { hostIsolationResponse: "reboot" } }, "ha.hostIsolationResponse"],
  [{ ha: { datastorePdlResponse: "restartConservative" } }, "ha.datastorePdlResponse"],
  [{ ha: { datastoreApdResponse: "restart" } }, "ha.datastoreApdResponse"],
  [{ ha: { datastoreApdRecoveryAction: "restart" } }, "ha.datastoreApdRecoveryAction"],
  [{ ha: { datastoreApdResponseDelay: -1 } }, "ha.datastoreApdResponseDelay"],
  [{ ha: { vmMonitoring: "on" } }, "ha.vmMonitoring"],
  [{ ha: { vmFailureInterval: 0 } }, "ha.vmFailureInterval"],
  [{ ha: { vmMinimumUptime: -1 } }, "ha.vmMinimumUptime"],
  [{ ha: { vmMaximumResets: 0 } }, "ha.vmMaximumResets"],
  [{ ha: { vmMaximumFailureWindow: 0 } }, "ha.vmMaximumFailureWindow"],
  [{ ha: { admissionControlPolicy: "percentage" } }, "ha.admissionControlPolicy"],
  [{ ha: { admissionControlHostFailureTolerance: 0 } }, "ha.admissionControlHostFailureTolerance"],
  [{ ha: { admissionControlHostFailureTolerance: 3 } }, "ha.admissionControlHostFailureTolerance"],
  [{ ha: { admissionControlPerformanceTolerance: 101 } }, "ha.admissionControlPerformanceTolerance"],
  [
    { ha: { admissionControlResourcePercentageAutoCompute: false, admissionControlResourcePercentageCpu: 0 } },
    "ha.admissionControlResourcePercentageCpu",
  ],
  [
    { ha: { admissionControlResourcePercentageAutoCompute: false, admissionControlResourcePercentageMemory: 101 } },
    "ha.admissionControlResourcePercentageMemory",
  ],
  [{ ha: { admissionControlResourcePercentageCpu: 25 } }, "ha.admissionControlResourcePercentageCpu"],
  [
    { ha: { admissionControlPolicy: "slotPolicy", admissionControlResourcePercentageMemory: 25 } },
    "ha.admissionControlResourcePercentageMemory",
  ],
  [
    { ha: { admissionControlPolicy: "slotPolicy", admissionControlSlotPolicyExplicitCpu: 500 } },
    "ha.admissionControlSlotPolicyExplicitCpu",
  ],
  [
    { ha: { admissionControlPolicy: "slotPolicy", admissionControlSlotPolicyExplicitMemory: 512 } },
    "ha.admissionControlSlotPolicyExplicitMemory",
  ],
  [
    {
      ha: {
        admissionControlPolicy: "slotPolicy",
        admissionControlSlotPolicyUseExplicitSize: true,
        admissionControlSlotPolicyExplicitCpu: 0,
        admissionControlSlotPolicyExplicitMemory: 0,
      },
    },
    "ha.admissionControlSlotPolicyExplicitCpu",
    "ha.admissionControlSlotPolicyExplicitMemory",
  ],
  [{ ha: { admissionControlSlotPolicyUseExplicitSize: true } }, "ha.admissionControlSlotPolicyUseExplicitSize"],
  [{ ha: { admissionControlPolicy: "failoverHosts" } }, "ha.admissionControlFailoverHosts"],
  [{ ha: { admissionControlFailoverHosts: ["esx-01"] } }, "ha.admissionControlFailoverHosts"],
  [
    { ha: { admissionControlPolicy: "failoverHosts", admissionControlFailoverHosts: ["esx-09"] } },
    "ha.admissionControlFailoverHosts[0]",
  ],
  [
    { ha: { admissionControlPolicy: "failoverHosts", admissionControlFailoverHosts: ["esx-01", "esx-02", "esx-03"] } },
    "ha.admissionControlFailoverHosts",
  ],
  [{ ha: { heartbeatDatastorePolicy: "all" } }, "ha.heartbeatDatastorePolicy"],
  [{ ha: { heartbeatDatastores: ["ha-a"] } }, "ha.heartbeatDatastores"],
  [{ ha: { heartbeatDatastores: ["ha-a", "ha-z"] } }, "ha.heartbeatDatastores[1]"],
  [{ ha: { advancedOptions: { "das.heartbeatDsPerHost": "3" } } }, "datastores"],
  [{ ha: { advancedOptions: { "das.heartbeatDsPerHost": "1" } } }, "ha.advancedOptions.das.heartbeatDsPerHost"],
  [{ drs: { automationLevel: "full" } }, "drs.automationLevel"],
  [{ drs: { migrationThreshold: 6 } }, "drs.migrationThreshold"],
  [{ dpm: { automationLevel: "auto" } }, "dpm.automationLevel"],
  [{ dpm: { threshold: 0 } }, "dpm.threshold"],
  [{ dpm: { enabled: true }, drs: { enabled: false } }, "dpm.enabled"],
  [{ proactiveHa: { enabled: true }, drs: { enabled: false } }, "proactiveHa.enabled"],
  [{ proactiveHa: { automationLevel: "manual" } }, "proactiveHa.automationLevel"],
  [{ proactiveHa: { severeRemediation: "evacuate" } }, "proactiveHa.severeRemediation"],
  [{ proactiveHa: { moderateRemediation: "MaintenanceMode" } }, "proactiveHa.severeRemediation"],
];

const vmCases: Case[] = [
  [{ vmName: "" }, "vmName"],
  [{ template: "" }, "template"],
  [{ network: "" }, "network"],
  [{ datastore: "local" }, "datastore"],
  [{ ova: { url: "https://images/x.ova" } }, "ova"],
  [{ template: undefined, ova: {} }, "ova"],
  [{ template: undefined, ova: { path: "x.ova", url: "https://images/x.ova" } }, "ova"],
  [{ template: undefined, ova: { path: "" } }, "ova.path"],
  [{ template: undefined, ova: { url: "" } }, "ova.url"],
  [{ cpus: 0 }, "cpus"],
  [{ memoryMb: 1022 }, "memoryMb"],
  [{ diskGb: 0 }, "diskGb"],
  [{ probePort: 65536 }, "probePort"],
  [{ bootSeconds: 0 }, "bootSeconds"],
  [{ scsiType: "ide" }, "scsiType"],
  [{ networkAdapter: "vmxnet2" }, "networkAdapter"],
];

const xpCases: Case[] = [
  [{ scsiType: "pvscsi" }, "scsiType"],
  [{ networkAdapter: "vmxnet3" }, "networkAdapter"],
];

const groups = {
  vmGroups: [
    { name: "g", vms: ["a"] },
    { name: "h", vms: ["b"] },
  ],
  hostGroups: [{ name: "hosts", hosts: ["esx-01"] }],
};

const placementCases: Case[] = [
  [{ affinityRules: [{ name: "", vms: ["a", "b"] }] }, "affinityRules[0].name"],
  [
    { affinityRules: [{ name: "x", vms: ["a", "b"] }], antiAffinityRules: [{ name: "x", vms: ["b", "c"] }] },
    "antiAffinityRules[0].name",
  ],
  [{ ...groups, hostGroups: [{ name: "g", hosts: ["esx-01"] }] }, "hostGroups[0].name"],
  [{ haOverrides: [{ vm: "a" }, { vm: "a" }] }, "haOverrides[1].vm"],
  [{ drsOverrides: [{ vm: "a" }, { vm: "a" }] }, "drsOverrides[1].vm"],
  [{ haOverrides: [{ vm: "z" }] }, "haOverrides[0].vm"],
  [{ drsOverrides: [{ vm: "z" }] }, "drsOverrides[0].vm"],
  [{ antiAffinityRules: [{ name: "x", vms: ["a", "z"] }] }, "antiAffinityRules[0].vms[1]"],
  [{ vmGroups: [{ name: "g", vms: ["z"] }] }, "vmGroups[0].vms[0]"],
  [{ vmGroups: [{ name: "g", vms: [] }] }, "vmGroups[0].vms"],
  [{ hostGroups: [{ name: "g", hosts: ["esx-09"] }] }, "hostGroups[0].hosts[0]"],
  [{ affinityRules: [{ name: "x", vms: ["a"] }] }, "affinityRules[0].vms"],
  [{ affinityRules: [{ name: "x", vms: ["a", "a"] }] }, "affinityRules[0].vms"],
  [{ ...groups, vmHostRules: [{ name: "x", vmGroup: "z", hostGroup: "hosts" }] }, "vmHostRules[0].vmGroup"],
  [{ ...groups, vmHostRules: [{ name: "x", vmGroup: "g", hostGroup: "z" }] }, "vmHostRules[0].hostGroup"],
  [
    {
      ...groups,
      vmHostRules: [
        { name: "x", vmGroup: "g", hostGroup: "hosts" },
        { name: "y", vmGroup: "g", hostGroup: "hosts", keepOff: true },
      ],
    },
    "vmHostRules[1]",
  ],
  [{ ...groups, dependencyRules: [{ name: "x", vmGroup: "z", dependsOnVmGroup: "h" }] }, "dependencyRules[0].vmGroup"],
  [
    { ...groups, dependencyRules: [{ name: "x", vmGroup: "g", dependsOnVmGroup: "z" }] },
    "dependencyRules[0].dependsOnVmGroup",
  ],
  [
    {
      ...groups,
      dependencyRules: [
        { name: "x", vmGroup: "g", dependsOnVmGroup: "h" },
        { name: "y", vmGroup: "h", dependsOnVmGroup: "g" },
      ],
    },
    "dependencyRules[0].dependsOnVmGroup",
    "dependencyRules[1].dependsOnVmGroup",
  ],
  [
    { affinityRules: [{ name: "x", vms: ["a", "b"] }], antiAffinityRules: [{ name: "y", vms: ["b", "a"] }] },
    "antiAffinityRules[0].vms",
  ],
  [{ antiAffinityRules: [{ name: "y", vms: ["a", "b", "c"] }] }, "antiAffinityRules[0].vms"],
  [{ haOverrides: [{ vm: "a", vmRestartPriority: "disabled" }] }, "haOverrides[0].vmRestartPriority"],
  [{ haOverrides: [{ vm: "a", vmRestartTimeout: -2 }] }, "haOverrides[0].vmRestartTimeout"],
  [{ haOverrides: [{ vm: "a", hostIsolationResponse: "x" }] }, "haOverrides[0].hostIsolationResponse"],
  [{ haOverrides: [{ vm: "a", datastorePdlResponse: "x" }] }, "haOverrides[0].datastorePdlResponse"],
  [{ haOverrides: [{ vm: "a", datastoreApdResponse: "x" }] }, "haOverrides[0].datastoreApdResponse"],
  [{ haOverrides: [{ vm: "a", datastoreApdRecoveryAction: "x" }] }, "haOverrides[0].datastoreApdRecoveryAction"],
  [{ haOverrides: [{ vm: "a", datastoreApdResponseDelay: -2 }] }, "haOverrides[0].datastoreApdResponseDelay"],
  [{ haOverrides: [{ vm: "a", monitoring: { vmMonitoring: "x" } }] }, "haOverrides[0].monitoring.vmMonitoring"],
  [{ haOverrides: [{ vm: "a", monitoring: { vmFailureInterval: 0 } }] }, "haOverrides[0].monitoring.vmFailureInterval"],
  [{ haOverrides: [{ vm: "a", monitoring: { vmMinimumUptime: -1 } }] }, "haOverrides[0].monitoring.vmMinimumUptime"],
  [{ haOverrides: [{ vm: "a", monitoring: { vmMaximumResets: 0 } }] }, "haOverrides[0].monitoring.vmMaximumResets"],
  [
    { haOverrides: [{ vm: "a", monitoring: { vmMaximumFailureWindow: -2 } }] },
    "haOverrides[0].monitoring.vmMaximumFailureWindow",
  ],
  [{ drsOverrides: [{ vm: "a", automationLevel: "x" }] }, "drsOverrides[0].automationLevel"],
];

describe("rules", () => {
  suite("of EsxiCluster", cluster, clusterRules, clusterCases);
  suite("of UbuntuVm", vm, vmRules[GuestOs.ubuntu], vmCases);
  suite("of WindowsXpVm", vm, vmRules[GuestOs.windowsxp], [
    ...vmCases.filter(([change]) => !("scsiType" in change || "networkAdapter" in change)),
    ...xpCases,
    [{ scsiType: "ide" }, "scsiType"],
    [{ networkAdapter: "vmxnet2" }, "networkAdapter", "networkAdapter"],
  ]);
  suite("of VmPlacement", placement, placementRules, placementCases);
});

const shell: ShellArgs = { hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJv3" };
suite("rules of ESXi Shells", shell, shellRules, [
  [{ host: "" }, "host"],
  [{ user: " " }, "user"],
  [{ keyFile: "" }, "keyFile"],
  [{ port: 0 }, "port"],
  [{ passwordEnv: "p4ss word" }, "passwordEnv"],
  [{ hostKey: "AB:CD" }, "hostKey"],
  [{ knownHostsFile: "/known_hosts" }, "hostKey"],
]);
