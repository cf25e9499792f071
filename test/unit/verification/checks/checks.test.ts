import assert from "node:assert/strict";
import { checks, verdictOf } from "../../../../verification/checks";
import type { Finding, Verdict } from "../../../../verification/model";
import { find, hostOf, look, override, resultOf, scene, vm, vmOf, type Scene } from "./fixture";

interface Case {
  check: string;
  when: string;
  breaks: (scene: Scene) => void;
  verdict?: Verdict;
  findings: Finding[];
  /** Checks that lose their object by the same change. */
  withoutObject?: string[];
  /** Checks that the same change must fail, too. */
  alsoFails?: string[];
}

function finding(subject: string, read: string, expected: string): Finding {
  return { subject, read, expected };
}

const cases: Case[] = [
  {
    check: "ha-settings-as-declared",
    when: "two HA settings drifted",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.haVmRestartPriority = "low";
      cluster.settings.haAdvancedOptions = { "das.isolationaddress0": "10.0.0.2" };
    },
    findings: [
      finding("haVmRestartPriority", "low", "medium"),
      finding("haAdvancedOptions", '{"das.isolationaddress0":"10.0.0.2"}', '{"das.isolationaddress0":"10.0.0.1"}'),
    ],
  },
  {
    check: "ha-settings-as-declared",
    when: "another heartbeat datastore is set",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.haHeartbeatDatastoreIds = ["datastore-1"];
    },
    findings: [finding("haHeartbeatDatastoreIds", '["datastore-1"]', '["datastore-2","datastore-1"]')],
  },
  {
    check: "ha-settings-as-declared",
    when: "vCenter does not tell a declared setting",
    breaks: ({ inventory: { cluster } }) => {
      delete cluster.settings.haVmRestartTimeout;
    },
    verdict: "inconclusive",
    findings: [finding("haVmRestartTimeout", "vCenter does not tell", "600")],
  },
  {
    check: "drs-settings-as-declared",
    when: "a DRS and a DPM setting drifted",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.drsAutomationLevel = "manual";
      cluster.settings.dpmEnabled = true;
    },
    findings: [finding("drsAutomationLevel", "manual", "fullyAutomated"), finding("dpmEnabled", "true", "false")],
  },
  {
    check: "ha-enabled",
    when: "HA is off",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.haEnabled = false;
    },
    findings: [finding("haEnabled", "false", "true")],
    withoutObject: [
      "ha-host-monitoring",
      "ha-admission-control-enabled",
      "fdm-single-master",
      "fdm-secondaries-connected",
      "heartbeat-datastores",
      "isolation-address",
      "apd-handled",
      "apd-timeout-alike",
      "vms-ha-protected",
      "vms-restart-not-disabled",
    ],
  },
  {
    check: "ha-enabled",
    when: "vCenter does not tell whether HA is on",
    breaks: ({ inventory: { cluster } }) => {
      delete cluster.settings.haEnabled;
    },
    verdict: "inconclusive",
    findings: [finding("haEnabled", "vCenter does not tell", "true")],
  },
  {
    check: "ha-host-monitoring",
    when: "host monitoring is off",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.haHostMonitoring = "disabled";
    },
    findings: [finding("haHostMonitoring", "disabled", "enabled")],
  },
  {
    check: "ha-admission-control-enabled",
    when: "admission control is off",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.haAdmissionControlPolicy = "disabled";
    },
    findings: [finding("haAdmissionControlPolicy", "disabled", "resourcePercentage, slotPolicy or failoverHosts")],
  },
  {
    check: "ha-admission-control-satisfied",
    when: "memory reservations exceed what the remaining hosts have",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").memoryReservationMb = 30_000;
      vmOf(broken, "xp-1").memoryReservationMb = 30_000;
      broken.inventory.vms.push(vm("big", { memoryReservationMb: 6_000 }));
    },
    findings: [finding("memory", "66150 MB reserved", "at most 65536 MB")],
  },
  {
    check: "ha-admission-control-satisfied",
    when: "CPU reservations exceed what the remaining hosts have",
    breaks: (broken) => {
      hostOf(broken, 2).cpuMhz = 60_000;
      vmOf(broken, "ubuntu-1").cpuReservationMhz = 39_969;
    },
    findings: [finding("CPU", "40001 MHz reserved", "at most 40000 MHz")],
  },
  {
    check: "ha-admission-control-satisfied",
    when: "a VM fits on no single remaining host",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").memoryReservationMb = 40_000;
    },
    findings: [finding("ubuntu-1", "needs 32 MHz and 40050 MB on one host", "room on one remaining host")],
  },
  {
    check: "ha-admission-control-satisfied",
    when: "as many host failures are declared as there are hosts",
    breaks: ({ config: { cluster }, inventory }) => {
      cluster.declared.haAdmissionControlHostFailureTolerance = 3;
      inventory.cluster.settings.haAdmissionControlHostFailureTolerance = 3;
    },
    findings: [finding("usable hosts", "3", "more than 3")],
    alsoFails: ["rules-leave-room-for-failover"],
  },
  {
    check: "ha-admission-control-satisfied",
    when: "the size of a host is not told",
    breaks: (broken) => {
      hostOf(broken, 3).memoryMb = 0;
    },
    verdict: "inconclusive",
    findings: [finding("esx-3", "vCenter does not tell its size", "CPU and memory")],
  },
  {
    check: "fdm-single-master",
    when: "there are two masters",
    breaks: (broken) => {
      hostOf(broken, 3).fdmState = "master";
    },
    findings: [finding("FDM master", "esx-2, esx-3", "one host")],
  },
  {
    check: "fdm-secondaries-connected",
    when: "an agent is partitioned",
    breaks: (broken) => {
      hostOf(broken, 1).fdmState = "networkPartitionedFromMaster";
    },
    findings: [finding("esx-1", "networkPartitionedFromMaster", "connectedToMaster")],
  },
  {
    check: "fdm-secondaries-connected",
    when: "the state of an agent is not told",
    breaks: (broken) => {
      hostOf(broken, 1).fdmState = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("esx-1", "vCenter does not tell", "connectedToMaster")],
  },
  {
    check: "hosts-present",
    when: "a declared host is not in the cluster",
    breaks: ({ config }) => {
      config.hosts.push({ name: "esx-4", bmc: undefined, ssh: undefined });
    },
    findings: [finding("esx-4", "not in the cluster", "member of the cluster")],
  },
  {
    check: "hosts-connected",
    when: "a host does not respond",
    breaks: (broken) => {
      hostOf(broken, 1).connectionState = "notResponding";
      hostOf(broken, 3).powerState = "poweredOff";
      hostOf(broken, 3).connectionState = "disconnected";
      broken.inventory.hosts.push({ ...hostOf(broken, 1), id: "host-4", name: "esx-5", connectionState: "connected" });
      for (const { hostIds } of broken.inventory.datastores) hostIds.push("host-4");
      for (const { hostIds } of broken.inventory.networks) hostIds.push("host-4");
    },
    findings: [
      finding("esx-1", "notResponding, poweredOn", "connected, poweredOn"),
      finding("esx-3", "disconnected, poweredOff", "connected, poweredOn"),
    ],
  },
  {
    check: "hosts-not-in-maintenance",
    when: "a host is in maintenance mode",
    breaks: (broken) => {
      hostOf(broken, 3).inMaintenanceMode = true;
      hostOf(broken, 3).fdmState = undefined;
    },
    findings: [finding("esx-3", "in maintenance mode", "in service")],
  },
  {
    check: "heartbeat-datastores",
    when: "one host has one feasible datastore",
    breaks: ({ inventory }) => {
      find(inventory.datastores, "ha-b").hostIds = ["host-1", "host-3"];
    },
    findings: [finding("esx-2", "1: ha-a", "2")],
  },
  {
    check: "heartbeat-datastores",
    when: "the policy allows only selected datastores and one is selected",
    breaks: ({ inventory: { cluster }, config }) => {
      cluster.settings.haHeartbeatDatastorePolicy = "userSelectedDs";
      cluster.settings.haHeartbeatDatastoreIds = ["datastore-2"];
      config.cluster.declared.haHeartbeatDatastoreIds = ["datastore-2"];
    },
    findings: ["esx-1", "esx-2", "esx-3"].map((name) => finding(name, "1: ha-b", "2")),
  },
  {
    check: "heartbeat-datastores",
    when: "the advanced option asks for three",
    breaks: ({ inventory: { cluster }, config }) => {
      cluster.settings.haAdvancedOptions = { "das.heartbeatdsperhost": "3" };
      config.cluster.declared.haAdvancedOptions = { "das.heartbeatdsperhost": "3" };
    },
    findings: ["esx-1", "esx-2", "esx-3"].map((name) => finding(name, "2: ha-a, ha-b", "3")),
  },
  {
    check: "no-config-issues",
    when: "a host has an issue",
    breaks: (broken) => {
      hostOf(broken, 2).configIssues.push("no management network redundancy");
      broken.inventory.cluster.configIssues.push("insufficient failover resources");
    },
    findings: [
      finding("compute-1", "insufficient failover resources", "no issue"),
      finding("esx-2", "no management network redundancy", "no issue"),
    ],
  },
  {
    check: "vms-present",
    when: "a declared VM is missing",
    breaks: ({ config }) => {
      config.vms.push({
        name: "gone",
        guestOs: "ubuntu",
        address: undefined,
        probe: { port: 22 },
        bootSeconds: 120,
        openstack: undefined,
      });
    },
    findings: [finding("gone", "0 VMs of that name", "one VM of that name, connected")],
  },
  {
    check: "vms-present",
    when: "a declared VM is inaccessible",
    breaks: (broken) => {
      vmOf(broken, "xp-1").connectionState = "inaccessible";
    },
    findings: [finding("xp-1", "inaccessible", "one VM of that name, connected")],
  },
  {
    check: "vms-powered-on",
    when: "a declared VM is off",
    breaks: (broken) => {
      Object.assign(vmOf(broken, "xp-1"), { powerState: "poweredOff", haProtected: false, toolsRunning: false });
    },
    findings: [finding("xp-1", "poweredOff", "poweredOn")],
  },
  {
    check: "vms-ha-protected",
    when: "a running VM is not protected",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").haProtected = false;
    },
    findings: [finding("ubuntu-1", "not protected", "protected")],
  },
  {
    check: "vms-ha-protected",
    when: "the protection of a VM is not told",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").haProtected = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("ubuntu-1", "vCenter does not tell", "protected")],
  },
  {
    check: "isolation-address",
    when: "the gateway is not used and no address is stated",
    breaks: ({ config, inventory: { cluster } }) => {
      const options = { "das.useDefaultIsolationAddress": "false", "das.isolationaddress1": " " };
      cluster.settings.haAdvancedOptions = options;
      config.cluster.declared.haAdvancedOptions = options;
    },
    findings: [
      finding("haAdvancedOptions", "the default gateway is not used, and no address is stated", "an address to ask"),
    ],
  },
  {
    check: "management-network-redundant",
    when: "a host's management traffic has one cable",
    breaks: (broken) => {
      hostOf(broken, 1).management = [
        { adapter: "vmk0", uplinks: ["vmnic0"] },
        { adapter: "vmk2", uplinks: ["vmnic0"] },
      ];
      hostOf(broken, 2).management = [];
      hostOf(broken, 3).management = [
        { adapter: "vmk0", uplinks: ["vmnic0"] },
        { adapter: "vmk1", uplinks: ["vmnic1"] },
      ];
    },
    findings: [
      finding("esx-1", "vmk0, vmk2 over vmnic0", "two physical adapters or more"),
      finding("esx-2", "no management adapter over no physical adapter", "two physical adapters or more"),
    ],
  },
  {
    check: "management-network-redundant",
    when: "vCenter does not tell a host's network",
    breaks: (broken) => {
      hostOf(broken, 1).management = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("esx-1", "vCenter does not tell", "two physical adapters or more")],
  },
  {
    check: "host-clocks-kept",
    when: "one host has no time server and another one's service is stopped",
    breaks: (broken) => {
      hostOf(broken, 1).clock = { servers: [], running: true };
      hostOf(broken, 2).clock = { servers: ["ntp.example.com"], running: false };
    },
    findings: [
      finding("esx-1", "no time server, service running", "time servers, service running"),
      finding("esx-2", "ntp.example.com, service stopped", "time servers, service running"),
    ],
  },
  {
    check: "host-clocks-kept",
    when: "vCenter does not tell how a clock is kept",
    breaks: (broken) => {
      hostOf(broken, 3).clock = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("esx-3", "vCenter does not tell", "time servers, service running")],
  },
  {
    check: "host-versions-alike",
    when: "one host is behind",
    breaks: (broken) => {
      hostOf(broken, 1).version = "7.0.3 build-9";
    },
    findings: [finding("esx-1", "7.0.3 build-9", "8.0.3 build-1")],
  },
  {
    check: "host-versions-alike",
    when: "vCenter does not tell a version",
    breaks: (broken) => {
      hostOf(broken, 1).version = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("esx-1", "vCenter does not tell", "a version")],
  },
  {
    check: "apd-handled",
    when: "one host retries lost paths without end, which HA would respond to",
    breaks: (broken) => {
      hostOf(broken, 2).apd = { handled: false, timeoutSeconds: 60 };
    },
    findings: [finding("esx-2", "Misc.APDHandlingEnable 0", "1")],
  },
  {
    check: "apd-timeout-alike",
    when: "one host gives up sooner than the others",
    breaks: (broken) => {
      hostOf(broken, 3).apd = { handled: true, timeoutSeconds: 60 };
    },
    findings: [finding("esx-3", "60 s", "140 s")],
  },
  {
    check: "rules-agree",
    when: "two VMs are to run together and apart",
    breaks: ({ inventory: { cluster } }) => {
      cluster.rules.push({ name: "pair", enabled: true, kind: "together", vms: ["vm-2", "vm-1", "vm-4"] });
    },
    findings: [finding("xp-1, ubuntu-1", "together by pair, apart by spread", "rules that can hold at once")],
  },
  {
    check: "rules-agree",
    when: "VMs are to run together on hosts that they do not share",
    breaks: ({ inventory: { cluster } }) => {
      const own = { enabled: true, kind: "vm-host", mandatory: true } as const;
      cluster.rules = [
        { ...own, name: "right", vms: ["vm-2"], hosts: ["host-1", "host-2"], avoid: true },
        { ...own, name: "left", vms: ["vm-1"], hosts: ["host-1", "host-2"], avoid: false },
        { name: "spread", enabled: true, kind: "apart", vms: ["vm-1", "vm-4"] },
        { name: "pair", enabled: true, kind: "together", vms: ["vm-1", "vm-2"] },
        { name: "order", enabled: true, kind: "dependency", vms: ["vm-2"], dependsOn: ["vm-1"] },
      ];
    },
    findings: [
      finding("ubuntu-1, xp-1", "together by pair, on no common host by left, right", "rules that can hold at once"),
    ],
    alsoFails: ["vms-not-bound-to-one-host"],
  },
  {
    check: "rules-agree",
    when: "VMs wait for each other",
    breaks: ({ inventory: { cluster } }) => {
      cluster.overrides = [override("vm-4", {})];
      cluster.rules.push({ name: "back", enabled: true, kind: "dependency", vms: ["vm-1"], dependsOn: ["vm-4"] });
      cluster.rules.push({ name: "round", enabled: true, kind: "dependency", vms: ["vm-4"], dependsOn: ["vm-2"] });
    },
    findings: [
      finding(
        "xp-1, ubuntu-1, somebody-else",
        "each depends on itself, by way of the others",
        "rules that can hold at once",
      ),
    ],
  },
  {
    check: "rules-leave-room-for-failover",
    when: "as many VMs are kept apart as there are hosts",
    breaks: ({ inventory }) => {
      inventory.vms.push(vm("third", { id: "vm-7" }));
      inventory.cluster.rules[0] = { name: "spread", enabled: true, kind: "apart", vms: ["vm-1", "vm-2", "vm-7"] };
    },
    findings: [finding("spread", "3 running VMs apart", "at most 2")],
  },
  {
    check: "restart-order-matches-dependencies",
    when: "a VM goes before what it depends on",
    breaks: ({ inventory: { cluster } }) => {
      cluster.overrides = [override("vm-2", { restartPriority: "highest" })];
    },
    findings: [finding("xp-1", "highest, depends on ubuntu-1 of medium", "not above what it depends on")],
  },
  {
    check: "overrides-in-effect",
    when: "overrides do nothing",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.haVmComponentProtection = "disabled";
      cluster.settings.drsEnableVmOverrides = false;
      cluster.overrides = [
        override("vm-1", { monitoring: { mode: "vmMonitoringOnly", followsCluster: true } }),
        override("vm-2", { componentProtection: { apd: "restartAggressive", pdl: undefined } }),
        override("vm-9", { drs: "manual" }),
      ];
    },
    findings: [
      finding(
        "ubuntu-1",
        "VM monitoring vmMonitoringOnly, and the VM follows the cluster's settings",
        "haVmMonitoringUseClusterDefaults false",
      ),
      finding("xp-1", "component protection, and the cluster has it disabled", "haVmComponentProtection enabled"),
      finding("vm-9", "DRS manual, and the cluster ignores overrides", "drsEnableVmOverrides true"),
    ],
    withoutObject: ["apd-handled", "apd-timeout-alike"],
  },
  {
    check: "overrides-in-effect",
    when: "DRS is off",
    breaks: ({ inventory: { cluster } }) => {
      cluster.settings.drsEnabled = false;
    },
    findings: [finding("ubuntu-1", "DRS partiallyAutomated, and DRS is off", "drsEnabled true")],
  },
  {
    check: "vcenter-certificate",
    when: "it expires in 13 days",
    breaks: ({ inventory }) => {
      inventory.certificateValidTo = new Date("2026-01-14T23:00:00Z");
    },
    findings: [finding("vc.example.com", "expires on 2026-01-14", "valid for 14 days")],
  },
  {
    check: "vcenter-certificate",
    when: "it has expired",
    breaks: ({ inventory }) => {
      inventory.certificateValidTo = new Date("2025-12-31T23:59:59Z");
    },
    findings: [finding("vc.example.com", "expired on 2025-12-31", "valid for 14 days")],
  },
  {
    check: "vcenter-certificate",
    when: "none was shown",
    breaks: ({ inventory }) => {
      inventory.certificateValidTo = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("vc.example.com", "no certificate was shown", "valid for 14 days")],
  },
  {
    check: "vms-without-host-devices",
    when: "a VM has a CD of its host",
    breaks: (broken) => {
      vmOf(broken, "xp-1").hostDevices = ["CD/DVD drive 1", "PCI device 0"];
    },
    findings: [finding("xp-1", "CD/DVD drive 1, PCI device 0", "no device of the host")],
  },
  {
    check: "vms-without-host-devices",
    when: "a VM's devices are not told",
    breaks: (broken) => {
      vmOf(broken, "xp-1").hostDevices = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("xp-1", "vCenter does not tell", "no device of the host")],
  },
  {
    check: "vms-not-bound-to-one-host",
    when: "a mandatory rule leaves one host",
    breaks: ({ inventory: { cluster } }) => {
      cluster.rules[1] = {
        name: "left",
        enabled: true,
        kind: "vm-host",
        vms: ["vm-1"],
        hosts: ["host-1"],
        avoid: false,
        mandatory: true,
      };
    },
    findings: [finding("ubuntu-1", "esx-1 by left", "two hosts or more")],
  },
  {
    check: "vms-not-bound-to-one-host",
    when: "two rules together leave one host",
    breaks: (broken) => {
      const { rules } = broken.inventory.cluster;
      const own = { enabled: true, kind: "vm-host", mandatory: true, vms: ["vm-2"] } as const;
      rules.push({ ...own, vms: ["vm-2"], name: "some", hosts: ["host-1", "host-2"], avoid: false });
      rules.push({ ...own, vms: ["vm-2"], name: "not", hosts: ["host-2"], avoid: true });
    },
    findings: [finding("xp-1", "esx-1 by some, not", "two hosts or more")],
  },
  {
    check: "vms-restart-not-disabled",
    when: "an override disables the restart",
    breaks: (broken) => {
      broken.inventory.cluster.overrides = [override("vm-2", { restartPriority: "disabled" }), override("vm-1", {})];
      vmOf(broken, "xp-1").haProtected = false;
    },
    findings: [finding("xp-1", "disabled", "lowest to highest")],
  },
  {
    check: "vms-on-shared-storage",
    when: "a VM has a disk on a local datastore",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").datastoreIds = ["datastore-1", "datastore-9"];
    },
    findings: [finding("ubuntu-1", "datastore local is missing on esx-2, esx-3", "on 3 hosts")],
  },
  {
    check: "vms-on-shared-storage",
    when: "the datastores of a VM are not told",
    breaks: (broken) => {
      vmOf(broken, "xp-1").datastoreIds = [];
    },
    verdict: "inconclusive",
    findings: [finding("xp-1", "vCenter tells no datastore", "on 3 hosts")],
  },
  {
    check: "vms-on-shared-networks",
    when: "a VM is on a network of one host",
    breaks: (broken) => {
      vmOf(broken, "xp-1").networkIds = ["network-9"];
    },
    findings: [finding("xp-1", "network lonely is missing on esx-2, esx-3", "on 3 hosts")],
  },
  {
    check: "vms-reachable",
    when: "a service does not answer",
    breaks: ({ silent }) => {
      silent.add("10.0.2.2");
    },
    findings: [finding("xp-1", "no answer from 10.0.2.2 port 3389", "port 3389 accepts a connection")],
  },
  {
    check: "vms-reachable",
    when: "no address is known",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").addresses = [];
    },
    verdict: "inconclusive",
    findings: [
      finding("ubuntu-1", "no address: none declared, and VMware Tools report none", "port 22 accepts a connection"),
    ],
  },
  {
    check: "vms-tools-running",
    when: "VMware Tools do not run",
    breaks: (broken) => {
      vmOf(broken, "xp-1").toolsRunning = false;
      vmOf(broken, "xp-1").guestHeartbeat = "gray";
    },
    findings: [finding("xp-1", "not running", "running")],
  },
  {
    check: "vms-guest-heartbeat",
    when: "a guest has stopped its heartbeats",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").guestHeartbeat = "red";
    },
    findings: [finding("ubuntu-1", "red", "green")],
  },
  {
    check: "vms-guest-heartbeat",
    when: "the heartbeat is not told",
    breaks: (broken) => {
      vmOf(broken, "ubuntu-1").guestHeartbeat = undefined;
    },
    verdict: "inconclusive",
    findings: [finding("ubuntu-1", "vCenter does not tell", "green")],
  },
];

describe("checks", () => {
  it("pass on a good cluster, each of them", async () => {
    const results = await look(scene());
    assert.deepEqual(
      results.map(({ id, verdict, findings }) => ({ id, verdict, findings })),
      checks.map(({ id }) => ({ id, verdict: "passed", findings: [] })),
    );
    assert.equal(verdictOf(results), "passed");
  });

  it("have unique ids, and say why, where from and what to do", () => {
    assert.equal(new Set(checks.map(({ id }) => id)).size, checks.length);
    for (const { id, title, expected, why, source, remedy } of checks) {
      assert.match(id, /^[a-z]+(-[a-z]+)+$/);
      for (const words of [title, expected, why, source, remedy]) assert.ok(words.length > 3, id);
    }
  });

  it("are all broken by a test", () => {
    const broken = new Set(cases.filter(({ verdict }) => verdict === undefined).map(({ check }) => check));
    assert.deepEqual(
      [...checks.map(({ id }) => id)].filter((id) => !broken.has(id)),
      [],
    );
  });

  for (const { check, when, breaks, verdict = "failed", findings, withoutObject = [], alsoFails = [] } of cases) {
    it(`${check} ${verdict === "failed" ? "fails" : "is inconclusive"} alone when ${when}`, async () => {
      const broken = scene();
      breaks(broken);
      const results = await look(broken);
      assert.deepEqual(resultOf(results, check).findings, findings);
      const told = Object.fromEntries(results.map((result) => [result.id, result.verdict]));
      const expected = Object.fromEntries(checks.map(({ id }) => [id, "passed"]));
      for (const id of withoutObject) expected[id] = "not-applicable";
      for (const id of alsoFails) expected[id] = "failed";
      assert.deepEqual(told, { ...expected, [check]: verdict });
      const { severity } = resultOf(results, check);
      assert.equal(verdictOf(results), severity === "warning" ? "passed" : verdict);
    });
  }
});

describe("checks without an object", () => {
  it("say so instead of passing", async () => {
    const empty = scene();
    empty.config.vms = [];
    empty.config.hosts = [];
    empty.config.cluster.declared = {};
    const results = await look(empty);
    const told = results.filter(({ verdict }) => verdict === "not-applicable").map(({ id, read }) => [id, read]);
    assert.deepEqual(told, [
      ["ha-settings-as-declared", "no HA setting is declared"],
      ["drs-settings-as-declared", "no DRS setting is declared"],
      ["hosts-present", "no host is declared"],
      ["vms-present", "no VM is declared"],
      ["vms-powered-on", "no declared VM is in the cluster"],
      ["vms-ha-protected", "no declared VM runs that HA is to restart"],
      ["vms-restart-not-disabled", "no declared VM is in the cluster"],
      ["vms-on-shared-storage", "no declared VM is in the cluster"],
      ["vms-on-shared-networks", "no declared VM is in the cluster"],
      ["vms-without-host-devices", "no declared VM is in the cluster"],
      ["vms-not-bound-to-one-host", "no declared VM is in the cluster"],
      ["vms-reachable", "no declared VM runs"],
      ["vms-tools-running", "no declared VM runs"],
      ["vms-guest-heartbeat", "VMware Tools run in no declared VM"],
    ]);
  });

  it("make no verdict by themselves: nothing checked is inconclusive", () => {
    assert.equal(verdictOf([]), "inconclusive");
  });

  it("do not pass on a cluster without hosts", async () => {
    const empty = scene();
    empty.inventory.hosts = [];
    const results = await look(empty);
    assert.equal(resultOf(results, "hosts-connected").verdict, "not-applicable");
    assert.equal(resultOf(results, "fdm-single-master").verdict, "inconclusive");
    assert.equal(resultOf(results, "heartbeat-datastores").verdict, "not-applicable");
    assert.deepEqual(resultOf(results, "ha-admission-control-satisfied").findings, [
      finding("usable hosts", "0", "more than 1"),
    ]);
    assert.equal(verdictOf(results), "failed");
  });
});

describe("a missing FDM master", () => {
  it("fails when every agent tells its state", async () => {
    const broken = scene();
    for (const host of broken.inventory.hosts) host.fdmState = "election";
    const result = resultOf(await look(broken), "fdm-single-master");
    assert.equal(result.verdict, "failed");
    assert.deepEqual(result.findings, [finding("FDM master", "none", "one host")]);
  });

  it("is inconclusive when an agent does not tell", async () => {
    const broken = scene();
    hostOf(broken, 2).fdmState = undefined;
    assert.equal(resultOf(await look(broken), "fdm-single-master").verdict, "inconclusive");
  });
});

describe("settings that have no effect under the declared policy", () => {
  it("are not compared", async () => {
    const broken = scene();
    broken.config.cluster.declared = {
      haAdmissionControlPolicy: "resourcePercentage",
      haAdmissionControlResourcePercentageAutoCompute: true,
      haAdmissionControlResourcePercentageCpu: 100,
      haAdmissionControlSlotPolicyExplicitCpu: 32,
      haAdmissionControlFailoverHostSystemIds: [],
    };
    const result = resultOf(await look(broken), "ha-settings-as-declared");
    assert.equal(result.verdict, "passed");
    assert.equal(result.read, "2 settings compared");
  });

  it("are compared when the policy gives them effect", async () => {
    const broken = scene();
    broken.inventory.cluster.settings.haAdmissionControlResourcePercentageAutoCompute = false;
    broken.inventory.cluster.settings.haAdmissionControlResourcePercentageCpu = 40;
    broken.config.cluster.declared = {
      haAdmissionControlResourcePercentageAutoCompute: false,
      haAdmissionControlResourcePercentageCpu: 50,
    };
    const result = resultOf(await look(broken), "ha-settings-as-declared");
    assert.deepEqual(result.findings, [finding("haAdmissionControlResourcePercentageCpu", "40", "50")]);
    assert.equal(result.read, "2 settings compared, 1 drifted");
  });
});

describe("what the checks read", () => {
  it("is the room after the loss of the largest host", async () => {
    const uneven = scene();
    hostOf(uneven, 2).memoryMb = 65_536;
    hostOf(uneven, 3).cpuMhz = 30_000;
    assert.equal(
      resultOf(await look(uneven), "ha-admission-control-satisfied").read,
      "after losing 1 of 3 hosts: CPU 64 of 40000 MHz, memory 100 of 65536 MB, reserved by 2 VMs",
    );
  });

  it("is the declared address where there is one", async () => {
    const declared = scene();
    find(declared.config.vms, "ubuntu-1").address = "192.0.2.7";
    declared.silent.add("192.0.2.7");
    assert.deepEqual(resultOf(await look(declared), "vms-reachable").findings, [
      finding("ubuntu-1", "no answer from 192.0.2.7 port 22", "port 22 accepts a connection"),
    ]);
  });

  it("is a VM that the cluster's default leaves down", async () => {
    const broken = scene();
    broken.inventory.cluster.settings.haVmRestartPriority = "disabled";
    broken.config.cluster.declared = {};
    broken.inventory.cluster.overrides = [override("vm-1", { restartPriority: "high" })];
    assert.deepEqual(resultOf(await look(broken), "vms-restart-not-disabled").findings, [
      finding("xp-1", "disabled", "lowest to highest"),
    ]);
  });

  it("is each VM of a name that occurs twice", async () => {
    const broken = scene();
    broken.inventory.vms.push(vm("ubuntu-1", { id: "vm-7", addresses: ["10.0.2.9"] }));
    assert.deepEqual(resultOf(await look(broken), "vms-present").findings, [
      finding("ubuntu-1", "2 VMs of that name", "one VM of that name, connected"),
    ]);
  });
});
